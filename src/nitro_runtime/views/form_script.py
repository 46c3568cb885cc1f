"""What a form does where there is JavaScript: sent once, never overwritten while it is filled in.

The code is the same for every form. What it needs it reads from the elements, so no address, name or
text of a page is ever part of it.
"""

from __future__ import annotations

from nitro_runtime.html import JsExpr, expr
from nitro_runtime.views.csrf import POST, csrf_option, current_csrf

UNSAVED = "data-unsaved"
"""The attribute of a form in which somebody typed what is not saved; CSS may read it too."""

# A second submit while the first is on its way would save twice.
_SUBMIT = f"${{busy}} || (el.setAttribute('data-unsaved', ''), {POST})"

_TOUCHED = expr("el.setAttribute('data-unsaved', '')")

# Every patch is heard of before it is applied. Datastar passes an element over when the old and the new
# one say data-ignore-morph, so the old one says it exactly while it must stay as it is: there is input,
# the patch answers nothing that this form asked, and what comes is this very form again (another one,
# say of the next row that somebody chose to edit, has another address). An answer to its own submit is
# the truth: Datastar compares attributes, so what was typed is written into them first, and a form that
# comes back empty is empty.
_ANSWERED = expr(
    "if (evt.detail.type === 'datastar-patch-elements') {"
    " const same = 'action=\"' + el.getAttribute('action').replaceAll('&', '&amp;') + '\"';"
    " el.toggleAttribute('data-ignore-morph', el.matches('[data-unsaved], :has([aria-expanded=true])')"
    " && !el.contains(evt.detail.el) && String(evt.detail.argsRaw.elements).includes(same));"
    " if (evt.detail.el === el) { for (const one of el.elements) {"
    " if (one.options) for (const each of one.options)"
    " each.toggleAttribute('selected', each.selected);"
    " else if (one.type === 'checkbox' || one.type === 'radio')"
    " one.toggleAttribute('checked', one.checked);"
    " else if (one.type === 'textarea') one.defaultValue = one.value;"
    " else if (one.type !== 'file' && one.type !== 'submit')"
    " one.setAttribute('value', one.moment?.utc() ?? one.value) }"
    " setTimeout(() => el.hasAttribute('data-unsaved')"
    " || el.querySelectorAll('[type=file]').forEach(one => one.value = '')) } }"
)

# Moments are sent in UTC, whatever the reader sees; what only looks for something is not sent at all.
_SENT = expr(
    "for (const one of el.elements) {"
    " if (one.moment) evt.formData.set(one.name, one.moment.utc());"
    " if (one.dataset.unsent !== undefined) evt.formData.delete(one.name) }"
)


def submitting(busy: str) -> JsExpr:
    """Returns the code that sends a form.

    Args:
        busy: The name of the signal that is true while it is on its way.
    """
    return expr(_SUBMIT.format(busy=busy, csrf=csrf_option(current_csrf())))


def handlers(*, guarded: bool) -> dict[str, JsExpr | bool]:
    """Returns the other attributes of a form.

    Args:
        guarded: Whether what is typed survives a live update of the page.
    """
    sent = {"data-on:formdata": _SENT}
    if not guarded:
        return dict(sent)
    return {
        **sent,
        "data-ignore-morph": True,
        "data-on:input": _TOUCHED,
        "data-on:chosen": _TOUCHED,
        "data-on:datastar-fetch__capture": _ANSWERED,
    }


MOMENT = expr(
    # Date reads a text without a zone as local time; a moment that nobody touched goes back as it came,
    # so that its part of a second, and the hour that a clock shows twice, stay what they are.
    "el.moment = {"
    " local: text => { if (!text) return ''; const at = new Date(text + 'Z');"
    " return new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, text.length) },"
    " utc: () => { const text = el.getAttribute('value') ?? '';"
    " if (el.value === el.moment.local(text)) return text;"
    " return el.value && new Date(el.value).toISOString().slice(0, -1).replace(/(:00)?\\.000$/, '') },"
    " show: () => { el.value = el.moment.local(el.getAttribute('value'));"
    " for (const name of ['min', 'max']) if (el.dataset[name])"
    " el[name] = el.moment.local(el.dataset[name]) } }; el.moment.show()"
)
"""Shows a moment of UTC as the clock of the reader says it."""

MOMENT_AGAIN = expr("el.moment.show()")
"""Shows it again after the server wrote another one."""

ZONE = expr("Intl.DateTimeFormat().resolvedOptions().timeZone")
"""The name of the reader's time zone."""
