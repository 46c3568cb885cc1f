"""The connections to a server that wait for work, and what a cancelled task stops."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from typing import Any

import sqlalchemy as sa

from nitro_runtime.entities.sql.server import Link, Server

log = logging.getLogger(__name__)
_left_behind: list[Any] = []


class Pool:
    """The idle connections to a server; whoever takes one holds a slot. Safe from every thread."""

    def __init__(self, server: Server, engine: sa.Engine, size: int) -> None:
        self._server = server
        self._engine = engine
        self._size = size
        self._closed = False
        self._idle: list[Link] = []  # the last one used is taken first; append and pop are atomic
        _pools.add(self)

    def __len__(self) -> int:
        """Returns how many connections are idle."""
        return len(self._idle)

    def take(self) -> Link:
        """Returns an idle connection whose server is still there, else a new one."""
        while True:
            try:
                link = self._idle.pop()
            except IndexError:
                return self._server.connect(self._engine)
            if not link.is_stale():
                return link
            self.discard(link)

    def give(self, link: Link) -> None:
        """Takes a connection back."""
        full = self._closed or len(self._idle) >= self._size
        if full or link.doubtful or not self._server.is_quiet(link.connection):
            self.discard(link)
            return
        link.idle = True
        self._idle.append(link)

    def discard(self, link: Link) -> None:
        """Closes a connection; the server undoes what it has not committed."""
        self._server.close(link.connection)

    def clear(self) -> None:
        """Closes the idle connections."""
        idle, self._idle = self._idle, []
        for link in idle:
            self.discard(link)

    def close(self) -> None:
        """Closes the idle connections, and every other one that comes back."""
        self._closed = True
        self.clear()

    def after_fork(self) -> None:
        """Leaves the parent's connections alone, in a child: closing them would end the parent's."""
        _left_behind.append(self._idle)
        self._idle = []


_pools: weakref.WeakSet[Pool] = weakref.WeakSet()


def _after_fork() -> None:
    for pool in list(_pools):
        pool.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Errand:
    """What a thread does for a task: it knows the connection that a cancellation interrupts."""

    def __init__(self, server: Server, link: Link | None) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._link = link

    def holds(self, link: Link | None) -> None:
        """Notes the connection that works for the task now."""
        with self._lock:
            self._link = link

    def interrupt(self) -> None:
        """Stops what the server does for the task."""
        with self._lock:
            if self._link is not None:
                self._link.doubtful = True  # the order may arrive when the statement has ended
                try:
                    self._server.interrupt(self._link.connection)
                except self._server.error:
                    log.debug("a statement of %s could not be interrupted", self._server.name)
