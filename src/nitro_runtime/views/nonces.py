"""The nonce of a page's content security policy, which is another one in each answer.

Markup holds one placeholder for it. Only `with_nonce`, which the web layer calls on its way to one
visitor, puts the nonce there, so that markup may be kept and shared. Patches are made without one.
"""

from __future__ import annotations

from nitro_runtime.context import NONCE, without_nonce
from nitro_runtime.html import Html, raw

PLACEHOLDER = NONCE
"""Stands for the nonce in markup."""


def nonce() -> str:
    """Returns what stands for the nonce, for a script or style of your own.

    ``Script("start()", nonce=nonce())``. Without a policy (``install(app, csp=...)``) the attribute is
    left out of the page.
    """
    return PLACEHOLDER


def with_nonce(markup: str, value: str | None) -> Html:
    """Returns markup with the nonce in its places, or without its attributes.

    Args:
        markup: What was rendered.
        value: The nonce of this answer; None where no policy is sent.
    """
    return raw(without_nonce(markup) if value is None else markup.replace(PLACEHOLDER, value))
