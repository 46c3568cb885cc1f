"""What a page asks of its form before it is sent, and how: as signals, to the form's own address.

The form's address, names and texts are read from the elements, so nothing of them is ever part of the
code. Each control asks by itself, so that no request of one cancels another's, or the form's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from nitro_runtime.html import JsExpr, expr
from nitro_runtime.views.csrf import csrf_option, current_csrf

CHECK = "nitro_field"
"""What a browser sends of a field that a visitor has just left: its name and its texts."""

SEARCH = "nitro_search"
"""What a browser sends to search among related rows: the name of the field and what was typed."""


def asking(what: str, name: str, texts: str) -> JsExpr:
    """Returns the code of a control that asks its form.

    Args:
        what: `CHECK` or `SEARCH`.
        name: Code whose value is the name of the field.
        texts: Code whose value is a list of texts.
    """
    csrf = csrf_option(current_csrf())
    # Datastar lets a request cancel the one before to the same address, whoever sent it. What stands
    # behind # is part of that address and is never sent: so a control cancels only its own last one,
    # never another's, and never the form that is on its way.
    return expr(
        f"@post(el.closest('form').getAttribute('action') + '#{what}-' + {name},"
        f" {{payload: {{{what}: {{name: {name}, values: {texts},"
        f" form: el.closest('form').id}}}}{csrf}}})"
    )


def asked(signals: Mapping[str, Any], what: str) -> tuple[str, list[str]] | None:
    """Returns the name and the texts that a page asks about; None when it asks for nothing such."""
    found = signals.get(what)
    if not isinstance(found, Mapping):
        return None
    given = cast("Mapping[str, object]", found)
    name, values = given.get("name"), given.get("values")
    if not isinstance(name, str) or not isinstance(values, Sequence) or isinstance(values, str):
        return None
    return name, [each for each in cast("Sequence[object]", values) if isinstance(each, str)]


def asked_of(signals: Mapping[str, Any]) -> str:
    """Returns the id of the form that asks; empty when none does."""
    for what in (CHECK, SEARCH):
        found = signals.get(what)
        if isinstance(found, Mapping):
            form = cast("Mapping[str, object]", found).get("form")
            return form if isinstance(form, str) else ""
    return ""
