"""What the controls of a table do where there is JavaScript.

Every control is a link or part of a GET form first. With JavaScript, the one element around the table
hears of what people do inside: it writes the new address into the browser's history and asks for it.
``@get('#')`` asks for the address that the browser shows; being one and the same address for
Datastar, each request cancels the one before, from whichever table of the page it came, so that no
late answer comes over a newer one. The code reads addresses and texts from the elements, so no data
is ever part of it.
"""

from __future__ import annotations

from nitro_runtime.html import expr
from nitro_runtime.views.page_stream import STREAM_ID

# Kept on the element, for the handlers below. `asked` is the address that was asked for last, and
# `failed` whether that came to nothing yet.
_GO = (
    "go: (address, state = null, how = 'pushState') => { history[how](state, '', address);"
    " el.table.ask() }"
)
_ASK = "ask: () => { el.table.asked = location.search; el.table.failed = false; @get('#') }"

# The form may stand anywhere in the table, and controls anywhere join it by the attribute "form".
# All columns ticked is what an address without columns says.
_ADDRESS = (
    "address: form => '?' + new URLSearchParams([...new FormData(form)].filter(([name, text]) =>"
    " text && (name !== form.dataset.columns"
    " || [...form.elements].some(box => box.type === 'checkbox' && !box.checked))))"
)

# What a person typed survives every patch (data-preserve-attr), so what is in the boxes must follow
# by hand when somebody goes to another state by a link or by the browser's buttons.
_FOLLOW = (
    "follow: () => { const asked = new URLSearchParams(location.search);"
    " for (const box of document.getElementById(el.id + '-form')?.elements ?? []) {"
    " if (box.type === 'checkbox') box.checked = !asked.has(box.name)"
    " || asked.getAll(box.name).join().split(',').includes(box.value);"
    " else if (box.name && box.type !== 'hidden') box.value = asked.get(box.name) ?? '' } }"
)
_OWN = "own: box => box.form?.id === el.id + '-form'"
_TABLE = f"el.table = {{ asked: location.search, {_GO}, {_ASK}, {_ADDRESS}, {_FOLLOW}, {_OWN} }}"

_CLICK = (
    "const link = evt.target.closest('a[href^=\"?\"]:not([download])');"
    " if (link && !evt.defaultPrevented && evt.button === 0"
    " && !(evt.ctrlKey || evt.metaKey || evt.shiftKey || evt.altKey)) { evt.preventDefault();"
    " el.table.go(link.getAttribute('href')); el.table.follow() }"
)
_SUBMIT = (
    "if (evt.target.id === el.id + '-form') { evt.preventDefault();"
    " el.table.go(el.table.address(evt.target)) }"
)

# The first letter makes an entry of the history, the next ones replace it, until the box is entered
# anew. What the address says already was sent by the Enter key, or was taken back meanwhile.
_INPUT = (
    "const box = evt.target; if (el.table.own(box) && !box.matches('select, [type=checkbox]')"
    " && (new URLSearchParams(location.search).get(box.name) ?? '') !== box.value)"
    " el.table.go(el.table.address(box.form), {typing: box.id},"
    " history.state?.typing === box.id ? 'replaceState' : 'pushState')"
)
_FOCUS = "if (history.state?.typing) history.replaceState(null, '')"

# a table without columns is none: the last one stays ticked
_CHANGE = (
    "const box = evt.target; if (el.table.own(box) && box.matches('select, [type=checkbox]')) {"
    " if (box.type === 'checkbox' && ![...box.form.elements].some(one => one.checked))"
    " box.checked = true; else el.table.go(el.table.address(box.form)) }"
)
_ESCAPE = (
    "if (evt.key === 'Escape') { const box = evt.target, menu = box.closest('details[open]');"
    " if (menu) { menu.open = false; menu.querySelector('summary').focus() }"
    " else if (box.type === 'search' && box.value) { evt.preventDefault(); box.value = '';"
    " box.dispatchEvent(new Event('input', {bubbles: true})) } }"
)

# going to a place within the page changes no state
_BACK = "if (el.table.asked !== location.search) { el.table.follow(); el.table.ask() }"

# What was asked for while the server was away: Datastar asks again after up to 30 seconds, and after an
# answer such as a proxy's 502 never. The stream is back sooner, with what was asked for before.
_AGAIN = (
    "const {type, el: asker} = evt.detail;"
    " if (asker === el) { if (['error', 'retrying', 'retries-failed'].includes(type))"
    " el.table.failed = true }"
    f" else if (el.table.failed && asker.id === '{STREAM_ID}' && type === 'datastar-patch-signals')"
    " el.table.ask()"
)

HANDLERS = {
    "init": expr(_TABLE),
    "on_click": expr(_CLICK),
    "on_submit": expr(_SUBMIT),
    "on_input__debounce_200ms": expr(_INPUT),
    "on_focusin": expr(_FOCUS),
    "on_change": expr(_CHANGE),
    "on_keydown": expr(_ESCAPE),
    "on_popstate__window": expr(_BACK),
    "data-on:datastar-fetch": expr(_AGAIN),
}
"""The attributes of the element around a table."""
