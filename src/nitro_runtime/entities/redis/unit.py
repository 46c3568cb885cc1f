"""`RedisUnit`: an open transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from nitro_runtime.entities.redis.overlay import Conflict, Overlay
from nitro_runtime.errors import StaleEntity

T = TypeVar("T")


class RedisUnit:
    """A transaction: changes that its commit stores by one script.

    Args:
        overlay: Where the changes are until then.
    """

    def __init__(self, overlay: Overlay) -> None:
        self.overlay = overlay
        self._marks: dict[str, int] = {}

    def attempt(self, work: Callable[[Overlay], T]) -> T:
        """Runs the work of one statement: all of it, or none when it raises."""
        mark = self.overlay.mark()
        try:
            result = work(self.overlay)
            self.overlay.verify(mark)
        except BaseException:
            self.overlay.rewind(mark)
            raise
        return result

    def savepoint(self, name: str) -> None:
        """Marks a place to go back to."""
        self._marks[name] = self.overlay.mark()

    def rollback_to(self, name: str) -> None:
        """Undoes what came after the savepoint, and forgets it."""
        self.overlay.rewind(self._marks.pop(name))

    def release(self, name: str) -> None:
        """Forgets the savepoint and keeps what came after it."""
        del self._marks[name]

    def commit(self) -> None:
        """Stores everything, and ends the transaction.

        Raises:
            StaleEntity: Somebody else changed a row that this transaction changes.
            Duplicate: Somebody else took a key or unique value.
            BrokenReference: Somebody else deleted what a foreign key points at.
        """
        try:
            self.overlay.commit()
        except Conflict as conflict:
            change = conflict.change
            raise StaleEntity(change.layout.mapper.info.name, change.entity_key) from None

    def rollback(self) -> None:
        """Undoes everything, and ends the transaction."""
        self.overlay.rewind(0)
