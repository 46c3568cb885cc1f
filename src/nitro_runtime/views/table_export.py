"""The rows of a table as a file."""

from __future__ import annotations

from nitro_runtime.errors import Download
from nitro_runtime.html import Html
from nitro_runtime.views.table_query import TableQuery
from nitro_runtime.views.table_rendering import Rendering


def export_link(at: Rendering) -> Html | None:
    """Returns the link to the file with all rows that match; it has the attribute ``download``."""
    del at
    return None


def export_file(query: TableQuery, view: object, form: str) -> Download | None:
    """Returns the file that ``?export=csv`` asks for; None for a form that is not known."""
    del query, view, form
    return None
