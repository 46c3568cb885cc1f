"""Which form field a type of an entity's field gets, as one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, cast, get_args, get_origin
from uuid import UUID

from nitro_runtime.schema import FieldInfo
from nitro_runtime.views.choices import choices_of_type
from nitro_runtime.views.fields import (
    CheckboxesField,
    CheckboxField,
    DateField,
    DateTimeField,
    EmailField,
    FileField,
    FormField,
    ImageField,
    JsonField,
    ListField,
    NumberField,
    RelationField,
    SelectField,
    TextArea,
    TextField,
    TimeField,
    UrlField,
)

BY_TYPE: tuple[tuple[type[Any], Callable[[], FormField]], ...] = (
    (bool, CheckboxField),
    (int, NumberField),
    (float, NumberField),
    (Decimal, NumberField),
    (datetime, DateTimeField),  # before date, of which it is a subclass
    (date, DateField),
    (time, TimeField),
    (list, JsonField),
    (dict, JsonField),
    (tuple, JsonField),
    (set, JsonField),
)
"""Python type, or a base of it, to field; the first that fits."""

_PLAIN = frozenset({str, int, float, bool, Decimal, date, time, datetime, UUID})
"""What can be written on one line, so that a list of it is one value a line."""

BY_TYPE_NAME: Mapping[str, Callable[[], FormField]] = {
    "EmailStr": EmailField,
    "HttpUrl": UrlField,
    "AnyUrl": UrlField,
    "AnyHttpUrl": UrlField,
}
"""pydantic's own text types."""


def field_for(info: FieldInfo) -> FormField:
    """Returns the form field that fits an entity's field, not bound yet."""
    if info.reference:
        return RelationField()
    if info.upload:
        return ImageField() if info.upload == "image" else FileField()
    if choices_of_type(info) is not None and (info.type is not bool or info.nullable):
        return SelectField()
    kind: Any = get_origin(info.type) or info.type
    inner: Any = get_args(info.type)[0] if kind is list and get_args(info.type) else None
    if inner is not None and inner is not bool and choices_of_type(replace(info, type=inner)):
        return CheckboxesField()
    if inner in _PLAIN:
        return ListField()
    for base, make in BY_TYPE:
        if isinstance(kind, type) and issubclass(kind, base):
            return make()
    make = BY_TYPE_NAME.get(getattr(cast("object", kind), "__name__", ""))
    if make is not None:
        return make()
    return TextArea() if info.multiline else TextField()


def is_editable(info: FieldInfo) -> bool:
    """Whether a form may hold the field at all."""
    return not (info.managed or info.key or info.secret or info.readonly)
