"""A box that finds one of many rows as a visitor types (WAI-ARIA 1.2, the combobox pattern).

The key of the row is posted by a hidden field, and the text beside it, so that it works without
JavaScript too: the server then looks for what was typed. All that is open or marked is the browser's
own; what was found comes as a patch of the list. Keys and texts are read from the elements, so
nothing of them is ever part of the code.
"""

from __future__ import annotations

from collections.abc import Mapping

from nitro_runtime.html import Div, Html, Input, Li, P, Ul, expr
from nitro_runtime.views.asking import CHECK, SEARCH, asking
from nitro_runtime.views.choices import Choices, present_choice
from nitro_runtime.views.words import say

MOST_FOUND = 20
"""How many rows a search lists."""

_INIT = expr(
    "const one = role => el.querySelector(`[role=${role}]`);"
    " el.combo = { text: () => one('combobox'), list: () => one('listbox'),"
    " key: () => el.querySelector('[type=hidden]'),"
    " options: () => [...el.querySelectorAll('[role=option]')],"
    " marked: () => el.querySelector('[role=option][aria-selected=true]'),"
    " open: yes => { el.combo.list().hidden = !yes;"
    " el.combo.text().setAttribute('aria-expanded', yes);"
    " if (!yes) { el.combo.mark(null); one('status').textContent = '' } },"
    " mark: option => {"
    " for (const each of el.combo.options()) each.setAttribute('aria-selected', each === option);"
    " option ? el.combo.text().setAttribute('aria-activedescendant', option.id)"
    " : el.combo.text().removeAttribute('aria-activedescendant');"
    " option?.scrollIntoView({block: 'nearest'}) },"
    " move: step => { const all = el.combo.options(), now = all.indexOf(el.combo.marked());"
    " if (all.length) el.combo.mark(all[now < 0 && step < 0 ? all.length - 1"
    " : (now + step + all.length) % all.length]) },"
    " choose: option => { el.combo.key().value = option.dataset.key;"
    " el.combo.text().value = option.textContent; el.combo.open(false);"
    " el.dispatchEvent(new CustomEvent('chosen', {bubbles: true})) } }"
)
_TYPED = expr("el.combo.key().value = ''; el.combo.mark(null); el.combo.open(true)")
_KEYS = expr(
    "const combo = el.combo, open = !combo.list().hidden, step = {ArrowDown: 1, ArrowUp: -1}[evt.key];"
    " if (step) { evt.preventDefault(); if (!open) { combo.open(true);"
    " el.dispatchEvent(new CustomEvent('asked')) } combo.move(step) }"
    " else if (evt.key === 'Enter' && open) { evt.preventDefault();"
    " if (combo.marked()) combo.choose(combo.marked()) }"
    " else if (evt.key === 'Escape' && open) { evt.preventDefault(); combo.open(false) }"
)
_CLICK = expr(
    "const option = evt.target.closest('[role=option]'); if (option) el.combo.choose(option)"
)
_KEEP = expr("if (evt.target.closest('[role=listbox]')) evt.preventDefault()")  # the focus stays
_LEFT = expr("el.contains(evt.relatedTarget) || el.combo.open(false)")


def text_name(name: str) -> str:
    """Returns the name that the typed text of a combobox is posted under; no field is called so."""
    return f"{name}-text"


def combobox(
    attributes: Mapping[str, object], name: str, shown: str, choices: Choices, label: str
) -> Html:
    """Returns the control.

    Args:
        attributes: Those of the text box, as any control gets them.
        name: The name that the key is posted under.
        shown: The key of the chosen row; empty without one.
        choices: Choices among which the chosen row is.
        label: What people call the field.
    """
    given = dict(attributes)
    control_id = given["id"]
    is_checked = given.pop("data-on:change", None) is not None
    # what is stored and not offered any more comes back as it was, as of a select
    chosen = choices.find(shown) or (present_choice(shown) if shown else None)
    ask = asking(SEARCH, "el.dataset.field", "[el.combo.text().value]")
    text = Input(
        {**given, "name": text_name(name)},
        type="text",
        value=choices.typed or (chosen.shown if chosen else ""),
        role="combobox",
        autocomplete="off",
        aria_autocomplete="list",
        aria_expanded="false",
        aria_controls=f"{control_id}-list",
    )
    # what is checked is the key, when one was chosen or nothing is left of the text
    check = asking(CHECK, "el.dataset.field", "[el.combo.key().value]")
    left = expr(f"if (el.combo.key().value || !el.combo.text().value) {check}")
    return Div(
        Input(type="hidden", name=name, value=shown if chosen else ""),
        text,
        Ul(
            id=f"{control_id}-list",
            role="listbox",
            aria_label=label,
            hidden=True,
            cls="combobox-list",
        ),
        P(id=f"{control_id}-found", role="status", cls="help"),
        {
            "data-init": _INIT,
            "data-on:input": _TYPED,
            "data-on:input__debounce.200ms": ask,
            "data-on:asked": ask,
            "data-on:keydown": _KEYS,
            "data-on:click": _CLICK,
            "data-on:mousedown": _KEEP,
            "data-on:focusout": _LEFT,
            "data-on:change": left if is_checked else None,
            "data-on:chosen": left if is_checked else None,
        },
        id=f"{control_id}-combobox",
        data_field=name,
        cls="combobox",
    )


def found_patches(control_id: str, label: str, found: Choices, text: str) -> tuple[str, str]:
    """Returns the patches of the list and of what is said of it.

    Args:
        control_id: The id of the text box.
        label: What people call the field.
        found: The rows.
        text: What was searched for.
    """
    options = [
        Li(
            each.shown,
            id=f"{control_id}-option-{number}",
            role="option",
            aria_selected="false",
            data_key=each.text,
            cls="combobox-option",
        )
        for number, each in enumerate(found.items)
    ]
    listed = Ul(
        options,
        id=f"{control_id}-list",
        role="listbox",
        aria_label=label,
        data_preserve_attr="hidden",  # whether it is open is the browser's own
        cls="combobox-list",
    )
    if not options:
        said = say("nothing_found", search=text)
    elif found.cut:
        said = say("found_more", count=len(options))
    else:
        said = say("found_count", count=len(options))
    return listed, P(said, id=f"{control_id}-found", role="status", cls="help")
