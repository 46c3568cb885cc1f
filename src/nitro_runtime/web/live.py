"""Live views: when an entity changes, every open view that shows it is rendered and morphed.

Views that would look the same form one group (same key, same scope); a group is rendered once,
however many tabs watch it, at once after a change and then at most every 50 ms. Nothing is kept
between requests: a tab that comes back is sent the current state. A rendering is for all who watch and
belongs to nobody: it sees no context variable of whoever made the change.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextvars import Context
from threading import Lock
from typing import Any

from nitro_runtime import context
from nitro_runtime.sse import Hub, emit_elements
from nitro_runtime.sse import hub as process_hub

log = logging.getLogger(__name__)

INTERVAL = 0.05
"""Seconds between two renderings of one group, at least."""

RETRIES = (0.25, 1.0, 4.0, 15.0)
"""Seconds after which a rendering that failed is tried again, as when the database was busy."""

Render = Callable[[], Awaitable[Any]]
"""Reads the view anew and returns it, ready to be turned into text."""


def topic_of(group: str) -> str:
    """Returns the hub's topic for a group of views."""
    return "view:" + hashlib.sha256(group.encode()).hexdigest()[:32]


def patch_of(view: Any) -> bytes:  # noqa: ANN401 # any view
    """Renders a view as the event that morphs it into place."""
    return emit_elements(view).encode()


class Group:
    """Views that look the same, watched by one tab or more on one event loop."""

    def __init__(
        self, key: tuple[int, str], topics: Iterable[str], render: Render, hub: Hub
    ) -> None:
        self.key = key
        self.topic = key[1]
        self.topics = frozenset(topics)
        self.watchers = 0
        self._render = render
        self._hub = hub
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._changed = False
        self._failures = 0

    def touch(self) -> None:
        """Says, from any thread, that what the group shows has changed."""
        try:
            self._loop.call_soon_threadsafe(self._start)
        except RuntimeError:  # that loop is closed, and its tabs with it
            log.debug("a view's event loop is closed")

    def _start(self) -> None:
        self._changed = True
        if self._task is None and self.watchers:
            # This runs in the context of whoever changed something: their request, their language.
            self._task = self._loop.create_task(self._work(), context=Context())

    async def _work(self) -> None:
        """Renders now; then, for as long as changes come, once an interval."""
        try:
            while self._changed and self.watchers:
                self._changed = False
                started = self._loop.time()
                if await self._publish():
                    self._failures = 0
                else:
                    self._try_again()
                await asyncio.sleep(started + INTERVAL - self._loop.time())
        finally:
            self._task = None
        if self._changed:  # said while the last interval ended
            self._start()

    async def _publish(self) -> bool:
        try:
            self._hub.publish(self.topic, patch_of(await self._render()), replaces=True)
        except Exception:  # one broken view must not end the others; the tab keeps what it shows
            log.exception("a live view could not be rendered")
            return False
        return True

    def _try_again(self) -> None:
        """Renders later, without waiting for another change: the tabs still miss the last one."""
        if self._failures < len(RETRIES):
            self._loop.call_later(RETRIES[self._failures], self._start)
            self._failures += 1

    def stop(self) -> None:
        """Ends what is under way: nobody watches any more."""
        if self._task:
            self._task.cancel()


class Live:
    """The groups that are watched in this process. Safe across threads.

    Args:
        hub: Where renderings are published.
    """

    def __init__(self, hub: Hub = process_hub) -> None:
        self._hub = hub
        self._groups: dict[tuple[int, str], Group] = {}
        self._lock = Lock()
        self.changes = 0
        """Goes up with every change; who sees it unchanged has missed none."""

    def watch(self, group: str, topics: Iterable[str], render: Render) -> Group:
        """Adds a watcher to a group; called on the event loop that serves the watcher's stream.

        Args:
            group: What distinguishes this view from those that look otherwise.
            topics: The tables whose changes it shows.
            render: Reads the view anew, for the group's later renderings.
        """
        with self._lock:
            key = id(asyncio.get_running_loop()), topic_of(group)
            watched = self._groups.get(key)
            if watched is None:
                watched = self._groups[key] = Group(key, topics, render, self._hub)
            watched.watchers += 1
        return watched

    def leave(self, group: Group) -> None:
        """Removes a watcher; a group without any is forgotten."""
        with self._lock:
            group.watchers -= 1
            if not group.watchers:
                del self._groups[group.key]
                group.stop()

    def changed(self, change: context.Change) -> None:
        """Has every group rendered that shows what changed, here or elsewhere; from any thread."""
        self.changes += 1
        if self._groups:
            with self._lock:
                touched = [g for g in self._groups.values() if change.topic in g.topics]
            for group in touched:
                group.touch()

    def changed_unknown(self) -> None:
        """Has every group rendered: anything may have changed elsewhere, unheard here."""
        self.changes += 1
        with self._lock:
            groups = list(self._groups.values())
        for group in groups:
            group.touch()

    @property
    def watched(self) -> int:
        """The number of groups that somebody watches."""
        return len(self._groups)


live = Live()
"""The live views of this process."""

context.on_change(live.changed)
context.on_remote_change(live.changed)
process_hub.on_resync(live.changed_unknown)
