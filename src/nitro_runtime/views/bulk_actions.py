"""What can be done with several rows at once, as a declaration says it: a name, a label, a function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from nitro_runtime.errors import ViewError, suggestion
from nitro_runtime.schema import humanize
from nitro_runtime.views.words import say

Kind = Literal["delete", "method", "function"]

METHOD = "bulk_"
"""What the names of a table's own methods for rows begin with."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class BulkAction:
    """Something that can be done with the chosen rows of a table.

    ```python
    bulk = ("delete", publish, BulkAction(retire, label="Take off the market", confirm="Retire {count}?"))
    ```

    Attributes:
        run: A function of the list of entities, sync or async, that returns a sentence for the visitor
            or None; it may take the request too, as ``request``. Or ``"delete"``, or the name of a
            method of the table: ``"publish"`` for ``def bulk_publish(self, products)``.
        label: What the button says; from the name when left out.
        confirm: What is asked first, with ``{count}`` for the number of rows; nothing when left out.
        name: What is posted; the function's own name when left out.
        kind: How it is done; set by the table.
    """

    run: str | Callable[..., Any]
    label: str | None = None
    confirm: str | None = None
    name: str = ""
    kind: Kind = "function"

    @property
    def shown(self) -> str:
        """What the button says, in the words of the reader."""
        if self.label is None and self.kind == "delete":
            return say("delete")
        return self.label if self.label is not None else humanize(self.name)

    def question(self, plural: str) -> str | None:
        """Returns what is asked first, with ``{count}`` left in it; None for nothing."""
        if self.confirm is None and self.kind == "delete":
            return say("confirm_delete_many", count="{count}", plural=plural)
        return self.confirm


def bulk_actions(chosen: Iterable[object], view: type[Any] | None = None) -> tuple[BulkAction, ...]:
    """Returns the actions that a declaration names, each with its name and kind.

    Args:
        chosen: Names, functions, and `BulkAction`s.
        view: The table class, which may have methods for them.

    Raises:
        ViewError: One is no action, or two have one name.
    """
    found = [_bound(each, view) for each in chosen]
    names = [action.name for action in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ViewError(
            f"Two actions for the rows of a table are named {twice!r}: name one of them."
        )
    return tuple(found)


def _bound(given: object, view: type[Any] | None) -> BulkAction:
    action = given if isinstance(given, BulkAction) else BulkAction(run=given)  # pyright: ignore[reportArgumentType] # checked below
    run: object = action.run
    if isinstance(run, str):
        kind: Kind = "delete" if run == "delete" else "method"
        if kind == "method" and not callable(getattr(view, METHOD + run, None)):
            raise ViewError(_unknown(run, view))
        return replace(action, kind=kind, name=action.name or run)
    if not callable(run):
        raise ViewError(f"An action for rows is a name or a function, not {run!r}.")
    name = action.name or getattr(run, "__name__", "")
    if not _NAME.fullmatch(name):
        raise ViewError("An action for rows needs a name: BulkAction(function, name='publish').")
    return replace(action, kind="function", name=name)


def _unknown(name: str, view: type[Any] | None) -> str:
    own = [each.removeprefix(METHOD) for each in dir(view) if each.startswith(METHOD)]
    return (
        f"A table has no action {name!r} for rows; it has 'delete', takes functions of the entities,"
        f" and methods such as {METHOD}{name}(self, rows).{suggestion(name, ['delete', *own])}"
    )
