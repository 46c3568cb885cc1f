"""What can be done with several rows of a table at once."""

from __future__ import annotations

from typing import Any

from nitro_runtime.html import Html
from nitro_runtime.views.marks import Marks
from nitro_runtime.views.table_rendering import Rendering


def bulk_cell(at: Rendering, marks: Marks[Any]) -> Html | None:
    """Returns the cell with the checkbox that stands first in each row."""
    del at, marks
    return None


def bulk_heading(at: Rendering) -> Html | None:
    """Returns the heading above the checkboxes."""
    del at
    return None


def bulk_bar(at: Rendering) -> Html | None:
    """Returns the bar with what can be done with the rows that are chosen."""
    del at
    return None
