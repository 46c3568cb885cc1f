"""What is the same on page after page: the document around title, head and body."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from nitro_runtime.html import (
    Attribute,
    Div,
    Fragment,
    Head,
    Html,
    Link,
    Main,
    Meta,
    Script,
    Title,
    doctype,
    expr,
    raw,
)
from nitro_runtime.html.attributes import render_attributes
from nitro_runtime.views.nonces import PLACEHOLDER
from nitro_runtime.views.schemes import Scheme

_HERE = raw("\0")  # which no text and no attribute can hold


@lru_cache
def page_frame(
    html: str,
    body: str,
    style: str | None,
    script: str | None,
    has_policy: bool,
) -> tuple[str, ...]:
    """Returns the document in four parts: before the title, after it, after the head, the end.

    Args:
        html: The attributes of ``<html>``, as `document_attributes` renders them.
        body: The attributes of ``<body>``, rendered.
        style: The address of the style sheet.
        script: The address of Datastar's file.
        has_policy: Whether a content security policy is sent, so that Datastar needs its nonce.
    """
    # attributes come as text: values of any type are told apart by what they say
    document = Fragment(
        doctype(),
        raw(f"<html{html}>"),
        Head(
            Meta(charset="utf-8"),
            Meta(name="viewport", content="width=device-width, initial-scale=1"),
            Title(_HERE),
            Link(rel="stylesheet", href=style) if style else None,
            Script(type="module", src=script, nonce=PLACEHOLDER if has_policy else None)
            if script
            else None,
            _HERE,
        ),
        raw(f"<body{body}>{_HERE}</body></html>"),
    )
    return tuple(document.split(_HERE))


def document_attributes(
    own: Mapping[str, Attribute], scheme: Scheme | None, *, has_policy: bool
) -> str:
    """Renders the attributes of ``<html>``.

    Args:
        own: Those of the page.
        scheme: Light or dark, when the visitor chose one.
        has_policy: Whether a content security policy is sent, so that Datastar needs its nonce.
    """
    nonce = PLACEHOLDER if has_policy else None
    return render_attributes({**own, "data-theme": scheme, "data-nonce": nonce})


@lru_cache
def main_frame(classes: str) -> tuple[str, ...]:
    """Returns ``<main>`` in two parts."""
    return tuple(Main(_HERE, id="main", cls=classes).split(_HERE))


def meta_html(meta: Mapping[str, str]) -> Html:
    """Returns the elements of ``<head>`` that tell about the page.

    Args:
        meta: By name: ``description``, ``robots``; names with a colon (``og:title``) are properties,
            and ``canonical`` is a link.
    """
    return Fragment(*[_meta(name, content) for name, content in meta.items()])


def _meta(name: str, content: str) -> Html:
    if name == "canonical":
        return Link(rel="canonical", href=content)
    return Meta({"property" if ":" in name else "name": name, "content": content})


# Moments and sums arrive in UTC and in plain digits; here they are said as the reader's browser says
# them, in the page's language where the reader prefers a dialect of it. A morph writes the server's
# text again, so every change of the page is looked at once more. Elements keep what they hold in
# attributes, and nothing of the page is ever part of the code.
_LOCALISE = expr(
    "const lang = document.documentElement.lang || 'en';"
    "const own = navigator.languages.find(one => one.split('-')[0] === lang.split('-')[0]) ?? lang;"
    "const kept = {};"
    "const known = (key, make) => kept[key] ??= make();"
    "const styles = {date: {dateStyle: 'medium'}, time: {timeStyle: 'short'},"
    " datetime: {dateStyle: 'medium', timeStyle: 'short'}};"
    "const moment = (one, kind) => {"
    " const text = one.dateTime;"
    " const day = kind === 'date' && /^\\d{4,}-\\d\\d-\\d\\d$/.test(text);"
    " const clock = kind === 'time' && /^\\d\\d:\\d\\d/.test(text);"
    " const value = new Date(day ? text + 'T00:00' : clock ? '2000-01-01T' + text : text);"
    " return known(kind, () => new Intl.DateTimeFormat(own, styles[kind])).format(value)};"
    "const sum = one => known(one.dataset.currency, () => new Intl.NumberFormat(own,"
    " {style: 'currency', currency: one.dataset.currency})).format(one.value);"
    "const write = (one, text) => one.textContent === text || (one.textContent = text);"
    "const attempt = (one, make) => { try { write(one, make()) } catch { } };"
    "const all = () => {"
    " document.querySelectorAll('time[data-local]').forEach("
    "one => attempt(one, () => moment(one, one.dataset.local)));"
    " document.querySelectorAll('data[data-currency]').forEach(one => attempt(one, () => sum(one)))};"
    "all();"
    "new MutationObserver(all).observe(document.body,"
    " {subtree: true, childList: true, characterData: true, attributes: true,"
    " attributeFilter: ['datetime', 'value', 'data-currency']})"
)

LOCALISING = Div(id="nitro-local", hidden=True, init=_LOCALISE)
"""The element by which a page says moments and sums as its reader does."""
