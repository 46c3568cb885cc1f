"""Fields of a form that offer choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from typing_extensions import override

from nitro_runtime.html import Html, Option, Select
from nitro_runtime.schema import FieldInfo
from nitro_runtime.views.choices import (
    Choice,
    Choices,
    Source,
    Where,
    choices_from,
    choices_of_type,
)
from nitro_runtime.views.combobox import combobox
from nitro_runtime.views.field import Attributes, Complaint, FormField, Taken
from nitro_runtime.views.words import say


@dataclass(frozen=True)
class SelectField(FormField):
    """One of several choices.

    Attributes:
        choices: An enum, values, value to label, or pairs; from the entity's type when left out.
    """

    choices: Source | None = field(default=None)
    offered: Choices | None = field(default=None, kw_only=True)
    part: ClassVar[str] = "select"
    slot: ClassVar[bool] = False

    @override
    def bind(self, name: str, info: FieldInfo | None) -> Self:
        offered = choices_from(self.choices) if self.choices is not None else None
        if offered is None and info is not None:
            offered = choices_of_type(info)
        return replace(super().bind(name, info), offered=offered or Choices())

    @override
    def hint(self, choices: Choices) -> str:
        return say("more_choices", count=len(choices.items)) if choices.cut else ""

    @override
    def show(self, value: object) -> str:
        # an optional bool is posted as true and false
        return super().show(value).lower() if isinstance(value, bool) else super().show(value)

    @override
    def parse(self, text: str) -> Taken:
        return self.choose(text, self.offered or Choices())

    def choose(self, text: str, choices: Choices) -> Taken:
        """Returns the value of the choice that is posted as this text.

        Raises:
            Complaint: There is no such choice.
        """
        choice = choices.find(text)
        if choice is None:
            raise Complaint(say("one_of"))
        return choice.value

    @override
    def control(self, attributes: Attributes, shown: str, choices: Choices) -> Html:
        blank = None
        if not self.required or choices.find(shown) is None:
            blank = Option(say("choose" if self.required else "no_choice"), value="")
        options = [_option(choice, shown) for choice in choices.items]
        return Select(blank, options, dict(attributes))


def _option(choice: Choice, shown: str) -> Html:
    return Option(choice.shown, value=choice.text, selected=choice.text == shown)


@dataclass(frozen=True)
class RelationField(SelectField):
    """Another entity, chosen by its label: in a select, or by a search when there are many.

    ``RelationField(Customer, search=("name", "city"), where={"active": True})``

    Attributes:
        target: The entity class; from the entity's foreign key when left out.
        search: The fields that a search looks in; what people know the rows by when left out.
        where: Lookups that the rows must fulfil, or what returns them for each request. Nobody can
            choose another row.
    """

    choices: None = field(default=None, init=False)
    target: type[Any] | str | None = field(default=None, kw_only=False)
    search: Sequence[str] = field(default=(), kw_only=True)
    where: Where | None = field(default=None, kw_only=True)

    @override
    def hint(self, choices: Choices) -> str:
        return ""

    @override
    def control(self, attributes: Attributes, shown: str, choices: Choices) -> Html:
        if choices.cut:
            return combobox(attributes, self.name, shown, choices, self.label or self.name)
        return super().control(attributes, shown, choices)

    @override
    def parse(self, text: str) -> Taken:
        return text  # the form chooses when it has read the rows
