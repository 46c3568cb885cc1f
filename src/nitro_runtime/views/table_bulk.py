"""Choosing rows of a table, and the bar with what can be done with them.

The bar is a plain form; the checkboxes in the rows join it by the attribute ``form``, so no form
stands within another. Without JavaScript everything is there and can be sent. With it the bar is
hidden until something is chosen, says how many rows that are, and asks before it deletes.
"""

from __future__ import annotations

from typing import Any

from nitro_runtime.html import Button, Html, Input, Label, Span, Td, Th, expr, raw
from nitro_runtime.html import Form as FormTag
from nitro_runtime.html.markup import escape_text
from nitro_runtime.views.cells import key_value, label_value
from nitro_runtime.views.components.confirm import HAS_CONFIRM
from nitro_runtime.views.csrf import POST, csrf_field, csrf_option
from nitro_runtime.views.marks import Marks
from nitro_runtime.views.table_rendering import Rendering
from nitro_runtime.views.words import say

ROW = "row"
EVERY = "every"
ACTION = "action"
STATE = "state"
TOTAL = "total"
"""The names of what is posted."""

# Everything is read from the page each time, so whatever a live update has brought is counted. A box
# keeps its tick through an update by itself; `hidden` is kept by the attribute beside it.
_SYNC = (
    "el.sync = () => { const boxes = [...el.elements].filter(box => box.name === 'row'),"
    " picked = boxes.filter(box => box.checked).length, every = el.elements.every,"
    " page = document.getElementById(el.id + '-page'), told = document.getElementById(el.id + '-count');"
    " if (every && picked < boxes.length) every.checked = false;"
    " if (page) { page.hidden = false; page.checked = picked > 0 && picked === boxes.length;"
    " page.indeterminate = picked > 0 && picked < boxes.length }"
    " el.count = every?.checked ? +el.elements.total.value : picked; el.hidden = !picked;"
    " const text = picked ? told.dataset.say.replace('{count}', el.count.toLocaleString("
    "document.documentElement.lang || undefined)) : '';"
    " if (told.textContent !== text) told.textContent = text };"
    " el.pick = to => { for (const box of el.elements) if (box.name === 'row') box.checked = to;"
    " if (!to && el.elements.every) el.elements.every.checked = false; el.sync() };"
    " el.sync(); new MutationObserver((_, seen) => el.isConnected ? el.sync() : seen.disconnect())"
    ".observe(document.getElementById(el.id.slice(0, -5)) ?? document.body,"
    " {childList: true, subtree: true})"
)
_CHANGE = (
    "if (evt.target.form === el || evt.target.id === el.id + '-page') {"
    " if (evt.target.id === el.id + '-page' || (evt.target.name === 'every' && evt.target.checked))"
    " el.pick(evt.target.checked); else el.sync() }"
)
# whoever means all that match posts no rows, which are only those of one page
_FORMDATA = "el.elements.every?.checked && evt.formData.delete('row')"
_SUBMIT = (
    "const question = evt.submitter?.dataset.confirm; el.done = false;"
    f" (!question || {HAS_CONFIRM} || confirm(question.replace('{{{{count}}}}', el.count)))"
    f" && {POST}"
)
# What was done leads to another page or to this one anew, by a patch at the end of the body; what was
# refused only tells why, and then the rows stay chosen.
_ANSWERED = (
    "if (evt.detail.el === el) { const {type, argsRaw} = evt.detail;"
    " if (type === 'datastar-patch-elements' && argsRaw.selector === 'body') el.done = true;"
    " if (type === 'finished' && el.done) el.pick(false) }"
)


def bulk_cell(at: Rendering, marks: Marks[Any]) -> Html | None:
    """Returns the cell with the checkbox that stands first in each row."""
    box = Input(
        type="checkbox",
        name=ROW,
        value=marks.put(key_value(at.table.info)),
        form=at.element_id("bulk"),
        aria_label=say("select_one", label=marks.put(label_value(at.table.info))),
        autocomplete="off",
        cls=at.theme["checkbox"],
    )
    return Td(box, cls=at.theme["bulk_cell"])


def bulk_heading(at: Rendering) -> Html | None:
    """Returns the heading above the checkboxes: one for all of the page, where there is a script."""
    box = Input(
        type="checkbox",
        id=at.element_id("bulk-page"),
        aria_label=say("select_page"),
        autocomplete="off",
        cls=at.theme["checkbox"],
        hidden=True,
        preserve_attr="hidden",
    )
    # a heading needs a text where the checkbox is not shown
    name = raw(
        f'<span class="{escape_text(at.theme["hidden_text"])}">{escape_text(say("select"))}</span>'
    )
    return Th(name, box, scope="col", cls=at.theme["bulk_cell"])


def bulk_bar(at: Rendering) -> Html | None:
    """Returns the bar with what can be done with the rows that are chosen."""
    actions = at.offered
    if not actions:
        return None
    plural = at.table.info.plural.lower()
    buttons = [
        Button(
            action.shown,
            type="submit",
            name=ACTION,
            value=action.name,
            data_confirm=action.question(plural),
            cls=at.theme["button_delete" if action.kind == "delete" else "button_small"],
        )
        for action in actions
    ]
    name = at.element_id("bulk")
    return FormTag(
        csrf_field(at.csrf),
        Input(type="hidden", name=STATE, value=at.state.query()),
        Input(type="hidden", name=TOTAL, value=at.shown.total),
        Span(
            id=f"{name}-count",
            role="status",
            cls=at.theme["bulk_count"],
            data_say=say("selected", count="{count}"),
            ignore_morph=True,
        ),
        _every(at),
        buttons,
        id=name,
        method="post",
        action=f"/{at.table.info.slug}/bulk",
        aria_label=say("bulk_actions"),
        autocomplete="off",
        cls=at.theme["bulk"],
        preserve_attr="hidden",
        init=expr(_SYNC),
        on_change__window=expr(_CHANGE),
        on_formdata=expr(_FORMDATA),
        on_submit=expr(_SUBMIT.format(csrf=csrf_option(at.csrf))),
        on_datastar_fetch=expr(_ANSWERED),
    )


def _every(at: Rendering) -> Html | None:
    """Returns the box for all rows that match, where a page does not hold them all."""
    if at.shown.total <= len(at.shown.rows):
        return None
    text = say("select_every", count=at.shown.total)
    box = Input(
        type="checkbox", name=EVERY, value="1", autocomplete="off", cls=at.theme["checkbox"]
    )
    return Label(box, text, cls=at.theme["bulk_every"])
