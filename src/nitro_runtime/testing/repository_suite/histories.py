# ruff: noqa: S101 # a suite of tests asserts
"""Random histories: whatever is done in whatever transactions, what is left is what a dictionary has."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nitro_runtime.entities import Repository, transaction
from nitro_runtime.errors import Duplicate
from nitro_runtime.testing.repository_suite.models import Account
from nitro_runtime.testing.repository_suite.suite import Suite, needs

Model = dict[str, str]
"""The name of each account by its id: what has to be stored."""

_ids = st.sampled_from("abc")
_names = st.sampled_from("xyz")
_simple: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just("create"), _ids, _names),
    st.tuples(st.just("rename"), _ids, _names),
    st.tuples(st.just("delete"), _ids),
    st.tuples(st.just("rename all"), _names),
    st.tuples(st.just("create many"), st.lists(st.tuples(_ids, _names), max_size=3)),
)


def _blocks(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(st.tuples(st.sampled_from(["keep", "undo", "do"]), inner), max_size=4)


_steps: st.SearchStrategy[Any] = st.recursive(st.lists(_simple, max_size=4), _blocks, max_leaves=6)


class _Undo(Exception):
    """Leaves a transaction so that it is undone."""


@needs("transactions", "unique")
class Histories(Suite):
    """Steps in nested transactions, some of which are undone, and some of which are refused."""

    examples: ClassVar[int] = 60
    """How many histories."""

    def test_what_is_left_is_what_was_kept(self, repository: Repository) -> None:
        """After each step, inside and outside."""

        @settings(
            max_examples=self.examples,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        )
        @given(_steps)
        def live(steps: list[Any]) -> None:
            Account.all().delete()
            _follow(steps, {})

        live()


def _follow(steps: list[Any], model: Model) -> Model:
    for step in steps:
        model = _STEPS[step[0]](model, *step[1:])
        assert {account.id: account.name for account in Account.all()} == model, step
    return model


def _do(model: Model, steps: list[Any]) -> Model:
    return _follow(steps, model)


def _in_transaction(model: Model, steps: list[Any], *, undo: bool) -> Model:
    after = model
    with suppress(_Undo), transaction():
        after = _follow(steps, model)
        if undo:
            raise _Undo
    return model if undo else after


def _create(model: Model, key: str, name: str) -> Model:
    return _create_many(model, [(key, name)])


def _create_many(model: Model, rows: list[tuple[str, str]]) -> Model:
    after, refused = dict(model), False
    for key, name in rows:
        refused = refused or key in after or name in after.values()
        after[key] = name
    return _tried(
        lambda: Account.create_many({"id": key, "name": name} for key, name in rows),
        refused=refused,
        before=model,
        after=after,
    )


def _rename(model: Model, key: str, name: str) -> Model:
    found = Account.find(key)
    assert (found is not None) == (key in model)
    if found is None:
        return model
    refused = any(other != key and taken == name for other, taken in model.items())
    return _tried(
        lambda: found.update(name=name), refused=refused, before=model, after={**model, key: name}
    )


def _rename_all(model: Model, name: str) -> Model:
    return _tried(
        lambda: Account.all().update(name=name),
        refused=len(model) > 1,
        before=model,
        after=dict.fromkeys(model, name),
    )


def _delete(model: Model, key: str) -> Model:
    found = Account.find(key)
    if found is not None:
        found.delete()
    return {other: name for other, name in model.items() if other != key}


def _tried(work: Callable[[], object], *, refused: bool, before: Model, after: Model) -> Model:
    try:
        work()
    except Duplicate:
        assert refused
        return before
    assert not refused
    return after


_STEPS: dict[str, Callable[..., Model]] = {
    "create": _create,
    "rename": _rename,
    "delete": _delete,
    "rename all": _rename_all,
    "create many": _create_many,
    "do": _do,
    "keep": partial(_in_transaction, undo=False),
    "undo": partial(_in_transaction, undo=True),
}
