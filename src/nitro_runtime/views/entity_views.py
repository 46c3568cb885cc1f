"""The views of one entity at hand: what ``to_form()``, ``to_card()`` and their sisters return.

The application's own ``ProductForm``, ``ProductTable`` or ``ProductCard`` is used where there is one.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

from nitro_runtime.html import Html
from nitro_runtime.views.cards import Card
from nitro_runtime.views.details import Detail
from nitro_runtime.views.forms import Form
from nitro_runtime.views.registry import automatic, declared
from nitro_runtime.views.tables import EntityTable, Table

T = TypeVar("T")


def form_for(entity: T) -> Form[T]:
    """Returns the form that edits this entity."""
    kind = declared("Form", type(entity)) or automatic("Form", Form, type(entity))
    return cast("type[Form[T]]", kind)(entity)


def card_for(entity: T) -> Card[T]:
    """Returns the card of this entity."""
    kind = declared("Card", type(entity)) or automatic("Card", Card, type(entity))
    return cast("type[Card[T]]", kind)(entity)


def detail_for(entity: T) -> Detail[T]:
    """Returns the detail of this entity."""
    kind = declared("Detail", type(entity)) or automatic("Detail", Detail, type(entity))
    return cast("type[Detail[T]]", kind)(entity)


def row_for(entity: object) -> Html:
    """Returns the entity as one row of its table, a ``<tr>``."""
    kind = cast("type[Table[Any]] | None", declared("Table", type(entity)))
    return kind.row(entity) if kind is not None else EntityTable(type(entity)).row(entity)
