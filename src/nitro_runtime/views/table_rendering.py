"""One rendering of a table: what its parts (toolbar, headings, rows, pager) are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from nitro_runtime.views.bulk_actions import BulkAction
from nitro_runtime.views.columns import Column
from nitro_runtime.views.csrf import CsrfNames
from nitro_runtime.views.table_definition import TableDefinition
from nitro_runtime.views.table_query import Shown
from nitro_runtime.views.table_state import TableState
from nitro_runtime.views.theme import Theme


@dataclass(frozen=True, slots=True)
class Rendering:
    """One rendering of a table. Each part is a function of it that returns markup or None.

    Attributes:
        table: The table.
        state: What somebody looks at.
        shown: The rows and how many there are.
        theme: The classes.
        view: What has the methods that make computed cells.
        key: The signed key of a reactive table, or None.
        csrf: What the host asks of posts.
        offered: What this visitor may do with several rows at once.
    """

    table: TableDefinition
    state: TableState = field(default_factory=TableState)
    shown: Shown = field(default_factory=lambda: Shown((), 0))
    theme: Theme = field(default_factory=Theme)
    view: object = None
    key: str | None = None
    csrf: CsrfNames | None = None
    offered: tuple[BulkAction, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that are shown, in order."""
        return self.table.shown_columns(self.state.columns)

    def element_id(self, part: str) -> str:
        """Returns the id of a part: ``product-table-search``."""
        return f"{self.table.dom_id}-{part}"

    def parameter(self, name: str) -> str:
        """Returns the name of a parameter in addresses, with the table's prefix."""
        return f"{self.state.prefix}{name}"
