"""One field of one form: its control, its label, its help and errors, together or each by itself.

A form's own markup is made of these, and so is any that an application writes by hand, in tags or in
a template.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from nitro_runtime.html import Div, Fieldset, Fragment, Html, Label, Legend, P, Span, expr
from nitro_runtime.html.attributes import attribute_name
from nitro_runtime.views.asking import CHECK, asking
from nitro_runtime.views.choices import Choices
from nitro_runtime.views.fields import CheckboxField, FormField, HiddenField
from nitro_runtime.views.form_state import FormState
from nitro_runtime.views.nested_fields import RowsField
from nitro_runtime.views.theme import Theme
from nitro_runtime.views.words import say

_BOXES = "[...el.querySelectorAll(':checked')].map(box => box.value)"

_OPTIONS = frozenset({"autocomplete", "placeholder"})
"""Attributes of a control that its field has too."""


@dataclass(frozen=True, slots=True)
class BoundField:
    """A field with what it shows now. Rendered, it is the whole block.

    Attributes:
        field: The declaration.
        state: What its form shows.
        theme: The classes.
        stem: What its id begins with.
    """

    field: FormField
    state: FormState
    theme: Theme
    stem: str

    @property
    def name(self) -> str:
        """The name that it is posted under."""
        return self.field.name

    @property
    def id(self) -> str:
        """The id of its control, or of the fieldset around several."""
        return f"{self.stem}-{self.field.name}"

    @property
    def label(self) -> str:
        """What people call it."""
        return self.field.label or self.field.name

    @property
    def required(self) -> bool:
        """Whether it must be filled in."""
        return bool(self.field.required)

    @property
    def value(self) -> str:
        """The text in its control."""
        return self.state.shown.get(self.field.name, "")

    @property
    def choices(self) -> Choices:
        """What can be chosen in it; empty for a field without choices."""
        return self.state.choices.get(self.field.name, Choices())

    @property
    def errors(self) -> Sequence[str]:
        """What is wrong with it, as sentences."""
        return self.state.errors.get(self.field.name, ())

    @property
    def help(self) -> str:
        """What is said below its control; empty when nothing is."""
        return " ".join(filter(None, (self.field.help, self.field.hint(self.choices))))

    @property
    def help_id(self) -> str | None:
        """The id of the element with its help; None without help."""
        return f"{self.id}-help" if self.help else None

    @property
    def error_id(self) -> str | None:
        """The id of the element with its errors; None without errors."""
        return f"{self.id}-error" if self.errors else None

    def control(self, **attributes: object) -> Html:
        """Returns the control alone, tied to its label, help and errors by ids.

        Args:
            attributes: Further attributes, or others in place of its own: ``cls="wide"``.
        """
        own = {
            "id": self.id,
            "name": self.field.name,
            "class": self.theme[self.field.part],
            "required": self.field.required,
            "autofocus": self.id == self.state.focus or None,
            "aria-invalid": "true" if self.errors else None,
            "aria-describedby": self._described(),
        }
        if self.field.is_checked and not self.field.is_group:
            own["data-on:change"] = asking(CHECK, "el.name", self.field.told)
        options = {name: value for name, value in attributes.items() if name in _OPTIONS}
        each = replace(self.field, **cast("Any", options))
        own |= {
            attribute_name(name): value
            for name, value in attributes.items()
            if name not in _OPTIONS
        }
        return each.control(own, self.value, self.choices)

    def notes(self) -> Html:
        """Returns its help and errors, in the element that is patched as a visitor leaves it."""
        return self._notes()

    def answer(self) -> Html:
        """Returns its help and errors for a visitor who has just left it, and tells the control."""
        # twice the same expression runs once, so each says all of it
        told = expr(
            "const control = document.getElementById(el.dataset.control);"
            " for (const [name, text] of {}) text ? control?.setAttribute(name, text)"
            " : control?.removeAttribute(name)",
            [
                ["aria-invalid", "true" if self.errors else ""],
                ["aria-describedby", self._described() or ""],
            ],
        )
        return self._notes(role="alert", init=told, data_control=self.id)

    def _notes(self, role: str | None = None, **attributes: Any) -> Html:  # noqa: ANN401 # of a tag
        errors = P(" ".join(self.errors), id=self.error_id, cls=self.theme["error"], role=role)
        return Div(
            P(self.help, id=self.help_id, cls=self.theme["help"]) if self.help else None,
            errors if self.errors else None,
            id=f"{self.id}-notes",
            cls=self.theme["notes"],
            **attributes,
        )

    def block(self) -> Html:
        """Returns the field with its label, help and errors."""
        each, theme = self.field, self.theme
        if isinstance(each, RowsField):
            return self.state.rows[each.name].html(theme)
        if isinstance(each, HiddenField):
            return self.control()
        if each.is_group:
            return Fieldset(
                Legend(self.label, self._optional(), cls=theme["label"]),
                self.control(),
                self._notes(),
                {"data-on:change": asking(CHECK, "el.dataset.field", _BOXES)}
                if each.is_checked
                else None,
                id=self.id,
                data_field=each.name,
                tabindex="-1",  # the summary of what is wrong leads here
                cls=theme["field_group"],
                aria_describedby=self._described(),
            )
        box = isinstance(each, CheckboxField)
        label = Label(
            self.label, None if box else self._optional(), for_=self.id, cls=theme["label"]
        )
        return Div(
            [self.control(), label] if box else [label, self.control()],
            self._notes(),
            cls=theme["field_check" if box else "field"],
        )

    def _described(self) -> str | None:
        own = self.field.tied(self.id)
        return " ".join(filter(None, (own, self.help_id, self.error_id))) or None

    def _optional(self) -> Html | None:
        if self.field.required:
            return None
        return Fragment(" ", Span(f"({say('optional')})", cls=self.theme["optional"]))

    def __html__(self) -> Html:
        return self.block()

    def __str__(self) -> str:
        return self.block()
