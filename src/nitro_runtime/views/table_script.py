"""What the controls of a table do where there is JavaScript.

Every control is a form or a link first. With JavaScript, a GET of the page's own address patches the
table. The code reads addresses and texts from the elements, so no data is ever part of it.
"""

from __future__ import annotations

from nitro_runtime.html import expr

# one request replaces the other, because Datastar cancels by method and address ("?")
_SEARCH = (
    "history.replaceState(null, '', '?' + new URLSearchParams("
    "[...new FormData({form})].filter(pair => pair[1]))); @get('?', {{contentType: 'form'}})"
)
SEARCH_FORM = expr(_SEARCH.format(form="el"))
SEARCH_INPUT = expr(_SEARCH.format(form="el.form"))
FOLLOW = expr(
    "if (!evt.ctrlKey && !evt.metaKey && !evt.shiftKey) { evt.preventDefault();"
    " history.replaceState(null, '', el.getAttribute('href')); @get(el.getAttribute('href')) }"
)
