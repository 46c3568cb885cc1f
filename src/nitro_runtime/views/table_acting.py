"""Doing something with the chosen rows of a table: what was posted, the rows, the deed, what to say.

Everything happens in one transaction where the entity's backend has them: either all rows, or none.
Entities are changed one by one, so their hooks and events run as for any other change.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any
from urllib.parse import unquote

from pydantic import ValidationError

from nitro_runtime.errors import (
    ActionRefused,
    BrokenReference,
    Duplicate,
    EntityError,
    InvalidQuery,
    StaleEntity,
    ViewError,
)
from nitro_runtime.schema import humanize
from nitro_runtime.views.bulk_actions import METHOD, BulkAction
from nitro_runtime.views.model import Rows, info_of, key_of, label_of
from nitro_runtime.views.pages import Notice
from nitro_runtime.views.table_bulk import ACTION, EVERY, ROW, STATE, TOTAL
from nitro_runtime.views.table_definition import TableDefinition
from nitro_runtime.views.table_query import TableQuery
from nitro_runtime.views.table_state import query_of, state_from
from nitro_runtime.views.words import say

_PAUSE = 50  # rows that are deleted before others may go on; an embedded database never waits


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What was done with the chosen rows of a table.

    Attributes:
        action: The name of the action.
        count: With how many rows.
        notice: What to tell the visitor.
        address: The query of the list as it was, to go back to: ``?search=x``; empty for none.
    """

    action: str
    count: int
    notice: Notice
    address: str


async def offered(view: Any, request: Any) -> tuple[BulkAction, ...]:  # noqa: ANN401 # a table; a neutral request
    """Returns the actions that a visitor may do."""
    actions = view._table().options.bulk
    return tuple([action for action in actions if await _may(view, action, request)])


async def _may(view: Any, action: BulkAction, request: Any) -> bool:  # noqa: ANN401
    allowed = view.may(action.name, request)
    return bool(await allowed if isawaitable(allowed) else allowed)


async def act(view: Any, request: Any) -> BulkResult:  # noqa: ANN401 # a table; a neutral request
    """Does what was posted with the chosen rows; see `Table.act`."""
    table: TableDefinition = view._table()
    posted = await request.form()
    action = _action(table, posted)
    await view._limit(request)
    if not await _may(view, action, request):
        raise ActionRefused(403, say("bulk_refused"))
    view._state = state = state_from(table, query_of(str(posted.get(STATE) or "")))
    chosen = _Chosen(view._query(), posted)
    count, told = await _Deed(view, request, action, chosen).do()
    query = state.query()
    return BulkResult(
        action.name,
        count,
        told if isinstance(told, Notice) else Notice(told or _said(table, action, count, chosen)),
        f"?{query}" if query else "",
    )


def _action(table: TableDefinition, posted: Mapping[str, Any]) -> BulkAction:
    name = str(posted.get(ACTION) or "")
    actions: tuple[BulkAction, ...] = table.options.bulk
    for action in actions:
        if action.name == name:
            return action
    raise ActionRefused(422, say("bulk_unknown"))


def _said(table: TableDefinition, action: BulkAction, count: int, chosen: _Chosen) -> str:
    what = _what(table, count)
    deleted = action.kind == "delete"
    text = say("bulk_deleted", what=what) if deleted else f"{action.shown}: {what}"
    gone = len(chosen.keys) - count if not chosen.every else 0
    return f"{text} {say('bulk_gone', count=gone)}" if gone > 0 else text


def _what(table: TableDefinition, count: int) -> str:
    """Returns so many rows in words: ``3 products``."""
    info = table.info
    word = "count_one" if count == 1 else "count_many"
    return say(word, count=count, entity=info.label.lower(), plural=info.plural.lower())


# -- the rows -------------------------------------------------------------------------------------


_MOST_LOOKED_AT = 10_000
"""Rows that are read to find those that were chosen, where keys have several parts."""


class _Chosen:
    """The rows that were chosen: by their keys, or all that match what the visitor looks at."""

    def __init__(self, query: TableQuery, posted: Any) -> None:  # noqa: ANN401 # a form
        self.query = query
        self.every = bool(posted.get(EVERY))
        self.keys = frozenset[str]() if self.every else frozenset(map(str, posted.getlist(ROW)))
        self._seen = str(posted.get(TOTAL) or "")
        if not (self.every or self.keys):
            raise ActionRefused(422, say("bulk_nothing"))
        self._check_limit(len(self.keys))

    def _check_limit(self, count: int) -> None:
        most = self.query.table.options.bulk_limit
        if count > most:
            raise ActionRefused(422, say("bulk_limit", count=most))

    def rows(self) -> Rows:
        """Returns the query for them."""
        query, names = self.query, self.query.table.info.key
        if self.every:
            return query.matching().order_by(*names).limit(query.table.options.bulk_limit + 1)
        # the parts of a key narrow the rows one by one, and `fitting` looks which belong together
        allowed = rows = query.allowed()
        parts = [key.split(",") for key in self.keys]
        for number, name in enumerate(names):
            values = sorted({unquote(each[number]) for each in parts if number < len(each)})
            fitting = [value for value in values if _can_be(allowed, name, value)]
            rows = rows.where(**{f"{name}__in": fitting})
        return rows.order_by(*names).limit(_MOST_LOOKED_AT)

    def fitting(self, rows: Sequence[Any]) -> list[Any]:
        """Returns those of the rows that were chosen.

        Raises:
            ActionRefused: None is there, or others match than the visitor has seen.
        """
        if not self.every:
            rows = [row for row in rows if key_of(row) in self.keys]
        if not rows:
            raise ActionRefused(409, say("bulk_gone", count=len(self.keys)))
        self._check_limit(len(rows))
        if self.every and _is_other_number(self._seen, len(rows)):
            raise ActionRefused(409, say("bulk_changed", count=len(rows)))
        return list(rows)


def _can_be(rows: Rows, name: str, value: str) -> bool:
    """Whether a row can have this value: a visitor may post any text as a key."""
    try:
        rows.where(**{name: value})
    except InvalidQuery:
        return False
    return True


def _is_other_number(seen: str, count: int) -> bool:
    return seen.isascii() and seen.isdigit() and int(seen[:9]) != count


# -- the deed -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Deed:
    """One action with its rows."""

    view: Any
    request: Any
    action: BulkAction
    chosen: _Chosen

    async def do(self) -> tuple[int, str | Notice | None]:
        """Does it; returns with how many rows it was done and what the action itself says."""
        entity = self.chosen.query.table.entity
        block = entity.__transaction__()
        run = self._function(together=block is not None)
        if inspect.iscoroutinefunction(run):
            async with block or nullcontext():
                return await self._do(run)
        # in a thread where the database is behind a network, since its verbs wait
        if block is not None:
            return await entity.__together__(lambda: self._do_now(run))
        return await asyncio.to_thread(self._do_now, run)

    def _function(self, *, together: bool) -> Callable[..., Any]:
        run = self.action.run
        if not isinstance(run, str):
            return run
        if self.action.kind == "delete":
            return _delete_together if together else _delete_each
        return getattr(self.view, METHOD + run)

    async def _do(self, run: Callable[..., Any]) -> tuple[int, str | Notice | None]:
        found = self.chosen.fitting(await self.chosen.rows().aall())
        try:
            return len(found), _told(await run(found, **self._more(run)))
        except (EntityError, ValidationError) as error:
            raise _refusal(error, found) from error

    def _do_now(self, run: Callable[..., Any]) -> tuple[int, str | Notice | None]:
        found = self.chosen.fitting(list(self.chosen.rows().all()))
        try:
            return len(found), _told(run(found, **self._more(run)))
        except (EntityError, ValidationError) as error:
            raise _refusal(error, found) from error

    def _more(self, run: Callable[..., Any]) -> dict[str, Any]:
        takes = "request" in inspect.signature(run).parameters
        return {"request": self.request} if takes else {}


async def _delete_together(rows: Sequence[Any]) -> None:
    """Deletes the rows one by one, hooks and events included; the first that cannot go undoes all."""
    for number, row in enumerate(rows, 1):
        try:
            await row.adelete()
        except BrokenReference as error:
            raise ActionRefused(409, say("bulk_in_use", label=label_of(row))) from error
        if not number % _PAUSE:
            await asyncio.sleep(0)


async def _delete_each(rows: Sequence[Any]) -> Notice | None:
    """Deletes the rows where no transaction holds them together, and names those that stayed."""
    stayed: list[str] = []
    for row in rows:
        try:
            await row.adelete()
        except (BrokenReference, StaleEntity):
            stayed.append(label_of(row))
    if not stayed:
        return None
    done = len(rows) - len(stayed)
    return Notice(say("bulk_partly", count=done, labels=", ".join(stayed)), kind="error")


def _told(said: object) -> str | Notice | None:
    if said is None or isinstance(said, str | Notice):
        return said
    raise ViewError(
        f"An action for rows returns a sentence for the visitor, or None, not {type(said).__name__}."
    )


def _refusal(error: EntityError | ValidationError, rows: Sequence[Any]) -> Exception:
    """Returns what to tell of an error that undid everything; the error itself when it tells nobody."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        field = humanize(str(first["loc"][0])) if first["loc"] else error.title
        return ActionRefused(422, say("bulk_failed", reason=f"{field}: {first['msg']}"))
    if isinstance(error, StaleEntity):
        return ActionRefused(409, say("bulk_stale", label=_label(error.key, rows)))
    if isinstance(error, BrokenReference):
        return ActionRefused(409, say("broken_reference"))
    if isinstance(error, Duplicate):
        text = say("duplicate", entity=humanize(error.entity).lower())
        return ActionRefused(409, say("bulk_failed", reason=f"{humanize(error.field)}: {text}"))
    return error


def _label(key: object, rows: Sequence[Any]) -> str:
    for row in rows:
        own = tuple(getattr(row, name) for name in info_of(row).key)
        if key in (own, own[0]):
            return label_of(row)
    return str(key)
