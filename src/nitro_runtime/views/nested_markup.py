"""How the rows of a form look: one fieldset, a group of controls for each row, and its buttons.

The buttons are submit buttons: with Datastar the form sends itself and gets the fieldset back, without
JavaScript it gets the whole page back. Which button was pressed is in the post either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nitro_runtime.html import Button, Div, Fieldset, Html, Input, Legend, P, Span, expr
from nitro_runtime.views.bound_fields import BoundField
from nitro_runtime.views.form_state import FormState
from nitro_runtime.views.nested_rows import KEY, REMOVE, REMOVED, VERSION, Row, RowSet
from nitro_runtime.views.theme import Theme
from nitro_runtime.views.words import say

# without JavaScript the page is loaded anew, and `autofocus` does the same
_FOCUS = "document.getElementById(el.dataset.focus)?.focus()"


def render_rows(rows: RowSet, theme: Theme) -> Html:
    """Returns the fieldset of all rows."""
    name, bound = rows.field.name, rows.field
    errors = rows.errors
    help_id = f"{rows.id}-help" if bound.help else None
    error_id = f"{rows.id}-error" if errors else None
    state = rows.state()
    return Fieldset(
        Legend(bound.label, cls=theme["label"]),
        # the first button of a form is the one that Enter presses: it must not be one of a row
        Button(type="submit", hidden=True, tabindex="-1"),
        P(bound.help, id=help_id, cls=theme["help"]) if bound.help else None,
        P(" ".join(errors), id=error_id, cls=theme["error"]) if errors else None,
        [_row(rows, row, state, theme) for row in rows.visible],
        [_gone(rows, row) for row in rows.rows if row.removed],
        _status(rows, theme),
        Button(
            say("add_row", entity=rows.form.info.label.lower()),
            type="submit",
            name=f"{name}-add",
            value="1",
            id=f"{rows.id}-add",
            autofocus=state.focus == f"{rows.id}-add",
            cls=theme["row_add"],
        ),
        id=rows.id,
        tabindex="-1",  # the summary of what is wrong leads here
        cls=theme["rows"],
        aria_describedby=" ".join(filter(None, (help_id, error_id))) or None,
    )


def _row(rows: RowSet, row: Row, state: FormState, theme: Theme) -> Html:
    row_id = f"{rows.stem}-{rows.name_of(row, '')}"
    title = rows.title(row)
    texts: Sequence[str] = row.reading.errors.get("", ())
    error_id = f"{row_id}-error" if texts else None
    blocks = [
        BoundField(replace(each, name=rows.name_of(row, name)), state, theme, rows.stem).block()
        for name, each in rows.form.fields.items()
    ]
    return Div(
        _stored(rows, row),
        P(" ".join(texts), id=error_id, cls=theme["error"]) if texts else None,
        blocks,
        Button(
            say("remove_row"),
            type="submit",
            name=rows.name_of(row, REMOVE),
            value="1",
            aria_label=say("remove_one_row", row=title),
            cls=theme["row_remove"],
        ),
        id=row_id,
        role="group",
        tabindex="-1" if texts else None,
        aria_label=title,
        aria_describedby=error_id,
        cls=theme["row"],
    )


def _stored(rows: RowSet, row: Row) -> list[Html]:
    """What a row says of the stored entity: which, and as of when."""
    known = {KEY: row.key or None, VERSION: row.version}
    return [
        Input(type="hidden", name=rows.name_of(row, name), value=value)
        for name, value in known.items()
        if value is not None
    ]


def _gone(rows: RowSet, row: Row) -> list[Html]:
    """What remains of a stored row until the form is saved: that it is to be deleted."""
    removed = Input(type="hidden", name=rows.name_of(row, REMOVED), value="1")
    return [*_stored(rows, row), removed]


def _status(rows: RowSet, theme: Theme) -> Html:
    """Says what has just been done, and moves the focus there; an element of its own each time."""
    spoken = rows.spoken
    told = None
    if spoken is not None:
        told = Span(
            spoken.text,
            id=f"{rows.id}-said-{spoken.number}-{len(rows.visible)}",
            data_focus=spoken.focus,
            init=expr(_FOCUS),
        )
    return P(told, id=f"{rows.id}-status", role="status", cls=theme["help"])
