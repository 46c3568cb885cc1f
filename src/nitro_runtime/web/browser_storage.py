"""Browser storage on the web: what a request brings of it, what its answer takes back, whose it is.

A page holds a signal (`BROWSER_SIGNAL`), which Datastar sends with each request: the tab's id and the
text that the browser keeps. Entities read the text, and what they save goes back as a patch of that
signal: at the end of a command or query, in the reply to any other request of Datastar's, and, for
routes that reply otherwise, at once through the stream of the tab that asked.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from nitro_runtime import context
from nitro_runtime.context import Visit
from nitro_runtime.errors import Refused
from nitro_runtime.events import signed_in
from nitro_runtime.schema import entities_generation, registered_entities
from nitro_runtime.sse import SignalsPatch, emit_signals
from nitro_runtime.views import BROWSER_SIGNAL
from nitro_runtime.web import session
from nitro_runtime.web.closing import user_topic
from nitro_runtime.web.request import Request

_ANSWER = "browser_answer"
_VISIT = "browser_visit"
_UNREADABLE = "?"
"""Stands for what came and is no text; no text that was ever signed is this one."""


def is_used() -> bool:
    """Whether an entity is kept in browsers, so that pages must bring storage along."""
    return _is_used(entities_generation())


@lru_cache(maxsize=1)  # asked for every page
def _is_used(_: int) -> bool:
    return any(entity.__entity_options__.backend == "browser" for entity in registered_entities())


def storage_key(request: Request) -> str:
    """Returns where the browser keeps what belongs to whoever is signed in, or to its visitor.

    Each has a place of their own: signing out shows another one, and leaves this as it is.

    Raises:
        ConfigurationError: Who is signed in is not known yet, or cannot be told from others.
    """
    owner = _owner(request, session.keep_visitor(request))
    digest = hashlib.sha256(f"nitro browser storage {owner}".encode()).digest()
    return f"nitro:{urlsafe_b64encode(digest[:16]).rstrip(b'=').decode()}"


def _owner(request: Request, visitor: str) -> str:
    """Returns who owns what came: the user, who is the same everywhere, or the visitor of a browser."""
    user = request.user
    return user_topic(user) if signed_in(user) else f"visitor:{visitor}"


# -- what came ----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Answer:
    """Where the new text goes.

    Attributes:
        tab: The tab that asked, if its page has a stream.
        held: Whether somebody asks for the patch at the end.
        patch: The newest patch, until it is taken.
    """

    tab: str | None = None
    held: bool = False
    patch: SignalsPatch | None = None

    def send(self, text: str) -> None:
        """Takes a text for the browser to keep."""
        self.patch = emit_signals({BROWSER_SIGNAL: {"kept": text}})
        if not self.held and self.tab is not None:
            context.deliver(self.tab, self.patch)


def _find_visit() -> Visit | None:
    """Returns the visit of the current request when its signals were read and brought storage."""
    request: Request | None = context.current_request()
    if request is None:
        return None
    brought = request.kept.get("signals", {}).get(BROWSER_SIGNAL)
    visitor = session.visitor(request)
    if brought is None or (not visitor and not signed_in(request.user)):
        return None
    if _VISIT not in request.kept:
        request.kept.setdefault(_VISIT, _visit(request, brought, visitor))
    return request.kept[_VISIT]


def _visit(request: Request, brought: Any, visitor: str) -> Visit:  # noqa: ANN401 # input from outside
    values = cast("dict[str, Any]", brought) if isinstance(brought, dict) else dict[str, Any]()
    kept, tab = values.get("kept"), values.get("tab")
    answer = _answer(request)
    answer.tab = _checked(request, tab) if isinstance(tab, str) else None
    text = kept if isinstance(kept, str) else _UNREADABLE
    return Visit(_owner(request, visitor), text, answer.send)


def _checked(request: Request, tab: str) -> str | None:
    try:
        return session.check_tab(request, tab)
    except (Refused, UnicodeEncodeError):  # a page from before a change of the key: it gets a reply
        return None


def _answer(request: Request) -> _Answer:
    return request.kept.setdefault(_ANSWER, _Answer())


context.on_visit(_find_visit)


# -- what goes back -----------------------------------------------------------------------------


def hold(request: Request) -> None:
    """Says that `release` will be asked at the end, so that nothing is sent before."""
    if BROWSER_SIGNAL in request.kept.get("signals", ()):
        _answer(request).held = True


def release(request: Request) -> list[bytes]:
    """Returns the events that take what was saved back to the browser; at most one, and once."""
    answer: _Answer | None = request.kept.get(_ANSWER)
    if answer is None:
        return []
    patch, answer.patch, answer.held = answer.patch, None, False
    return [] if patch is None else [patch.encode()]


def forget(request: Request) -> None:
    """Forgets what was saved and not taken back: the request failed."""
    answer: _Answer | None = request.kept.get(_ANSWER)
    if answer is not None:
        answer.patch = None
