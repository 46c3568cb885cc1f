"""Who a browser is to Nitro: its session cookie, its tabs, and the notices on their way to it.

The session is a random name for a browser, not a login: who acts is the host's authentication's
business. A tab id is random too and signed together with the session, so that a tab id that was
seen elsewhere opens nothing in another browser.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from typing import Any

from nitro_runtime.errors import BadSignature, Refused
from nitro_runtime.signing import is_signature, sign, signature, unsign
from nitro_runtime.views import Notice
from nitro_runtime.web.request import Request

SESSION_COOKIE = "nitro_session"
NOTICES_COOKIE = "nitro_notices"
VISITOR_COOKIE = "nitro_visitor"
VISITOR_SECONDS = 400 * 24 * 3600
"""As long as browsers keep a cookie (RFC 6265bis, section 5.5)."""

MOST_NOTICES = 5

# 128 bits in base64url.
_RANDOM = re.compile(r"[A-Za-z0-9_-]{22}")
_LONGEST_NOTICE = 140
_MOST_BYTES = 2_900


def session_id(request: Request) -> str:
    """Returns the session of the browser; a browser without one is given a new one."""
    known = request.kept.get("session")
    if known is None:
        known = request.cookies.get(SESSION_COOKIE, "")
        if not _RANDOM.fullmatch(known):
            known = secrets.token_urlsafe(16)
            request.kept["new_session"] = True
        request.kept["session"] = known
    return known


def visitor(request: Request) -> str:
    """Returns the visitor that a browser stays for when it was closed; empty when it has none."""
    known = request.kept.get("visitor") or request.cookies.get(VISITOR_COOKIE, "")
    return known if _RANDOM.fullmatch(known) else ""


def keep_visitor(request: Request) -> str:
    """Returns the visitor of a browser, made when there is none, and has the browser keep it."""
    known = visitor(request) or secrets.token_urlsafe(16)
    request.kept["visitor"] = known
    return known


def new_tab(request: Request) -> str:
    """Returns a new tab id, ``<random>.<signature>``, that is good in this browser only."""
    random = secrets.token_urlsafe(16)
    return f"{random}.{signature('tab', f'{session_id(request)}|{random}')}"


def check_tab(request: Request, tab: str) -> str:
    """Returns the tab id when it was made for this browser.

    Raises:
        Refused: 403.
    """
    random, _, given = tab.partition(".")
    session = request.cookies.get(SESSION_COOKIE, "")
    if not (
        _RANDOM.fullmatch(session)
        and _RANDOM.fullmatch(random)
        and is_signature("tab", f"{session}|{random}", given)
    ):
        raise Refused(403, "This tab belongs to another session; reload the page.")
    return tab


# -- notices ------------------------------------------------------------------------------------


def add_notice(request: Request, notice: Notice | str) -> None:
    """Keeps a notice for the next page that this browser gets."""
    kept = Notice(notice) if isinstance(notice, str) else notice
    take_notices(request).append(kept)
    request.kept["notices_changed"] = True


def take_notices(request: Request) -> list[Notice]:
    """Returns the notices that wait for this browser; a reply that shows them must clear them."""
    if "notices" not in request.kept:
        request.kept["notices"] = _read_notices(request.cookies.get(NOTICES_COOKIE, ""))
    return request.kept["notices"]


def clear_notices(request: Request) -> None:
    """Says that the waiting notices were shown."""
    if take_notices(request):
        request.kept["notices_changed"] = True
    request.kept["notices"] = []


def _read_notices(cookie: str) -> list[Notice]:
    try:
        rows: list[Any] = json.loads(unsign("notices", cookie)) if cookie else []
    except BadSignature:  # an old key, or a stranger's; nothing is lost but a sentence
        return []
    return [Notice(text, kind=kind) for text, kind in rows]


def _write_notices(notices: Sequence[Notice]) -> str:
    """Signs the newest notices, as many as a cookie can hold (4 KiB, RFC 6265)."""
    rows = [[notice.text[:_LONGEST_NOTICE], notice.kind] for notice in notices[-MOST_NOTICES:]]
    while len(text := json.dumps(rows, ensure_ascii=False).encode()) > _MOST_BYTES:
        rows.pop(0)
    return sign("notices", text.decode()) if rows else ""


# -- cookies ------------------------------------------------------------------------------------


def set_cookies(request: Request) -> list[tuple[str, str]]:
    """Returns the ``set-cookie`` headers that the reply to this request needs."""
    headers: list[tuple[str, str]] = []
    if request.kept.get("new_session"):
        headers.append(_cookie(request, SESSION_COOKIE, session_id(request)))
    if "visitor" in request.kept:
        name, value = _cookie(request, VISITOR_COOKIE, request.kept["visitor"])
        headers.append((name, f"{value}; Max-Age={VISITOR_SECONDS}"))
    if request.kept.get("notices_changed"):
        headers.append(_cookie(request, NOTICES_COOKIE, _write_notices(take_notices(request))))
    return headers


def _cookie(request: Request, name: str, value: str) -> tuple[str, str]:
    """A cookie for as long as the browser runs; an empty value removes it (RFC 6265)."""
    parts = [f"{name}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
    if request.scheme == "https":
        parts.append("Secure")
    if not value:
        parts.append("Max-Age=0")
    return "set-cookie", "; ".join(parts)
