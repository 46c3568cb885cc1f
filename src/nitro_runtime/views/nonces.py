"""The nonce of a page's content security policy, which is another one in each answer.

Markup holds one placeholder for it. Only `with_nonce`, which the web layer calls on its way to one
visitor, puts the nonce there, so that markup may be kept and shared.
"""

from __future__ import annotations

import secrets

from nitro_runtime.html import Html, raw

PLACEHOLDER = f"nonce-{secrets.token_hex(16)}"
"""Stands for the nonce in markup; no visitor ever sees it, so none can write it."""


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
    if PLACEHOLDER not in markup:
        return raw(markup)
    if value is not None:
        return raw(markup.replace(PLACEHOLDER, value))
    without = markup.replace(f' data-nonce="{PLACEHOLDER}"', "")
    return raw(without.replace(f' nonce="{PLACEHOLDER}"', ""))
