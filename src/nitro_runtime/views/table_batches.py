"""All rows of a query in its order, batch by batch, with nothing held between two batches.

Each batch goes on behind the last row of the one before (keyset pagination), so no row that stays as
it is is missed or comes twice, whatever others change meanwhile; and a batch far behind costs no more
than the first one. A row that is changed meanwhile comes as it was or as it is.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nitro_runtime.views.model import Rows

BATCH = 1000
"""How many rows are read at once."""

Order = tuple[tuple[str, bool], ...]
"""Names of fields, and whether the greatest come first; the whole tells any two rows apart."""


@dataclass(frozen=True, slots=True)
class Batches:
    """The batches of a query.

    The first batch is read by itself: where a handler runs in an event loop of its own, a generator
    that was begun there would end with it.

    Attributes:
        rows: The query, without an order of its own.
        order: The order; None comes first, or last in a descending one, as `QuerySet` sorts.
        size: How many rows a batch has.
    """

    rows: Rows
    order: Order
    size: int = BATCH

    @property
    def _ordered(self) -> Rows:
        names = [f"-{name}" if descending else name for name, descending in self.order]
        return self.rows.order_by(*names)

    async def first(self) -> Sequence[Any]:
        """Reads the first batch; it is empty when there is no row."""
        return list(await self._ordered.limit(self.size).aall())

    async def behind(self, batch: Sequence[Any]) -> AsyncGenerator[Sequence[Any]]:
        """Reads the batches behind one; none is empty."""
        while len(batch) == self.size:
            batch = await self._next(batch[-1])
            if batch:
                yield batch

    async def _next(self, last: object) -> Sequence[Any]:
        """Returns the next rows: those nearest to the last one first, as the order goes."""
        found: list[Any] = []
        for lookups in _places(self.order, last):
            rows = self._ordered.where(**lookups)
            found += await rows.limit(self.size - len(found)).aall()
            if len(found) == self.size:
                break
        return found


def _places(order: Order, last: object) -> Iterator[dict[str, Any]]:
    """Yields what holds for the rows behind a row, part by part.

    Rows that are equal in all but the last field of the order come first, then those that are equal
    in fewer.
    """
    for number in reversed(range(len(order))):
        equal: dict[str, Any] = {}
        for name, _ in order[:number]:
            value = getattr(last, name)
            equal[f"{name}__isnull" if value is None else name] = True if value is None else value
        name, descending = order[number]
        for beyond in _beyond(name, getattr(last, name), descending=descending):
            yield {**equal, **beyond}


def _beyond(name: str, value: object, *, descending: bool) -> Iterator[dict[str, Any]]:
    if value is None:
        if not descending:
            yield {f"{name}__isnull": False}
        return
    yield {f"{name}__lt" if descending else f"{name}__gt": value}
    if descending:
        yield {f"{name}__isnull": True}
