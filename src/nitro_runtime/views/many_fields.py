"""Fields of a form that hold several values: a list, and many other entities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Any, ClassVar, Self, cast

from typing_extensions import override

from nitro_runtime.html import Html
from nitro_runtime.schema import FieldInfo
from nitro_runtime.views.choices import Choices, Where, key_text, text_of
from nitro_runtime.views.field import BLANK, Attributes, FormField, Taken
from nitro_runtime.views.select_fields import checkboxes, join_keys, split_keys
from nitro_runtime.views.text_fields import TextArea
from nitro_runtime.views.words import say


@dataclass(frozen=True, kw_only=True)
class ListField(TextArea):
    """Several values of one kind, one a line."""

    from_info: ClassVar[Mapping[str, str]] = FormField.from_info

    @override
    def bind(self, name: str, info: FieldInfo | None) -> Self:
        bound = super().bind(name, info)
        if self.required is not None or info is None:
            return bound
        return replace(bound, required=not info.nullable and not info.has_default)

    @override
    def hint(self, choices: Choices) -> str:
        del choices
        return say("one_a_line")

    @override
    def show(self, value: object) -> str:
        values = cast("Iterable[object]", value or ())
        return "\n".join(_line(each) for each in values)

    @override
    def read(self, typed: str) -> Taken:
        lines = [line for each in typed.splitlines() if (line := each.strip())]
        if lines:
            return [self.parse(line) for line in lines]
        if self.required:
            return BLANK
        return None if self.info is not None and self.info.nullable else []


def _line(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, datetime | time) else text_of(value)


@dataclass(frozen=True)
class ManyField(FormField):
    """Any number of other entities, each with a box to check.

    Attributes:
        target: The entity class; from the entity's relation when left out.
        where: Lookups that the others must fulfil, or what returns them for each request.
    """

    target: type[Any] | str | None = field(default=None)
    where: Where | None = field(default=None, kw_only=True)
    part: ClassVar[str] = "checkbox"
    is_group: ClassVar[bool] = True
    slot: ClassVar[bool] = False

    @override
    def bind(self, name: str, info: FieldInfo | None) -> Self:
        return replace(super().bind(name, info), required=bool(self.required))

    @override
    def hint(self, choices: Choices) -> str:
        if not choices.items:
            return say("nothing_to_choose")
        return say("more_choices", count=len(choices.items)) if choices.cut else ""

    @override
    def show(self, value: object) -> str:
        return join_keys(key_text(other) for other in cast("Iterable[Any]", value or ()))

    @override
    def typed(self, texts: Sequence[str]) -> str:
        return join_keys(texts)

    @override
    def read(self, typed: str) -> Taken:
        keys = split_keys(typed)  # the form finds the entities when it has read the rows
        return keys or (BLANK if self.required else [])

    @override
    def control(self, attributes: Attributes, shown: str, choices: Choices) -> Html:
        return checkboxes(attributes, self.name, split_keys(shown), choices)
