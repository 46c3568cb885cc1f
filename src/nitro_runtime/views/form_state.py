"""What one form shows: the texts, choices and sentences that its markup is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from nitro_runtime.html import Html
from nitro_runtime.views.choices import Choices
from nitro_runtime.views.field import FormField
from nitro_runtime.views.theme import Theme


class RowsView(Protocol):
    """The rows of one field, as they are shown."""

    @property
    def id(self) -> str:
        """The id of the element that holds them."""
        ...

    @property
    def stem(self) -> str:
        """What the ids of their controls begin with."""
        ...

    def html(self, theme: Theme) -> Html:
        """Returns them as markup."""
        ...

    def field_called(self, name: str) -> FormField | None:
        """Returns the field of a row that is posted under a name."""
        ...

    def label_of(self, name: str) -> str | None:
        """Returns what people call a control in a row; None when it is in none."""
        ...


@dataclass(frozen=True, slots=True)
class FormState:
    """What one form shows.

    Attributes:
        action: Where it posts to.
        cancel: Where its cancel link leads.
        submit: The text of its button.
        version: The version of what is edited, or None for something new.
        shown: The text in each field's control.
        choices: The choices of each select.
        errors: Sentences by field.
        form_errors: Sentences about the whole.
        rows: The rows of each field that has some.
        unsaved: Whether it shows what somebody sent and is not saved.
        keep: Whether what is typed in it survives a live update of the page.
        suffix: What tells it from another form of its kind on the page; empty for none.
        focus: The id of the control that has the focus when the page is loaded.
    """

    action: str
    cancel: str
    submit: str
    version: str | None
    shown: Mapping[str, str]
    choices: Mapping[str, Choices]
    errors: Mapping[str, Sequence[str]]
    form_errors: Sequence[str]
    rows: Mapping[str, RowsView] = field(default_factory=dict[str, RowsView])
    unsaved: bool = False
    keep: bool = True
    suffix: str = ""
    focus: str = ""
