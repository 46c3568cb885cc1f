"""Fields of a form that offer choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self, cast, get_args

from typing_extensions import override

from nitro_runtime.html import Div, Fragment, Html, Input, Label, Option, Select
from nitro_runtime.schema import FieldInfo
from nitro_runtime.views.choices import (
    Choice,
    Choices,
    Source,
    Where,
    choices_from,
    choices_of_type,
    present_choice,
    text_of,
)
from nitro_runtime.views.combobox import combobox
from nitro_runtime.views.field import BLANK, Attributes, Complaint, FormField, Taken
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
        offered = with_present(choices, shown)
        options = [_option(choice, shown) for choice in offered]
        return Select(blank, options, dict(attributes))


def with_present(choices: Choices, shown: str) -> tuple[Choice, ...]:
    """Returns the choices, and what is stored now where it is none of them.

    A control that did not show it would post nothing, and saving unchanged would delete it. As it comes
    back untouched it is kept; as a new choice it is refused.
    """
    if not shown or choices.find(shown) is not None:
        return choices.items
    return (present_choice(shown), *choices.items)


def _option(choice: Choice, shown: str) -> Html:
    return Option(choice.shown, value=choice.text, selected=choice.text == shown)


@dataclass(frozen=True)
class RadioField(SelectField):
    """One of a few choices, all of them in sight.

    Attributes:
        choices: As of a `SelectField`.
    """

    part: ClassVar[str] = "checkbox"
    is_group: ClassVar[bool] = True

    @override
    def control(self, attributes: Attributes, shown: str, choices: Choices) -> Html:
        given = {name: attributes.get(name) for name in _OF_EACH}
        blank = () if self.required else (Choice("", None, "no_choice", is_word=True),)
        return Div(
            [
                Label(_radio(given, choice, shown), " ", choice.shown, cls="choice")
                for choice in (*blank, *with_present(choices, shown))
            ],
            cls="choices",
        )


_OF_EACH = ("name", "class", "required", "aria-invalid")


def _radio(attributes: Mapping[str, object], choice: Choice, shown: str) -> Html:
    chosen = choice.text == shown
    return Input(dict(attributes), type="radio", value=choice.text, checked=chosen)


@dataclass(frozen=True)
class CheckboxesField(SelectField):
    """Several of a few choices, each with a box: for ``list[Status]`` or ``list[Literal["a", "b"]]``.

    Attributes:
        choices: As of a `SelectField`; from the type of the list when left out.
    """

    part: ClassVar[str] = "checkbox"
    is_group: ClassVar[bool] = True

    @override
    def bind(self, name: str, info: FieldInfo | None) -> Self:
        bound = super().bind(name, info)
        inner = get_args(info.type)[:1] if info is not None else ()
        if self.choices is None and info is not None and inner:
            offered = choices_of_type(replace(info, type=inner[0]))
            bound = replace(bound, offered=offered or Choices())
        wanted = self.required
        if wanted is None:  # an empty list is an answer
            wanted = False
        return replace(bound, required=wanted)

    @override
    def show(self, value: object) -> str:
        return join_keys(text_of(each) for each in cast("Iterable[object]", value or ()))

    @override
    def typed(self, texts: Sequence[str]) -> str:
        return join_keys(texts)

    @override
    def read(self, typed: str) -> Taken:
        chosen = [self.choose(text, self.offered or Choices()) for text in split_keys(typed)]
        return chosen or (BLANK if self.required else [])

    @override
    def control(self, attributes: Attributes, shown: str, choices: Choices) -> Html:
        return checkboxes(attributes, self.name, split_keys(shown), choices)


def checkboxes(attributes: Attributes, name: str, chosen: Sequence[str], choices: Choices) -> Html:
    """Returns a box for each choice, and what says that the boxes were there."""
    given = {each: attributes.get(each) for each in ("name", "class", "aria-invalid")}
    boxes = [
        Label(
            Input(given, type="checkbox", value=choice.text, checked=choice.text in chosen),
            " ",
            choice.shown,
            cls="choice",
        )
        for choice in choices.items
    ]
    # the empty one makes that none checked means none
    return Fragment(Input(type="hidden", name=name, value=""), Div(boxes, cls="choices"))


def join_keys(texts: Iterable[str]) -> str:
    """Returns keys as the one text that a form keeps of a field, each once."""
    return "\n".join(dict.fromkeys(text for text in texts if text))


def split_keys(text: str) -> list[str]:
    """Returns the keys of a text that `join_keys` made."""
    return text.split("\n") if text else []


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
