"""The content security policy of pages (W3C CSP Level 3), with a nonce of its own for each answer."""

from __future__ import annotations

import secrets

from nitro_runtime.errors import ConfigurationError
from nitro_runtime.web.request import Request

OWN_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Datastar compiles its expressions by scripts with the page's nonce, so nothing is evaluated
        "script-src 'self' 'nonce-{nonce}'",
        "style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
"""Everything from this site alone, and no script that the app did not write."""


def policy_of(given: bool | str) -> str | None:
    """Returns the policy that ``install(csp=...)`` chooses, or None.

    Raises:
        ConfigurationError: It has no place for the nonce, or is no header.
    """
    if given is True:
        return OWN_POLICY
    if not given:
        return None
    if "{nonce}" not in given or "\n" in given or "\r" in given:
        raise ConfigurationError(
            "A content security policy is one line with {nonce} in it, as in"
            " script-src 'self' 'nonce-{nonce}'."
        )
    return given


def nonce_of(request: Request) -> str | None:
    """Returns the nonce of the answer to a request; None where no policy is sent."""
    if request.site.csp is None:
        return None
    if "nonce" not in request.kept:
        request.kept["nonce"] = secrets.token_urlsafe(16)
    return request.kept["nonce"]


def policy_headers(request: Request) -> list[tuple[str, str]]:
    """Returns the header with the policy; nothing where none is sent."""
    nonce = nonce_of(request)
    if nonce is None:
        return []
    return [("content-security-policy", (request.site.csp or "").replace("{nonce}", nonce))]
