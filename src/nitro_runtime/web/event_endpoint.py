"""The stream of each tab: ``/events``, the current state of its live views, then every change."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from functools import partial

from nitro_runtime.brokers import caught_up
from nitro_runtime.errors import BadSignature, NitroError, Refused
from nitro_runtime.events import Context, signed_in
from nitro_runtime.sse import emit_signals, hub
from nitro_runtime.sse.frames import Frame
from nitro_runtime.sse.subscription import Subscription
from nitro_runtime.views import view_from_key
from nitro_runtime.views.page_stream import CONNECTED, MOST_TOPICS, REFUSED
from nitro_runtime.web import event_stream, gate, session, stream_limits
from nitro_runtime.web.closing import user_topic
from nitro_runtime.web.event_stream import Stack
from nitro_runtime.web.live import Group, live, patch_of
from nitro_runtime.web.replies import reload_patch, stale_tab
from nitro_runtime.web.request import Reply, Request
from nitro_runtime.web.topics import Admitted, admit

log = logging.getLogger(__name__)

_LOADED = re.compile(r"[0-9.]{1,32}")

MOST_VIEWS = 32
"""Live views of one page."""

BROKEN_SECONDS = 5.0
"""How long a stream lasts of whose views or topics one could not be shown."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a stream was asked for, and by whom.

    Attributes:
        ctx: Who asks.
        who: Has it counted as theirs: the user, or the browser where nobody is signed in.
        own: The topic of the signed-in user; None when nobody is signed in.
        views: The keys of its live views.
        topics: Those that it may listen to.
        refused: Whether there are others.
        ended: How often streams had been ended before it was asked who this is.
    """

    ctx: Context
    who: str
    own: str | None
    views: list[str]
    topics: list[Admitted]
    refused: bool
    ended: int


async def events(request: Request) -> Reply:
    """Opens the stream of a tab: the current state of its live views and topics, then every change.

    The query names the ``tab``, each ``view`` and ``topic``, and when the page was loaded, ``load``. A topic that the visitor may not listen
    to is refused with 403. A page's other views and topics go on without it, and it is told so: Datastar
    would ask for the same for ever.
    """
    gate.check_rate(request)
    views = _named(request, "view", MOST_VIEWS, "live views")
    names = _named(request, "topic", MOST_TOPICS, "topics")
    try:
        tab = session.check_tab(request, request.query.get("tab", ""))
    except Refused as error:  # the app has a new secret key, or the browser lost its cookies
        if not request.is_datastar:
            raise
        return stale_tab(error, has_views=bool(views))
    ended = hub.ended
    user = await request.load_user()
    own = user_topic(user) if signed_in(user) else None  # frameworks have objects for nobody too
    who = own or f"session:{session.session_id(request)}"
    stream_limits.streams.check(who)
    ctx = Context(user=user if own else None, tab=tab, request=request)
    topics = [found for name in names if (found := await admit(name, ctx)) is not None]
    refused = len(topics) < len(names)
    if refused and not request.is_datastar:
        raise Refused(403, "You may not listen to this topic.")
    stream_limits.streams.check(who)  # others may have come while the rules were asked
    asked = Asked(ctx, who, own, views, topics, refused, ended)
    return event_stream.reply(request, partial(begin, asked))


def _named(request: Request, name: str, most: int, what: str) -> list[str]:
    found = list(dict.fromkeys(request.query.getlist(name)))
    if len(found) > most:
        raise Refused(422, f"A page may have at most {most} {what}.")
    return found


async def begin(asked: Asked, stack: Stack) -> Subscription:
    """Reads what a stream begins with, and opens it.

    Args:
        asked: What it was asked for.
        stack: Undoes at the stream's end what is done here.
    """
    try:
        stack.enter_context(stream_limits.streams.held(asked.who))
    except Refused:  # the status is sent by now: the client comes back, and is told then
        return _ended()
    await caught_up()  # or a stream that was elsewhere could not be told here what it missed
    request: Request = asked.ctx.request
    page = _page_of(asked)
    opened = await _open_views(asked, stack)
    state = Frame(b"")
    subscription = hub.subscribe(
        [
            f"tab:{asked.ctx.tab}",
            *([page] if page else []),
            *([asked.own] if asked.own else []),
            *(found.name for found in asked.topics),
            *(group.topic for group in opened.groups),
        ],
        first=[*_greeting(asked), *opened.first, state],
        last_event_id=request.headers.get("last-event-id"),
        resume=page,
        whole=[found.name for found in asked.topics if found.is_whole],
    )
    stack.callback(subscription.close)
    if live.changes != opened.mark:  # something was saved after a view was read, before this line
        for group in opened.groups:
            group.touch()
    # Read while it listens already: what is told meanwhile comes after it, perhaps a second time.
    whole = await _whole_state(asked)
    if whole is None or opened.broken:  # the browser comes back by itself; it may work by then
        end = asyncio.get_running_loop().call_later(BROKEN_SECONDS, subscription.close)
        stack.callback(end.cancel)
    state.data = b"".join(whole or ())
    if whole:
        _with_state.add(subscription)
        stack.callback(_with_state.discard, subscription)
    if asked.own and hub.has_ended(asked.own, asked.ended):  # they logged out meanwhile
        subscription.close()
    return subscription


def _ended() -> Subscription:
    """Returns a stream that says when to come back, and nothing else."""
    subscription = hub.subscribe(())
    subscription.close()
    return subscription


def _page_of(asked: Asked) -> str | None:
    """Returns the topic of one page in one tab, which has one stream at a time.

    A client that does not say when it was loaded may have as many as it likes.
    """
    loaded = asked.ctx.request.query.get("load", "")
    return f"page:{asked.ctx.tab}:{loaded}" if _LOADED.fullmatch(loaded) else None


def _greeting(asked: Asked) -> list[bytes]:
    """Returns what a page is told at first: that it is connected, and whether to all its topics."""
    request: Request = asked.ctx.request
    if not request.is_datastar:
        return []
    return [_REFUSED if asked.refused else _CONNECTED]


_CONNECTED = emit_signals(CONNECTED).encode()
_REFUSED = emit_signals(REFUSED).encode()

_with_state: set[Subscription] = set()


def _read_state_anew() -> None:
    """Ends the streams that began with a state of which changes are missing; they come back for it."""
    for subscription in tuple(_with_state):
        subscription.close()


hub.on_resync(_read_state_anew)


@dataclass(slots=True)
class _Opened:
    """The live views of a stream.

    Attributes:
        groups: What they watch.
        first: Their events.
        broken: Whether one could not be shown.
        mark: How many changes there had been before the first was read.
    """

    groups: list[Group]
    first: list[bytes]
    broken: bool
    mark: int


async def _open_views(asked: Asked, stack: Stack) -> _Opened:
    opened = _Opened([], [], broken=False, mark=live.changes)
    for key in asked.views:
        try:
            group, event = await _open_view(key, asked.ctx.request)
        except Exception as error:  # the other views of the page go on
            if isinstance(error, BadSignature) or _is_for_visitor(error):
                opened.first.append(reload_patch())
                continue
            log.exception("a live view could not be read or rendered")
            opened.broken = True
        else:
            stack.callback(live.leave, group)
            opened.groups.append(group)
            opened.first.append(event)
    return opened


def _is_for_visitor(error: Exception) -> bool:
    """Whether a view says that it is not for this visitor any more, as after a logout."""
    return isinstance(error, NitroError) and error.status < 500


async def _open_view(key: str, request: Request) -> tuple[Group, bytes]:
    """Reads a view, renders it, and watches what it shows."""
    view = await view_from_key(key, request)
    event = patch_of(view)
    return live.watch(view.view_group, view.view_topics, view.refresh), event


async def _whole_state(asked: Asked) -> list[bytes] | None:
    """Returns the state of the topics that have one; None when it cannot be read."""
    try:
        return [event for found in asked.topics for event in await found.first(asked.ctx)]
    except Exception:  # views and other topics go on
        log.exception("the state of a topic could not be read or rendered")
        return None
