"""The memory backend: entities in dictionaries of this process, gone when it ends."""

from __future__ import annotations

from collections.abc import Mapping

from nitro_runtime.entities.table_repository import TableRepository
from nitro_runtime.entities.table_rows import Rows, Table


class MemoryRepository(TableRepository):
    """Keeps rows in this process; the default when nothing is configured.

    Args:
        patience: Seconds that a writer waits for another before `DatabaseBusy`.

    Attributes:
        tables: What is stored, by table.
    """

    name = "memory"

    def __init__(self, patience: float = 5.0) -> None:
        super().__init__(patience)
        self.tables: dict[str, Table] = {}
        hears = type(self).keep, type(self).check  # of a subclass
        self._in_place = hears == (MemoryRepository.keep, TableRepository.check)

    def table(self, name: str) -> Table:
        """Returns the rows of a table by key."""
        found = self.tables.get(name)
        return self.tables.setdefault(name, Rows()) if found is None else found

    def keep(self, changed: Mapping[str, Table]) -> None:
        """Puts changed tables in the place of the former ones."""
        self.tables.update(changed)

    def clear(self) -> None:
        """Forgets everything."""
        self.tables = {}
        self._last.clear()
