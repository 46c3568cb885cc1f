"""The stream of each tab: ``/events``, the current state of its live views, then every change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import ExitStack, aclosing

from nitro_runtime.errors import BadSignature, Refused
from nitro_runtime.events import signed_in
from nitro_runtime.sse import hub
from nitro_runtime.views import view_from_key
from nitro_runtime.web import gate, session
from nitro_runtime.web.live import Group, live, patch_of
from nitro_runtime.web.replies import STREAM_HEADERS, reload_patch, stale_tab
from nitro_runtime.web.request import Reply, Request

log = logging.getLogger(__name__)

MOST_VIEWS = 32
"""Live views of one page."""

BROKEN_VIEW_SECONDS = 5.0
"""How long a stream lasts of whose views one could not be shown."""


async def events(request: Request) -> Reply:
    """Opens the stream of a tab: the current state of its live views, then every change."""
    keys = list(dict.fromkeys(request.query.getlist("view")))
    if len(keys) > MOST_VIEWS:
        raise Refused(422, f"A page may have at most {MOST_VIEWS} live views.")
    try:
        tab = session.check_tab(request, request.query.get("tab", ""))
    except Refused as error:  # the app has a new secret key, or the browser lost its cookies
        if not request.is_datastar:
            raise
        return stale_tab(error, has_views=bool(keys))
    client = session.session_id(request)
    gate.streams.check(client)
    topics = [f"tab:{tab}"]
    if signed_in(user := await request.load_user()):  # frameworks have objects for nobody too
        topics.append(f"user:{getattr(user, 'id', user)}")
    return Reply(200, list(STREAM_HEADERS), _stream(request, client, topics, keys))


async def _stream(
    request: Request, client: str, topics: list[str], keys: list[str]
) -> AsyncIterator[bytes]:
    with ExitStack() as stack:
        stack.enter_context(gate.streams.held(client))
        mark = live.changes
        groups: list[Group] = []
        first: list[bytes] = []
        broken = False
        for key in keys:
            try:
                group, event = await _open_view(key, request)
            except BadSignature:
                first.append(reload_patch())
            except Exception:  # the other views of the page go on
                log.exception("a live view could not be read or rendered")
                broken = True
            else:
                stack.callback(live.leave, group)
                groups.append(group)
                first.append(event)
        subscription = hub.subscribe([*topics, *(group.topic for group in groups)], first=first)
        if live.changes != mark:  # something was saved after a view was read, before this line
            for group in groups:
                group.touch()
        if broken:  # the browser comes back by itself, and the view may be readable then
            end = asyncio.get_running_loop().call_later(BROKEN_VIEW_SECONDS, subscription.close)
            stack.callback(end.cancel)
        async with aclosing(subscription):
            async for event in subscription:
                yield event


async def _open_view(key: str, request: Request) -> tuple[Group, bytes]:
    """Reads a view, renders it, and watches what it shows."""
    view = await view_from_key(key, request)
    event = patch_of(view)
    return live.watch(view.view_group, view.view_topics, view.refresh), event
