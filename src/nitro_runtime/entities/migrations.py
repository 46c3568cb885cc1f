"""What Alembic needs to write Nitro's column types into a migration: `render_item`."""

from __future__ import annotations

from typing import Any, Literal

from nitro_runtime.entities import columns

_MODULE = "nitro_runtime.entities.columns"


def render_item(kind: str, item: Any, autogenerate: Any) -> str | Literal[False]:  # noqa: ANN401 # Alembic's own
    """Renders a column type of Nitro's for ``alembic revision --autogenerate``.

    Passed to ``context.configure(render_item=render_item)``. The migration imports just the types
    that it names, and nothing of the app: an enum column is named by its length.

    Args:
        kind: What Alembic renders: ``"type"``, ``"server_default"``, ...
        item: The thing itself.
        autogenerate: Alembic's ``AutogenContext``; its imports are added to.

    Returns:
        Python source, or False to leave it to Alembic.
    """
    if kind != "type" or type(item).__module__ != _MODULE:
        return False
    name = type(item).__name__
    autogenerate.imports.add(f"from {_MODULE} import {name}")
    return f"{name}({_arguments(item)})"


def _arguments(item: Any) -> str:  # noqa: ANN401 # a column type
    if isinstance(item, columns.ExactDecimal) and item.precision is not None:
        return f"{item.precision}, {item.scale}"
    if isinstance(item, columns.EnumText) and not isinstance(item, columns.EnumInteger):
        text: Any = item.impl  # pyright: ignore[reportUnknownMemberType] # its String
        return str(text.length)
    return ""
