"""Reading a posted form: from texts to values, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from nitro_runtime.schema import MISSING
from nitro_runtime.views.choices import Choice, Choices, choice_of_row, key_text, text_of
from nitro_runtime.views.complaints import sentences
from nitro_runtime.views.fields import (
    BLANK,
    CheckboxesField,
    CheckboxField,
    Complaint,
    FileField,
    Files,
    FormField,
    ManyField,
    RelationField,
    remove_name,
)
from nitro_runtime.views.form_definition import FormDefinition
from nitro_runtime.views.nested_fields import RowsField
from nitro_runtime.views.words import say


class Posted(Protocol):
    """The fields of a posted form: each name may have been posted several times."""

    def getlist(self, name: str, /) -> list[str]:
        """Returns every text posted under the name."""
        ...

    def __iter__(self) -> Iterator[str]:
        """Iterates over the names."""
        ...


@dataclass(slots=True)
class Reading:
    """What was posted.

    Attributes:
        shown: The text to show again in each field.
        data: The values that are good, by field.
        errors: Sentences by field; those about the whole stand under the empty name.
    """

    shown: dict[str, str]
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    errors: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def complain(self, name: str, text: str) -> None:
        """Adds a sentence, once."""
        known = self.errors.setdefault(name, [])
        if text not in known:
            known.append(text)

    def complain_all(
        self, form: FormDefinition, error: ValidationError, *, partial: bool = False
    ) -> None:
        """Adds what pydantic found, except about fields that have a sentence already."""
        before = set(self.errors) - {""}
        for name, texts in sentences(error, tuple(form.fields), partial=partial).items():
            if name not in before:
                for text in texts:
                    self.complain(name, text)


def read_post(
    form: FormDefinition, posted: Posted, shown: Mapping[str, str], *, editing: bool
) -> Reading:
    """Reads every declared field, and nothing else, out of a post.

    Args:
        form: The form.
        posted: What was posted.
        shown: The texts that the form showed before.
        editing: Whether an entity is edited. What is not sent or not touched is then left alone:
            the stored value is more exact than its text (seconds, digits).
    """
    reading = Reading(dict(shown))
    for name, each in form.fields.items():
        if isinstance(each, FileField | RowsField):
            continue
        texts = posted.getlist(name)
        if not texts and _may_be_absent(each, editing):
            continue
        typed = each.typed(texts)
        if editing and typed == shown[name]:
            continue
        reading.shown[name] = typed
        _read(reading, each, typed, editing)
    return reading


def _may_be_absent(each: FormField, editing: bool) -> bool:
    """Whether nothing sent means nothing said; a box that is not checked is not sent either."""
    if isinstance(each, CheckboxField):
        return False
    return editing or (each.info is not None and each.info.has_default)


def _read(reading: Reading, each: FormField, typed: str, editing: bool) -> None:
    try:
        value = each.read(typed)
        value = _blank(each, editing) if value is BLANK else value
    except Complaint as complaint:
        reading.complain(each.name, str(complaint))
    else:
        if value is not BLANK:
            reading.data[each.name] = value


def _blank(each: FormField, editing: bool) -> Any:  # noqa: ANN401 # None, an empty text or BLANK
    """Returns what an empty control means: nothing, an empty text, or the default."""
    if each.required:
        raise Complaint(say("required"))
    if each.info is None or each.info.nullable:
        return None
    if each.info.type is str:
        return ""
    if not each.info.has_default:
        raise Complaint(say("required"))
    if not editing:
        return BLANK  # left out, so that the default applies
    if each.info.default is MISSING:
        raise Complaint(say("required"))
    return each.info.default


def read_files(form: FormDefinition, posted: Posted, files: Files, reading: Reading) -> None:
    """Reads the files of a post; each good one stands in the data as it came, not kept yet.

    A file that is there stays, unless another comes or its box to remove it is checked.
    """
    for name, each in form.uploads.items():
        uploads = files.getlist(name)
        try:
            if uploads:
                each.check(uploads[-1])
                reading.data[name] = uploads[-1]
            elif posted.getlist(remove_name(name)) and reading.shown[name]:
                reading.data[name] = _nothing(each)
            elif not reading.shown[name]:
                _nothing(each)
        except Complaint as complaint:
            reading.complain(name, str(complaint))


def _nothing(each: FileField) -> None:
    if each.required:
        raise Complaint(say("required"))


def check_choices(form: FormDefinition, reading: Reading, choices: Mapping[str, Choices]) -> None:
    """Replaces the posted key of each related entity by its own, or complains."""
    for name, each in form.fields.items():
        text = reading.data.get(name)
        offered = choices.get(name, Choices())
        try:
            if isinstance(each, ManyField) and name in reading.data:
                reading.data[name] = [_choose(key, offered) for key in reading.data[name]]
            elif isinstance(each, RelationField) and isinstance(text, str) and text:
                reading.data[name] = _choose(text, offered)
        except Complaint as complaint:
            del reading.data[name]
            reading.complain(name, str(complaint))


def _choose(text: str, offered: Choices) -> Any:  # noqa: ANN401 # of the key's type
    choice = offered.find(text)
    if choice is None:
        raise Complaint(say("one_of"))
    return choice.value


async def keep_unoffered(
    form: FormDefinition,
    reading: Reading,
    original: object,
    choices: Mapping[str, Choices],
) -> None:
    """Keeps what the edited entity has and nobody is offered: no box was there to check.

    Args:
        form: The form.
        reading: What was read; the posted keys are replaced by now.
        original: The entity that is edited.
        choices: What the boxes offered.
    """
    for name, each in form.fields.items():
        chosen = reading.data.get(name)
        if chosen is None or not isinstance(each, ManyField | CheckboxesField):
            continue
        held = list(getattr(original, name, None) or ())
        if isinstance(each, ManyField):
            choices_held = map(choice_of_row, held)
        else:
            choices_held = (Choice(text_of(value), value, "") for value in held)
        offered = choices.get(name, Choices())
        left = {one.text: one.value for one in choices_held if offered.find(one.text) is None}
        target = form.targets.get(name)
        if target is not None and target.where is None:
            continue
        if left and target is not None:  # those past the limit had a box
            for row in await target.chosen(list(left)).aall():
                left.pop(key_text(row), None)
        chosen += left.values()


def validate(form: FormDefinition, reading: Reading, *, editing: bool) -> None:
    """Validates the values as the entity would; the good ones become what the entity stores.

    What the entity needs and the form does not have is left to the save.
    """
    schema: type[BaseModel] = form.entity.PatchInput if editing else form.entity.Input
    known = {name for name in reading.data if name in schema.model_fields}
    try:
        model = schema.model_validate({name: reading.data[name] for name in known})
    except ValidationError as error:
        reading.complain_all(form, error, partial=True)
    else:
        reading.data.update({name: getattr(model, name) for name in known})
