"""A page's part in browser storage: the element that keeps entities and sends them along.

Nothing here knows what is kept: it is a text, which `nitro_runtime.web.browser_storage` reads.
"""

from __future__ import annotations

from nitro_runtime.html import Div, Html, expr, js

BROWSER_SIGNAL = "nitroBrowser"
"""The signal by which a page sends what its browser keeps: ``{tab, kept}``."""

# Seen in Chromium with Datastar 1.0.4. The text counts its writings up front, so an answer that was
# overtaken by a newer one, in this tab or another, gives way to what is stored. Other tabs are told by
# the browser; a page that comes back from its cache has missed that.
_KEPT = "localStorage.getItem({key}) ?? ''"
_KEEP = (
    "parseInt(${signal}.kept) >= (parseInt((localStorage.getItem({key}) ?? '').slice(0, 15)) || 0)"
    " ? localStorage.setItem({key}, ${signal}.kept) : (${signal}.kept = {kept})"
)
_TOLD = "evt.key === {key} && (${signal}.kept = evt.newValue ?? '')"
_SHOWN = "${signal}.kept = {kept}"


def browser_html(place: str, tab: str | None) -> Html:
    """Returns the element that keeps and sends entities; first in the body, before all that asks.

    Args:
        place: Where in localStorage they are kept.
        tab: The signed id of the tab; None for a page without a stream.
    """
    key = js(place)
    words = {"key": key, "kept": _KEPT.format(key=key), "signal": BROWSER_SIGNAL}
    return Div(
        id="nitro-browser",
        hidden=True,
        signals=expr(
            "{" + f"{BROWSER_SIGNAL}: {{tab: {js(tab or '')}, kept: {words['kept']}}}" + "}"
        ),
        effect=expr(_KEEP.format(**words)),
        on_storage__window=expr(_TOLD.format(**words)),
        on_pageshow__window=expr(_SHOWN.format(**words)),
    )
