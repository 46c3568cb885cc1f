"""`Field`: SQLModel's own, with what a browser may see and do added.

The additions travel as one `FieldOptions` among pydantic's metadata of the field, so they survive
inheritance and copying.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field as _pydantic_field
from pydantic_core import PydanticUndefined
from sqlalchemy import Text as Text
from sqlmodel import Field as _sqlmodel_field


@dataclass(frozen=True, slots=True)
class FieldOptions:
    """What `Field` adds to SQLModel's: see its arguments."""

    secret: bool = False
    readonly: bool = False
    hidden: bool = False
    search: bool = False
    sort: bool = True
    label: str | None = None
    help: str | None = None
    managed: bool = False


def Field(  # noqa: N802, PLR0913, RUF100 # named and called as SQLModel's
    default: Any = PydanticUndefined,  # noqa: ANN401 # of the field's own type
    *,
    default_factory: Callable[[], Any] | None = None,
    alias: str | None = None,
    title: str | None = None,
    description: str | None = None,
    gt: Any = None,  # noqa: ANN401 # a number, a Decimal or a date
    ge: Any = None,  # noqa: ANN401
    lt: Any = None,  # noqa: ANN401
    le: Any = None,  # noqa: ANN401
    multiple_of: float | None = None,
    max_digits: int | None = None,
    decimal_places: int | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    regex: str | None = None,
    primary_key: bool = False,
    foreign_key: str | None = None,
    ondelete: Literal["CASCADE", "SET NULL", "RESTRICT"] | None = None,
    unique: bool = False,
    index: bool = False,
    nullable: bool | None = None,
    sa_type: Any = None,  # noqa: ANN401 # a SQLAlchemy type or type class
    sa_column_args: Sequence[Any] | None = None,
    sa_column_kwargs: Mapping[str, Any] | None = None,
    schema_extra: dict[str, Any] | None = None,
    secret: bool = False,
    readonly: bool = False,
    hidden: bool = False,
    search: bool = False,
    sort: bool = True,
    label: str | None = None,
    help: str | None = None,
    init: bool = True,
) -> Any:  # noqa: ANN401 # stands where a value of the field's type stands
    """Describes a field of an entity.

    Everything up to ``schema_extra`` is SQLModel's ``Field`` and means what it means there.

    Args:
        default: The value when none is given.
        default_factory: Makes that value.
        alias: Another name at construction.
        title: The name in the JSON schema.
        description: What the field is, in the JSON schema.
        gt: The value must be greater.
        ge: The value must be greater or equal.
        lt: The value must be less.
        le: The value must be less or equal.
        multiple_of: The value must be a multiple.
        max_digits: Digits of a Decimal in all.
        decimal_places: Digits of a Decimal after the point.
        min_length: Shortest text or list.
        max_length: Longest text or list.
        regex: A pattern that a text must match.
        primary_key: Whether this is the entity's key instead of ``id``.
        foreign_key: ``"category.id"``: the table and column that this field points at.
        ondelete: What happens when that row is deleted; refused when left out.
        unique: Whether no two entities may have the same value.
        index: Whether the database keeps an index of it.
        nullable: Whether the column takes NULL; by the annotation when left out.
        sa_type: The SQLAlchemy type of the column.
        sa_column_args: Further arguments of the SQLAlchemy column.
        sa_column_kwargs: Further keywords of the SQLAlchemy column.
        schema_extra: Further keys of the JSON schema.
        secret: Never sent to a browser and never taken from one: in no dump, schema of what is sent,
            signals or ``repr``.
        readonly: Shown, never taken from a browser.
        hidden: Not shown in tables, forms and cards unless asked for.
        search: Searched by ``QuerySet.search``; a folded copy is kept for it.
        sort: Whether a table may be sorted by it.
        label: What people call it.
        help: One sentence of help beside the input.
        init: For type checkers only: whether the constructor names the field.
    """
    given: dict[str, Any] = {
        "default_factory": default_factory,
        "alias": alias,
        "title": title,
        "description": description,
        "gt": gt,
        "ge": ge,
        "lt": lt,
        "le": le,
        "multiple_of": multiple_of,
        "max_digits": max_digits,
        "decimal_places": decimal_places,
        "min_length": min_length,
        "max_length": max_length,
        "regex": regex,
        "primary_key": primary_key or None,
        "foreign_key": foreign_key,
        "ondelete": ondelete,
        "unique": unique or None,
        "index": index or None,
        "nullable": nullable,
        "sa_type": sa_type,
        "sa_column_args": sa_column_args,
        "sa_column_kwargs": sa_column_kwargs,
        "schema_extra": schema_extra,
    }
    if secret:
        # Out of every dump, so out of whatever a framework sends, and out of logs.
        given |= {"exclude": True, "repr": False}
    field: Any = _sqlmodel_field(
        default, **{name: value for name, value in given.items() if value is not None}
    )
    if regex is not None:
        # SQLModel hands it on under a name that pydantic no longer knows, so it would check nothing
        field.metadata.extend(_pydantic_field(pattern=regex).metadata)
    field.metadata.append(
        FieldOptions(secret, readonly, hidden, search, sort, label, help, managed=False)
    )
    return field


def managed_field(**arguments: Any) -> Any:  # noqa: ANN401 # as `Field`
    """Describes a field that Nitro sets itself: a key, a version, a timestamp."""
    field: Any = _sqlmodel_field(**arguments)
    field.metadata.append(FieldOptions(managed=True))
    return field


def options_of(metadata: Sequence[Any]) -> FieldOptions:
    """Returns a field's options; the last ones win, as with pydantic's own metadata."""
    for item in reversed(metadata):
        if isinstance(item, FieldOptions):
            return item
    return FieldOptions()
