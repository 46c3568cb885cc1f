"""What every field of a form is: how a value is shown in a control and how a text is read.

A field is an immutable declaration. What it does not say itself it takes from the entity's own
description when the form binds it: label, limits, choices, whether it is required.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from nitro_runtime.html import Html
from nitro_runtime.schema import MISSING, FieldInfo, humanize
from nitro_runtime.views.choices import Choices, text_of
from nitro_runtime.views.words import say

Taken = Any
"""A value that a field reads: pydantic validates it, so it may be anything."""

BLANK: Taken = object()
"""What a field reads from an empty text."""

Attributes = Mapping[str, object]
"""Attributes of a control that the form sets: id, name, classes, what describes it."""


class Complaint(Exception):  # not an error of the program: a person's slip
    """A posted text is not a value of its field; the argument is the sentence to show."""


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One field of a form; use one of the classes below.

    Attributes:
        label: What people call it; from the entity when left out.
        help: One sentence below the control.
        required: Whether an empty value is refused; from the entity when left out.
        placeholder: An example inside the empty control.
        autocomplete: What a browser may fill in, ``"email"``.
        extra: Whether it is no field of the entity: it stands in ``form.data`` and is not saved.
        name: The name of the entity's field; set by the form.
        info: The entity's description of it; set by the form.
    """

    label: str | None = None
    help: str | None = None
    required: bool | None = None
    placeholder: str | None = None
    autocomplete: str | None = None
    extra: bool = False
    name: str = ""
    info: FieldInfo | None = None

    from_info: ClassVar[Mapping[str, str]] = {"label": "label", "help": "help"}
    part: ClassVar[str] = "input"
    """The part of the theme that its control is."""
    is_group: ClassVar[bool] = False
    """Whether it has several controls, with a fieldset around them."""
    is_checked: ClassVar[bool] = True
    """Whether its value is checked as a visitor leaves it, before the form is sent."""
    told: ClassVar[str] = "[el.value]"
    """Code whose value is what is sent of its control to be checked, a list of texts."""
    slot: ClassVar[bool] = True
    """Whether the shown text stands in the control's markup as it is, so that it can be compiled."""

    def bind(self, name: str, info: FieldInfo | None) -> Self:
        """Returns the field with everything filled in that the entity knows."""
        found: dict[str, Any] = {"name": name, "info": info}
        for option, source in self.from_info.items():
            if info is not None and getattr(self, option) is None:
                found[option] = getattr(info, source)
        if self.label is None and info is None:
            found["label"] = humanize(name)
        if self.required is None:
            found["required"] = info is not None and _is_required(info)
        return replace(self, **found)

    def show(self, value: object) -> str:
        """Returns a value of the entity as the text of the control."""
        return "" if value is None else text_of(value)

    def typed(self, texts: Sequence[str]) -> str:
        """Returns what was posted as the text to show again, as it was typed.

        Args:
            texts: Every text posted under the field's name.
        """
        return texts[-1] if texts else ""

    def read(self, typed: str) -> Taken:
        """Returns the value of a typed text, for pydantic to validate, or `BLANK`.

        Raises:
            Complaint: The text cannot be a value of this field.
        """
        text = typed.strip()
        return self.parse(text) if text else BLANK

    def parse(self, text: str) -> Taken:
        """Returns the value of a text that is not empty."""
        if "\0" in text:  # no database and no HTML can carry it
            raise Complaint(say("format"))
        return text

    def hint(self, choices: Choices) -> str:
        """Returns what a visitor should know of the field itself, apart from its help."""
        del choices
        return ""

    def tied(self, control_id: str) -> str | None:
        """Returns the id of what describes its control besides help and errors, if anything does."""
        del control_id
        return None

    def control(self, attributes: Attributes, shown: str, choices: Choices) -> Html:
        """Returns the control with this text in it."""
        raise NotImplementedError


def _is_required(info: FieldInfo) -> bool:
    return not info.nullable and not (info.type is str and info.default == "")


def default_of(bound: FormField) -> str:
    """Returns the text that a new form shows in a field."""
    if bound.info is None or bound.info.default is MISSING:
        return ""
    return bound.show(bound.info.default)
