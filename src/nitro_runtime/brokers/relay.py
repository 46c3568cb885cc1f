"""The joint between a broker and the hub of this process: two threads and what waits for them.

One thread reads the log and places what stands there in the hub; the other appends what this
process has to say. Nobody else ever waits for the broker. As long as it does not serve, what is said
reaches this process's own streams at once and waits for the others.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import secrets
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Literal, cast

from nitro_runtime import context
from nitro_runtime.brokers.broker import START, Broker, Entry, Mark, Position
from nitro_runtime.brokers.outbox import MOST_BYTES, MOST_MESSAGES, Outbox
from nitro_runtime.brokers.wire import Message, decode
from nitro_runtime.errors import BrokerUnavailable
from nitro_runtime.sse import Hub, shutdown
from nitro_runtime.sse import hub as process_hub

log = logging.getLogger(__name__)

LARGEST = 8 << 20
"""Bytes of one broadcast that other processes get (8 MiB)."""

BLOCK_SECONDS = 1.0
"""How long one reading of the log waits."""

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0
"""Seconds between two attempts to reach a broker that does not serve: at first, and at most."""

FLUSH_SECONDS = 0.8
"""How long a process that ends waits for what it has said to be appended."""

_MOST_ORIGINS = 10_000

State = Literal["starting", "up", "down"]


class Seen:
    """Knows what has been read of each process, so that what was appended twice is taken once."""

    def __init__(self) -> None:
        self._numbers: OrderedDict[str, int] = OrderedDict()

    def is_new(self, message: Message) -> bool:
        """Whether a message was not read yet; from now on it was."""
        if message.number <= self._numbers.get(message.origin, 0):
            return False
        self._numbers[message.origin] = message.number
        self._numbers.move_to_end(message.origin)
        if len(self._numbers) > _MOST_ORIGINS:
            self._numbers.popitem(last=False)
        return True


class BrokerRelay:
    """Has a hub's broadcasts carried by a broker, and places in it what the broker brings.

    Safe from every thread. The threads start with the first use in a process, so also after a fork.

    Args:
        broker: Carries messages.
        hub: The hub; this process's when left out.
        announce: Is told of changes of entities in other processes.
        most_messages: How many messages may wait for the broker; beyond, other processes' streams are
            told to read their state anew.
        most_bytes: How many bytes may wait.
        largest: Bytes of one broadcast that other processes get.
    """

    def __init__(
        self,
        broker: Broker,
        hub: Hub = process_hub,
        announce: Callable[[context.Change], object] = context.announce_remote,
        *,
        most_messages: int = MOST_MESSAGES,
        most_bytes: int = MOST_BYTES,
        largest: int = LARGEST,
    ) -> None:
        self.broker = broker
        self._largest = largest
        self._hub = hub
        self._announce = announce
        self._limits = most_messages, most_bytes
        self._closed = False
        self._reset()
        _relays.add(self)

    def _reset(self) -> None:
        """Begins as a process that has said and read nothing."""
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._wake = threading.Condition(self._lock)
        self._stop = threading.Event()
        self._settled = threading.Event()
        self._threads: list[threading.Thread] = []
        self._outbox = Outbox(secrets.token_urlsafe(12), *self._limits)
        self._seen = Seen()
        self._mark: Mark | None = None
        self._history = START
        self._state: State = "starting"
        self._reads = self._writes = True
        self._stale = False
        self._since = 0.0

    # -- what is said -------------------------------------------------------------------------

    def send(self, topics: tuple[str, ...], data: bytes) -> int:
        """Takes a message for the streams of all processes; never waits.

        Returns:
            How many streams of this process it is on its way to.
        """
        if len(data) > self._largest:
            return self._send_here(topics, data)
        with self._lock:
            is_down = self._state == "down"
            if is_down:
                self._hub.place(topics, data, numbered=False)
            self._outbox.add("send", topics, data, shown=is_down)
            self._tell_writer()
        return self._hub.reach(topics)

    def _send_here(self, topics: tuple[str, ...], data: bytes) -> int:
        log.error(
            "a broadcast of %d bytes is too large for the broker (%d); streams of other processes are "
            "told to read their state anew",
            len(data),
            self._largest,
        )
        with self._lock:
            self._outbox.add("gap", shown=True)
            self._tell_writer()
        return self._hub.place(topics, data, numbered=False)

    def end(self, topic: str) -> None:
        """Has the other processes end their streams of a topic."""
        with self._lock:
            self._outbox.add("end", (topic,), shown=True)
            self._tell_writer()

    def changed(self, change: context.Change) -> None:
        """Tells the other processes that entities of a table changed."""
        with self._lock:
            self._outbox.change(f"{change.kind}:{change.topic}")
            self._tell_writer()

    def _tell_writer(self) -> None:
        if self._outbox.is_full:
            self._show()
            self._outbox.give_up()
            log.warning(
                "more waits for the broker at %s than may; streams are told to read their state anew",
                self.broker.place,
            )
        self._wake.notify_all()
        self.start()

    # -- its life -----------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """``starting``, ``up``, or ``down``: the broker does not serve, and this process is alone."""
        return self._state

    def start(self) -> None:
        """Starts the threads in this process, if they do not run yet."""
        with self._lock:
            if self._threads or self._closed:
                return
            self._threads = [
                threading.Thread(target=work, name=f"nitro-broker-{name}", daemon=True)
                for name, work in (("reader", self._read), ("writer", self._write))
            ]
            for thread in self._threads:
                thread.start()
        shutdown.watch(self.flush)

    async def caught_up(self, seconds: float = 1.0) -> None:
        """Waits until the recent history was read, or it is clear that the broker does not serve.

        Args:
            seconds: How long to wait at most.
        """
        self.start()
        if not self._settled.is_set():
            await asyncio.to_thread(self._settled.wait, seconds)

    def flush(self, seconds: float = FLUSH_SECONDS) -> None:
        """Waits until what was said is appended; not for a broker that does not serve.

        Called when the process is asked to stop: some servers end by the very signal, others end their
        workers without ``atexit``. Safe in a signal handler: it takes no lock, as the code that the
        signal interrupts may hold it.

        Args:
            seconds: How long to wait at most.
        """
        deadline = time.monotonic() + seconds
        while not self._is_idle and self._state != "down" and time.monotonic() < deadline:
            time.sleep(0.001)

    def close(self, seconds: float = FLUSH_SECONDS) -> None:
        """Ends it: what was said is still appended, if that takes no longer than the seconds given."""
        if self._closed:
            return
        with self._wake:
            self._closed = True
            self._wake.wait_for(lambda: self._is_idle or self._state == "down", seconds)
            self._stop.set()
            self._wake.notify_all()
        self.broker.close()
        for thread in self._threads:
            thread.join(seconds)

    @property
    def _is_idle(self) -> bool:
        return not self._outbox.has_unsent

    def forked(self) -> None:
        """Begins anew in a child process, which has none of the threads, and perhaps held locks."""
        self._hub.forked()
        self._reset()

    # -- the reader ---------------------------------------------------------------------------

    def _read(self) -> None:
        pauses = 0
        while not self._stop.is_set():
            try:
                mark = self._join()
                pauses = 0
                while not (self._stop.is_set() or self._stale):
                    mark = self._take(mark, self.broker.read(mark, BLOCK_SECONDS))
            except Exception as error:  # whatever a broker of one's own raises
                if not self._stop.is_set():
                    self._failed(error, reads=False)
                    self._pause(pauses)
                    pauses += 1

    def _join(self) -> Mark:
        last, self._stale = self._mark, False
        mark = self.broker.join(last)
        if last is None:
            self._history = mark.head
        if last is None or (last.epoch, last.position) != (mark.epoch, mark.position):
            if last is not None:
                log.warning(
                    "the broker at %s has not kept everything; open streams read their state anew",
                    self.broker.place,
                )
            self._hub.renew(mark.epoch, mark.position)
            with self._lock:
                self._outbox.send_again()
        self._mark = mark
        self._works(reads=True)
        if mark.position >= mark.head:
            self._settled.set()
        return mark

    def _take(self, mark: Mark, entries: list[Entry]) -> Mark:
        for position, entry in entries:
            self._mark = mark = replace(mark, position=position)
            message = decode(entry)
            if message is None or not self._seen.is_new(message):
                continue
            try:
                self._place(position, message)
            except Exception:  # one message must not end the reading of all others
                log.exception("a message from the broker could not be delivered")
        if mark.position >= self._history:
            self._settled.set()
        return mark

    def _place(self, position: Position, message: Message) -> None:
        is_own = message.origin == self._outbox.origin
        is_live = position > self._history
        if message.kind == "send":
            self._place_events(position, message, is_own, is_live)
            return
        if is_own:
            with self._lock:
                self._outbox.returned(message.number)
        if message.kind == "gap":
            self._hub.renew(self._hub.epoch, position)
        elif is_live and not is_own:
            self._heed(message)

    def _place_events(
        self, position: Position, message: Message, is_own: bool, is_live: bool
    ) -> None:
        with self._lock:  # so that no stream is shown it twice when the broker fails right now
            if is_own and self._outbox.returned(message.number):
                self._hub.keep(message.topics, message.data, position)
            else:
                self._hub.place(message.topics, message.data, position, live=is_live)

    def _heed(self, message: Message) -> None:
        for topic in message.topics:
            if message.kind == "end":
                self._hub.end(topic)
            else:
                kind, _, table = topic.partition(":")
                self._announce(context.Change(cast("context.Kind", kind), table))

    # -- the writer ---------------------------------------------------------------------------

    def _write(self) -> None:
        pauses = 0
        while (work := self._next_batch()) is not None:
            number, batch = work
            try:
                self.broker.append([message.encode() for message in batch])
            except Exception as error:  # whatever a broker of one's own raises
                if self._stop.is_set():
                    return
                self._failed(error, writes=False)
                self._pause(pauses)
                pauses += 1
            else:
                pauses = 0
                with self._lock:
                    self._outbox.sent(batch[-1].number, number)
                self._works(writes=True)

    def _next_batch(self) -> tuple[int, list[Message]] | None:
        """Waits until there is something to append and somewhere to append it; None at the end."""
        with self._wake:
            while True:
                if self._stop.is_set():
                    return None
                if not self._outbox.has_unsent or self._mark is None or not self._reads:
                    self._wake.wait()
                    continue
                number, batch = self._outbox.batch()
                if batch:
                    return number, batch

    # -- up and down --------------------------------------------------------------------------

    def _failed(self, error: Exception, *, reads: bool = True, writes: bool = True) -> None:
        """Goes on alone: what waits is shown to this process's streams."""
        with self._lock:
            self._reads = self._reads and reads
            self._writes = self._writes and writes
            self._stale = self._stale or not writes  # the other connection may be of no use either
            was_down, self._state = self._state == "down", "down"
            self._show()
            self._wake.notify_all()
        if not was_down:
            self._since = time.monotonic()
            known = isinstance(error, BrokerUnavailable)
            log.warning(
                "the broker at %s does not serve, so streams see what happens in this process only, until "
                "it does: %s",
                self.broker.place,
                error if known else type(error).__name__,
                exc_info=None if known else error,
            )
        self._settled.set()

    def _works(self, *, reads: bool = False, writes: bool = False) -> None:
        with self._lock:
            was, waiting = self._state, len(self._outbox)
            self._reads = self._reads or reads
            self._writes = self._writes or writes
            if self._reads and self._writes:
                self._state = "up"
            self._wake.notify_all()
            is_back = was == "down" and self._state == "up"
        if is_back:
            log.warning(
                "the broker at %s serves again after %.1f s; %d messages are sent that waited",
                self.broker.place,
                time.monotonic() - self._since,
                waiting,
            )

    def _show(self) -> None:
        for message in self._outbox.show():
            self._hub.place(message.topics, message.data, numbered=False)

    def _pause(self, pauses: int) -> None:
        """Waits before another attempt; all processes at once would hold up a server that starts."""
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**pauses)
        self._stop.wait(longest * random.uniform(0.5, 1))  # noqa: S311 # spreads load, hides nothing


_relays: weakref.WeakSet[BrokerRelay] = weakref.WeakSet()


def _forked() -> None:
    for relay in _relays:
        relay.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
