"""The work behind the routes, the same by hand and through Nitro; no framework is named here."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Protocol

from pydantic import BaseModel, ValidationError

from nitro_runtime.events import anyone, command
from nitro_runtime.html import (
    H1,
    Body,
    Div,
    Fragment,
    Head,
    Html,
    HtmlTag,
    Li,
    Link,
    Main,
    Meta,
    Script,
    Title,
    Ul,
    doctype,
    raw,
)
from nitro_runtime.views import Confirm, Page, PageState, stream_html
from nitro_runtime.views.page_calls import calls_html
from nitro_runtime.views.page_frame import LOCALISING
from nitro_runtime.web import gate

KEY = "a key for the comparisons alone"
SESSION = "s" * 22
RANDOM = "t" * 22
STREAM = "text/event-stream"
PAGE_HEADERS = {"cache-control": "private, no-cache", "vary": "datastar-request"}
STREAM_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}
COMMAND = {"quantity": 5}
FACT: dict[str, object] = {"id": 1, "name": "Lamp", "price": 9.5, "tags": ["new", "light"]}


def lift_limits() -> None:
    """Lets one visitor send any number of commands: what is compared is not how it refuses."""
    gate.commands.per_second = gate.commands.burst = 1e9


class Restock(BaseModel):
    """What the command takes."""

    quantity: int


class Headers(Protocol):
    """A framework's own headers; it takes names in any case."""

    def get(self, key: str, /) -> str | None:
        """Returns the value of a header, or None."""
        ...


def content() -> list[Html]:
    """Returns what the page shows."""
    return [H1("Products"), Ul([Li(f"Product {n}", cls="item") for n in range(12)])]


# -- through Nitro ------------------------------------------------------------------------------


def page() -> Page:
    """Returns the page, which opens a stream."""
    return Page(*content(), title="Products")


@command("bench.restock", input=Restock, allow=anyone)
def restock(sent: Restock) -> dict[str, int]:
    """Answers with signals."""
    return {"stock": sent.quantity}


# -- by hand ------------------------------------------------------------------------------------


def document(cookies: Mapping[str, str], headers: Headers) -> str:
    """Returns the same document with the same tags, for a browser that has a session.

    As through Nitro: it shows what waits to be told, names a new tab that is good in this session
    alone, and would answer Datastar otherwise.

    Raises:
        Forbidden: The browser has no session yet, or asks for patches: not what is compared.
    """
    session = cookies.get("nitro_session", "")
    if len(session) != 22 or headers.get("datastar-request") or cookies.get("nitro_notices"):
        raise Forbidden
    random = secrets.token_urlsafe(16)
    return Fragment(
        doctype(),
        HtmlTag(
            Head(
                Meta(charset="utf-8"),
                Meta(name="viewport", content="width=device-width, initial-scale=1"),
                Title("Products"),
                Link(rel="stylesheet", href="/static/app.css"),
                Script(type="module", src="/static/datastar.js"),
            ),
            Body(
                raw(_BEFORE_CALLS + f"{random}.{_signature(session, random)}" + _AFTER_CALLS),
                Div(
                    id="notices",
                    cls="notices",
                    role="status",
                    aria_live="polite",
                    aria_label="Notices",
                ),
                Main(*content(), id="main", cls="main"),
                _AFTER_MAIN,
                raw(_BEFORE_TAB + f"{random}.{_signature(session, random)}" + _AFTER_TAB),
                cls="page",
            ),
            lang="en",
        ),
    )


_AFTER_MAIN = Fragment(LOCALISING, Confirm())
"""What says moments as their reader does, and asks before a deed; copied in the same way."""

_BEFORE_CALLS, _, _AFTER_CALLS = calls_html("TAB", PageState().commands_url).partition("TAB")
"""The element that lets the page call commands, copied in the same way."""

_BEFORE_TAB, _, _AFTER_TAB = stream_html("TAB", PageState().events_url).partition("TAB")
"""The element that opens the stream, which somebody has copied into a constant."""


class Forbidden(Exception):
    """The request did not come from a page of this site, or names another's tab."""


def signed_tab() -> str:
    """Returns the tab that the requests of the comparisons name."""
    return f"{RANDOM}.{_signature(SESSION, RANDOM)}"


def restocked(headers: Headers, session: str, tab: str, body: bytes) -> bytes:
    """Checks where a command came from, whose tab it names and what it sends, and does it.

    Raises:
        Forbidden: It must not be done.
        ValidationError: It sends something else.
    """
    if headers.get("sec-fetch-site") not in {"same-origin", "none"}:
        raise Forbidden
    random, _, given = tab.partition(".")
    if not hmac.compare_digest(given, _signature(session, random)):
        raise Forbidden
    sent = Restock.model_validate(json.loads(body))
    signals = json.dumps({"stock": sent.quantity}, separators=(",", ":"))
    return f"event: datastar-patch-signals\ndata: signals {signals}\n\n".encode()


def _signature(session: str, random: str) -> str:
    digest = hmac.digest(KEY.encode(), f"tab\0{session}|{random}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


REFUSALS = (Forbidden, ValidationError, ValueError)
