"""Light or dark: what the visitor chose, and the switch with which they choose.

A cookie remembers the choice, so that the page arrives with it: there is no flash of the other one,
and no script that a content security policy would have to allow. Without a choice the style sheet
follows the visitor's system.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from nitro_runtime.html import Fieldset, Html, Input, Label, Legend, Span, expr
from nitro_runtime.views.theme import Theme, current_theme
from nitro_runtime.views.words import say

Scheme = Literal["light", "dark"]

SCHEME_COOKIE = "nitro_scheme"
"""Holds ``light`` or ``dark``; it is there when the visitor chose one, and readable by scripts."""

_SECONDS = 400 * 24 * 60 * 60
"""As long as browsers keep a cookie (RFC 6265bis, section 5.5)."""

# What the switch shows is what <html data-theme> says. The bar of a phone's browser takes its colour
# from <meta name="theme-color">: that of the header, or of the page where the switch is in none.
_SHOW = (
    "document.documentElement.dataset.theme = value;"
    " document.querySelectorAll('meta[name=theme-color]').forEach(meta => meta.content ="
    " getComputedStyle(el.closest('header') ?? document.body).backgroundColor)"
)
_INIT = expr(
    "const value = document.documentElement.dataset.theme ?? '';"
    f" el.querySelectorAll('input').forEach(one => one.checked = one.value === value); {_SHOW}"
)
_CHANGE = expr(
    f"const value = evt.target.value; document.cookie = '{SCHEME_COOKIE}=' + value"
    f" + '; path=/; samesite=lax; max-age=' + (value ? {_SECONDS} : 0)"
    f" + (location.protocol === 'https:' ? '; secure' : ''); {_SHOW}"
)


def chosen_scheme(cookies: Mapping[str, str]) -> Scheme | None:
    """Returns what the visitor chose by the switch; None leaves it to their system.

    Args:
        cookies: The request's, by name; what is neither light nor dark counts for nothing.
    """
    chosen = cookies.get(SCHEME_COOKIE)
    return chosen if chosen in ("light", "dark") else None


def scheme_switch(theme: Theme | None = None) -> Html:
    """Returns the switch between the system's colours, light and dark: three radio buttons.

    It stands once on a page, best in the header. Without JavaScript it works until the visitor
    leaves the page.

    Args:
        theme: The classes of its parts; the current theme when left out.
    """
    classes = theme or current_theme()
    choices = (("", "scheme_system"), ("light", "scheme_light"), ("dark", "scheme_dark"))
    return Fieldset(
        Legend(say("scheme"), cls=classes["hidden_text"]),
        [_choice(value, say(word), classes) for value, word in choices],
        cls=classes["scheme"],
        init=_INIT,
        on_change=_CHANGE,
    )


def _choice(value: str, label: str, classes: Theme) -> Html:
    # A browser that goes back fills radio buttons in as they were left, which may be out of date.
    control = Input(type="radio", name="scheme", value=value, autocomplete="off")
    return Label(control, Span(label, cls=classes["hidden_text"]), title=label)
