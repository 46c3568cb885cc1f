"""The fields of forms, all in one place."""

from nitro_runtime.views.field import BLANK, Complaint, FormField, default_of
from nitro_runtime.views.select_fields import RelationField, SelectField
from nitro_runtime.views.text_fields import (
    EmailField,
    HiddenField,
    JsonField,
    PasswordField,
    TextArea,
    TextField,
    UrlField,
)
from nitro_runtime.views.value_fields import (
    CheckboxField,
    DateField,
    DateTimeField,
    NumberField,
    TimeField,
)

__all__ = [
    "BLANK",
    "CheckboxField",
    "Complaint",
    "DateField",
    "DateTimeField",
    "EmailField",
    "FormField",
    "HiddenField",
    "JsonField",
    "NumberField",
    "PasswordField",
    "RelationField",
    "SelectField",
    "TextArea",
    "TextField",
    "TimeField",
    "UrlField",
    "default_of",
]
