"""What can be done with one entity: the buttons at the end of a row and at the foot of a card."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nitro_runtime.errors import ViewError, suggestion
from nitro_runtime.html import A, Button, Fragment, Html, expr
from nitro_runtime.html import Form as FormTag
from nitro_runtime.schema import humanize
from nitro_runtime.views.components.confirm import HAS_CONFIRM
from nitro_runtime.views.csrf import CsrfNames, csrf_field, csrf_option
from nitro_runtime.views.marks import Marks
from nitro_runtime.views.model import key_of, label_of
from nitro_runtime.views.theme import Theme
from nitro_runtime.views.words import say

ACTIONS = ("edit", "delete")

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")

# The code reads addresses and questions from the element, so no data is ever part of it.
_POST = "@post(el.getAttribute('action'), {{contentType: 'form'{csrf}}})"
_ASKED_POST = f"({HAS_CONFIRM} || confirm(el.dataset.confirm)) && {_POST}"


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
) -> Html:
    """Returns what can be done with one entity, for a compiled row or card."""
    made: list[object] = []
    for action in actions:
        if isinstance(action, RowAction):
            made.append(_custom(action, slug, theme, marks, csrf))
        elif isinstance(action, str):
            made.append(_MAKERS[action](slug, theme, marks, csrf))
        else:
            made.append(marks.place(action))
    return Fragment(*made)


def _key(marks: Marks[Any]) -> str:
    return marks.place(key_of, "text")


def _label(marks: Marks[Any]) -> str:
    return marks.place(label_of, "text")


def _edit(slug: str, theme: Theme, marks: Marks[Any], _: CsrfNames | None) -> Html:
    return A(
        say("edit"),
        href=f"/{slug}/{_key(marks)}/edit",
        aria_label=say("edit_one", label=_label(marks)),
        cls=theme["button_small"],
    )


def _delete(slug: str, theme: Theme, marks: Marks[Any], csrf: CsrfNames | None) -> Html:
    button = Button(
        say("delete"),
        type="submit",
        aria_label=say("delete_one", label=_label(marks)),
        cls=theme["button_delete"],
    )
    question = say("confirm_delete", label=_label(marks))
    return _posting(button, f"/{slug}/{_key(marks)}/delete", question, theme, csrf)


def _custom(
    action: RowAction, slug: str, theme: Theme, marks: Marks[Any], csrf: CsrfNames | None
) -> Html:
    button = Button(
        action.shown,
        type="submit",
        aria_label=f"{action.shown} {_label(marks)}",
        cls=theme["button_delete" if action.danger else "button_small"],
    )
    question = action.confirm and action.confirm.replace("{label}", _label(marks))
    return _posting(button, f"/{slug}/{_key(marks)}/{action.name}", question, theme, csrf)


def _posting(
    button: Html, address: str, question: str | None, theme: Theme, csrf: CsrfNames | None
) -> Html:
    """Returns a form of one button: it works without JavaScript, and asks first where there is one."""
    code = _ASKED_POST if question else _POST
    return FormTag(
        csrf_field(csrf),
        button,
        method="post",
        action=address,
        cls=theme["inline_form"],
        data_confirm=question,
        on_submit=expr(code.format(csrf=csrf_option(csrf))),
    )


_MAKERS: Mapping[str, Any] = {"edit": _edit, "delete": _delete}
