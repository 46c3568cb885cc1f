"""Notices: short messages to the visitor, each shown once, in one live region of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from nitro_runtime.html import Button, Div, Html, P, expr
from nitro_runtime.views.theme import Theme, current_theme
from nitro_runtime.views.words import Words, current_words, say

NOTICES_ID = "notices"
"""The id of the live region."""

NoticeKind = Literal["success", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A short message to the visitor, shown once.

    What went well goes away by itself after some seconds, unless somebody points at it; the others
    stay until they are dismissed (WCAG 2.2, 2.2.1).

    Attributes:
        text: The message, plain text.
        kind: What it is about.
    """

    text: str
    kind: NoticeKind = "success"

    @property
    def patch_target(self) -> tuple[str, Literal["append"]]:
        """Where it goes in an open page: behind the notices that are there."""
        return f"#{NOTICES_ID}", "append"

    def __html__(self) -> Html:
        return _notice(self, current_theme())


def notices_html(notices: Sequence[Notice], theme: Theme | None = None) -> Html:
    """Returns ``<div id="notices">``, a live region, with the notices in it."""
    classes = theme or current_theme()
    if not notices:
        return _no_notices(classes, current_words())
    return _notice_area([_notice(notice, classes) for notice in notices], classes)


@lru_cache
def _no_notices(classes: Theme, words: Words) -> Html:
    del words
    return _notice_area([], classes)


def _notice_area(notices: list[Html], classes: Theme) -> Html:
    return Div(
        notices,
        id=NOTICES_ID,
        cls=classes["notices"],
        role="status",
        aria_live="polite",
        aria_label=say("notices"),
    )


_GO_AWAY = "el.matches(':hover, :focus-within') || el.remove()"
# what is told again takes the place of what said the same before, or a page would fill up with it
_ONCE = expr(
    "[...el.parentElement?.children ?? []].forEach("
    "one => one !== el && one.textContent === el.textContent && one.remove())"
)


def _notice(notice: Notice, theme: Theme) -> Html:
    return Div(
        P(notice.text),
        Button(
            say("dismiss"),
            type="button",
            # no selector by class: a theme may name the classes as it likes
            on_click="el.parentElement.remove()",
        ),
        cls=f"{theme['notice']} {theme['notice_' + notice.kind]}",
        on_interval__duration_10s=_GO_AWAY if notice.kind == "success" else None,
        init=_ONCE,
    )
