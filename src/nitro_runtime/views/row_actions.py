"""What can be done with one entity: the buttons at the end of a row and at the foot of a card."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nitro_runtime.errors import ViewError, suggestion
from nitro_runtime.html import A, Button, Fragment, Html, expr
from nitro_runtime.html import Form as FormTag
from nitro_runtime.html.compiled import Value
from nitro_runtime.schema import EntityInfo, humanize
from nitro_runtime.views.cells import key_value, label_value
from nitro_runtime.views.components.confirm import HAS_CONFIRM
from nitro_runtime.views.csrf import POST, CsrfNames, csrf_field, csrf_option
from nitro_runtime.views.marks import Marks
from nitro_runtime.views.model import key_of, label_of
from nitro_runtime.views.theme import Theme
from nitro_runtime.views.words import say

ACTIONS = ("edit", "delete")

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")

# The code reads addresses and questions from the element, so no data is ever part of it.
_ASKED_POST = f"({HAS_CONFIRM} || confirm(el.dataset.confirm)) && {POST}"


@dataclass(frozen=True, slots=True)
class RowAction:
    """A button of each row that posts to a route of the app: ``POST /products/7/archive``.

    ```python
    actions = ("edit", RowAction("archive", confirm="Archive {label}?"), "delete")
    ```

    Attributes:
        name: The last part of the address.
        label: What the button says; from the name when left out.
        confirm: What is asked first, with ``{label}`` for what people call the entity; nothing when
            left out.
        danger: Whether the button warns by its colour.
    """

    name: str
    label: str | None = None
    confirm: str | None = None
    danger: bool = False

    @property
    def shown(self) -> str:
        """What the button says."""
        return humanize(self.name.replace("-", "_")) if self.label is None else self.label


Action = str | RowAction | Callable[[Any], object]
"""``"edit"``, ``"delete"``, a `RowAction`, or a function of the entity that returns markup."""


def check_action(action: object) -> None:
    """Refuses what is no action of a row or card.

    Raises:
        ViewError: It is neither a known name, nor a `RowAction` with a name, nor a function.
    """
    if isinstance(action, RowAction):
        if not _NAME.fullmatch(action.name):
            raise ViewError(
                "The name of a RowAction is a part of an address, made of small letters, digits, - and _,"
                f" not {action.name!r}."
            )
    elif not callable(action) and action not in ACTIONS:
        raise ViewError(
            f"A table has no action {action!r}; it has 'edit' and 'delete', and takes functions"
            f" of the entity and RowAction({str(action)!r}).{suggestion(str(action), ACTIONS)}"
        )


def row_actions(
    slug: str,
    actions: Sequence[Action],
    theme: Theme,
    marks: Marks[Any],
    csrf: CsrfNames | None = None,
    info: EntityInfo | None = None,
) -> Html:
    """Returns what can be done with one entity, for a compiled row or card.

    Args:
        slug: Where its pages are.
        actions: What can be done.
        theme: The classes.
        marks: The marks of the row or card.
        csrf: What the host asks of posts.
        info: The description of the entities, where all are of one class; then it is quicker.
    """
    at = _Place(slug, theme, marks, csrf, info)
    made: list[object] = []
    for action in actions:
        if isinstance(action, RowAction):
            made.append(_custom(action, at))
        elif isinstance(action, str):
            made.append(_MAKERS[action](at))
        else:
            made.append(marks.place(action))
    return Fragment(*made)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where actions stand."""

    slug: str
    theme: Theme
    marks: Marks[Any]
    csrf: CsrfNames | None
    info: EntityInfo | None

    @property
    def address(self) -> str:
        """The address of the entity, with a mark for its key."""
        value = Value(key_of, "text") if self.info is None else key_value(self.info)
        return f"/{self.slug}/{self.marks.put(value)}"

    @property
    def label(self) -> str:
        """A mark for what people call the entity."""
        value = Value(label_of, "text") if self.info is None else label_value(self.info)
        return self.marks.put(value)


def _edit(at: _Place) -> Html:
    return A(
        say("edit"),
        href=f"{at.address}/edit",
        aria_label=say("edit_one", label=at.label),
        cls=at.theme["button_small"],
    )


def _delete(at: _Place) -> Html:
    button = Button(
        say("delete"),
        type="submit",
        aria_label=say("delete_one", label=at.label),
        cls=at.theme["button_delete"],
    )
    return _posting(button, f"{at.address}/delete", say("confirm_delete", label=at.label), at)


def _custom(action: RowAction, at: _Place) -> Html:
    button = Button(
        action.shown,
        type="submit",
        aria_label=f"{action.shown} {at.label}",
        cls=at.theme["button_delete" if action.danger else "button_small"],
    )
    question = action.confirm and action.confirm.replace("{label}", at.label)
    return _posting(button, f"{at.address}/{action.name}", question, at)


def _posting(button: Html, address: str, question: str | None, at: _Place) -> Html:
    """Returns a form of one button: it works without JavaScript, and asks first where there is one."""
    code = _ASKED_POST if question else POST
    return FormTag(
        csrf_field(at.csrf),
        button,
        method="post",
        action=address,
        cls=at.theme["inline_form"],
        data_confirm=question,
        on_submit=expr(code.format(csrf=csrf_option(at.csrf))),
    )


_MAKERS: Mapping[str, Callable[[_Place], Html]] = {"edit": _edit, "delete": _delete}
