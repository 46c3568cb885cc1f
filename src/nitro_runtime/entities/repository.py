"""`Repository`: what a backend does. A backend of your own is one class with these methods.

Rows are dictionaries of Python values by field name. Every method is synchronous; `arun` says how a
coroutine calls them without stalling its event loop, so a backend is written once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from nitro_runtime.entities.criteria import Arithmetic as Arithmetic
from nitro_runtime.entities.criteria import Criterion, Ordering
from nitro_runtime.entities.mapper import Mapper, Row

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows, in which order.

    Attributes:
        criterion: What they fulfil, checked; None for all rows.
        order: What they are sorted by; the key always breaks ties. A missing value (None) is
            smaller than any other.
        limit: At most so many rows, or None.
        offset: So many rows are passed over first.
        lock: Whether nobody else may change or lock the rows until the transaction ends.
        ties: How many of the last fields of the order only keep rows apart that are equal in the
            others; for `Paging` a backend may take another order for these, which is as steady.
    """

    criterion: Criterion | None = None
    order: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int = 0
    lock: bool = False
    ties: int = 0


EVERYTHING = Query()
"""All rows, by key."""


class UnitHandle(Protocol):
    """One open transaction on one backend; it belongs to one task or thread."""

    def savepoint(self, name: str) -> None:
        """Marks a place to go back to."""
        ...

    def rollback_to(self, name: str) -> None:
        """Undoes what came after the savepoint, and forgets it."""
        ...

    def release(self, name: str) -> None:
        """Forgets the savepoint and keeps what came after it."""
        ...

    def commit(self) -> None:
        """Makes everything last, and ends the transaction."""
        ...

    def rollback(self) -> None:
        """Undoes everything, and ends the transaction."""
        ...


class Repository(Protocol):
    """Where entities are kept. Safe from every thread and task.

    Attributes:
        name: What it is called in ``class Cart(Entity, backend="...")``.
        capabilities: What it can do beyond storing rows:
            ``transactions``: the changes of a `UnitHandle` last together or not at all;
            ``unique``: unique fields, and groups of them, are kept so, also in a race;
            ``references``: foreign keys are checked, and what their ``ondelete`` says is done;
            ``links``: criteria may hold a `Linked`; others are given the keys instead;
            ``lock``: a `Query` may ask for a lock;
            ``adjust``: it has the method ``adjust`` (see `Adjusting`);
            ``ttl``: rows may expire;
            ``nul``: texts may have NUL characters in them;
            ``shared``: other processes see the same rows.
    """

    name: str
    capabilities: frozenset[str]

    def get(self, mapper: Mapper, key: Any) -> Row | None:  # noqa: ANN401 # of the key's type
        """Returns the row with this key, or None.

        Here and below a key is what `Mapper.key_of` returns: a value, or a tuple of the values of
        several fields.
        """
        ...

    def select(self, mapper: Mapper, query: Query) -> list[Row]:
        """Returns the rows of a query, in its order."""
        ...

    def count(self, mapper: Mapper, query: Query) -> int:
        """Returns how many rows `select` would."""
        ...

    def insert(self, mapper: Mapper, rows: Sequence[Row]) -> list[Any]:
        """Stores new rows, all or none, and returns their keys.

        Raises:
            Duplicate: A unique field or the key has this value already.
            BrokenReference: A foreign key points at nothing.
        """
        ...

    def update(
        self,
        mapper: Mapper,
        key: Any,  # noqa: ANN401 # of the key's type
        changes: Mapping[str, Any],
        version: int | None,
    ) -> bool:
        """Stores new values of one row; False when it is gone or its version is another.

        Args:
            mapper: The entity.
            key: Which row.
            changes: The new values by field name.
            version: The version that the row must have, or None to ask for none.
        """
        ...

    def delete(self, mapper: Mapper, key: Any, version: int | None) -> bool:  # noqa: ANN401
        """Deletes one row; False when it is gone or its version is another."""
        ...

    def update_where(self, mapper: Mapper, query: Query, changes: Mapping[str, Any]) -> int:
        """Changes all rows of a query at once and returns how many; values may be `Arithmetic`."""
        ...

    def delete_where(self, mapper: Mapper, query: Query) -> int:
        """Deletes all rows of a query at once and returns how many."""
        ...

    def begin(self) -> UnitHandle:
        """Opens a transaction, waiting for its turn.

        Raises:
            DatabaseBusy: The turn did not come, or never can because this very thread holds it.
        """
        ...

    def abegin(self) -> Awaitable[UnitHandle]:
        """Opens a transaction; the event loop goes on while it waits for its turn."""
        ...

    def arun(self, work: Callable[[], T], *, write: bool) -> Awaitable[T]:
        """Runs synchronous work on this backend from a coroutine, without stalling its loop."""
        ...


class Adjusting(Protocol):
    """A repository that changes one row by `Arithmetic` on its own, trying again on a conflict.

    Others are driven by a transaction, `Repository.update_where` and `Repository.get`.
    """

    def adjust(
        self,
        mapper: Mapper,
        key: Any,  # noqa: ANN401 # of the key's type
        query: Query,
        changes: Mapping[str, Any],
        check: Callable[[Row], object],
    ) -> Row | None:
        """Changes one row atomically, and returns it as it then is.

        Args:
            mapper: The entity.
            key: Which row.
            query: What the row has to fulfil besides.
            changes: New values by field name; they may be `Arithmetic`.
            check: Sees the new row before it is stored for good; what it raises undoes the change.

        Returns:
            The new row; None when there is no such row or it does not fulfil the query.
        """
        ...


class Paging(Protocol):
    """A repository that reads one page and counts all rows together, in its own way.

    Others are asked for both one after the other.
    """

    def page(
        self, mapper: Mapper, query: Query, number: int, size: int
    ) -> tuple[list[Row], int, int]:
        """Returns the rows of a page, how many all pages have, and the number of the page.

        Args:
            mapper: The entity.
            query: The query, without limit and offset.
            number: Which page, from 1; a number past the end gives the last page.
            size: How many rows a page has.
        """
        ...
