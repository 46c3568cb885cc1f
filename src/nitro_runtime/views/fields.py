"""The fields of forms, all in one place."""

from nitro_runtime.views.field import BLANK, Complaint, FormField, default_of
from nitro_runtime.views.many_fields import ListField, ManyField
from nitro_runtime.views.select_fields import (
    CheckboxesField,
    RadioField,
    RelationField,
    SelectField,
    split_keys,
)
from nitro_runtime.views.text_fields import (
    EmailField,
    HiddenField,
    JsonField,
    PasswordField,
    TextArea,
    TextField,
    UrlField,
)
from nitro_runtime.views.upload_fields import (
    FileField,
    Files,
    ImageField,
    UploadedFile,
    remove_name,
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
    "CheckboxesField",
    "Complaint",
    "DateField",
    "DateTimeField",
    "EmailField",
    "FileField",
    "Files",
    "FormField",
    "HiddenField",
    "ImageField",
    "JsonField",
    "ListField",
    "ManyField",
    "NumberField",
    "PasswordField",
    "RadioField",
    "RelationField",
    "SelectField",
    "TextArea",
    "TextField",
    "TimeField",
    "UploadedFile",
    "UrlField",
    "default_of",
    "remove_name",
    "split_keys",
]
