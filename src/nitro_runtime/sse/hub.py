"""The hub: one per process, it carries patches from whoever publishes to the open streams.

Safe from every thread and event loop. A message is encoded once and shared by all streams. What is
broadcast has a number and is kept for a while: a stream that was away names the last that it got,
and is sent the rest, or told that some of it is gone. What is published is a state of something,
which a stream that comes back gets anew anyway.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable

from nitro_runtime import context
from nitro_runtime.sse import shutdown
from nitro_runtime.sse.encoder import resync
from nitro_runtime.sse.frames import Frame, Position, event_id, position_of, with_id
from nitro_runtime.sse.journal import START, Journal, Left
from nitro_runtime.sse.lane import Lane
from nitro_runtime.sse.listeners import Listeners, Posts
from nitro_runtime.sse.patches import patch_of
from nitro_runtime.sse.relay import Relay, Topics
from nitro_runtime.sse.subscription import Subscription

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0
"""The longest silence of a stream, in seconds."""

RETRY_MILLISECONDS = (300, 1_200)
"""The range from which each stream is told how long to wait before it reconnects: with everybody
at once a restarted server would be overrun."""

Message = context.Patch | bytes
"""What can be published: a patch, or one whole event as bytes."""

REMEMBERED_ENDS = 1_000
"""Of the topics whose streams were ended, so many are known for streams that are just being opened."""

TopicListener = Callable[[str], object]
"""Called with a topic that gained its first or lost its last stream."""


class Hub:
    """Publishes to topics, of which streams subscribe to some.

    Topics are free text; Nitro's own are ``tab:<tab id>``, ``user:<user id>`` and
    ``view:<hash>``.

    Args:
        heartbeat: The longest silence of a stream, in seconds.
        journal: Keeps what was broadcast.

    Attributes:
        heartbeat: As given.
        epoch: Names this run of numbers: an id of another epoch says nothing here.
        ended: How often `end` was called; see `has_ended`.
    """

    def __init__(
        self, heartbeat: float = HEARTBEAT_SECONDS, journal: Journal | None = None
    ) -> None:
        self.heartbeat = heartbeat
        self.epoch = secrets.token_urlsafe(8)
        self._head: Position = START
        self._journal = journal or Journal()
        self._relay: Relay | None = None
        # Re-entrant: what is posted may find a loop closed, whose streams are then forgotten.
        self._lock = threading.RLock()
        self._listeners = Listeners()
        self._lanes: dict[asyncio.AbstractEventLoop, Lane] = {}
        self._open: dict[Subscription, Lane] = {}
        self._closed = False
        self._ends: deque[str] = deque(maxlen=REMEMBERED_ENDS)
        self.ended = 0
        self._gained: list[TopicListener] = []
        self._lost: list[TopicListener] = []
        self._renewed: list[Callable[[], object]] = []

    # -- publishing ---------------------------------------------------------------------------

    def publish(self, topic: str, message: Message, *, replaces: bool = False) -> int:
        """Sends a message to every stream of a topic. Safe from every thread; never waits.

        It has no number and is not kept: for the state of something, as views are.

        Args:
            topic: The topic.
            message: What to send.
            replaces: Whether it is the topic's whole state, so that a stream that was not read yet
                gets it instead of an earlier one.

        Returns:
            How many streams it is on its way to; 0 encodes and keeps nothing.
        """
        with self._lock:
            posts = self._listeners.of((topic,))
        if not posts:
            return 0
        return self._post(posts, Frame(_encoded(message), None, topic if replaces else None))

    def broadcast(self, topic: str | Topics, *messages: Message) -> int:
        """Sends several messages to every stream of a topic, in order, as one.

        They have a number, and are kept for streams that are away for a moment: 1,000 of a topic, for
        5 minutes. With a relay they reach the streams of other processes too.

        Args:
            topic: A topic, or several: a stream of more than one gets it once.
            messages: What to send.

        Returns:
            How many streams of this process they are on their way to.
        """
        topics = (topic,) if isinstance(topic, str) else topic
        if not messages or not (self._relay or self._is_wanted(topics)):
            return 0
        data = b"".join([_encoded(message) for message in messages])
        return self.place(topics, data) if self._relay is None else self._relay.send(topics, data)

    def deliver(self, receiver: str, patch: context.Patch) -> None:
        """Sends a patch or view to the streams of a tab or user id; `context.deliver` calls it."""
        topics = (f"tab:{receiver}", f"user:{receiver}")
        if not self.broadcast(topics, patch_of(patch)):
            log.debug("a patch was yielded for a sender that has no open stream here")

    def place(
        self,
        topics: Topics,
        data: bytes,
        position: Position | None = None,
        *,
        numbered: bool = True,
        live: bool = True,
    ) -> int:
        """Sends a message to this process's streams; what `broadcast` and a relay end in.

        Args:
            topics: Its topics.
            data: Whole events.
            position: Where it stands; None: after all that were here. One that is not greater than
                the last was here before, and is passed over.
            numbered: Whether it has a number and is kept.
            live: Whether it is sent now; otherwise it is only kept, as what happened before.

        Returns:
            How many streams it is on its way to.
        """
        with self._lock:
            if numbered:
                at = position or (self._head[0], self._head[1] + 1)
                if at <= self._head:
                    return 0
                self._head = at
                frame = Frame(with_id(data, event_id(self.epoch, at)), at)
                self._journal.keep(topics, frame, at)
            else:
                frame = Frame(data)
            # Inside the lock, so that all streams get them in the order of their numbers.
            return self._post(self._listeners.of(topics), frame) if live else 0

    def keep(self, topics: Topics, data: bytes, position: Position) -> None:
        """Keeps a message that this process's streams were sent without its number; they get that now.

        Args:
            topics: Its topics.
            data: Whole events.
            position: Where it stands, as for `place`.
        """
        with self._lock:
            if position <= self._head:
                return
            self.place(topics, data, position, live=False)
            told = Frame(b"id: %b\n\n" % event_id(self.epoch, position).encode(), position)
            self._post(self._listeners.of(topics), told)

    def reach(self, topics: Topics) -> int:
        """Returns how many streams of this process a message for these topics is sent to."""
        with self._lock:
            return sum(len(streams) for _, streams in self._listeners.of(topics))

    # -- relaying -----------------------------------------------------------------------------

    @property
    def relay(self) -> Relay | None:
        """What carries broadcasts between processes; None: this is the only one."""
        return self._relay

    @relay.setter
    def relay(self, relay: Relay | None) -> None:
        with self._lock:
            self._relay = relay
            self._journal.restart(self._head if relay else None)

    @property
    def position(self) -> Position:
        """Of the last message that was placed here."""
        return self._head

    def renew(self, epoch: str, position: Position = START) -> None:
        """Begins a new epoch: what was numbered before can be missing, and every stream is told so.

        Args:
            epoch: Its name: letters, digits, ``_`` and ``-``.
            position: From where on everything will be placed.
        """
        with self._lock:
            self.epoch, self._head = epoch, position
            self._journal.restart(position if self._relay else None)
            for stream, lane in tuple(self._open.items()):
                lane.post((stream,), self._resync(stream.topics))
        for listener in tuple(self._renewed):
            listener()

    def on_resync(self, listener: Callable[[], object]) -> None:
        """Calls the listener after each `renew`, in the thread that calls it."""
        self._renewed.append(listener)

    # -- subscribing --------------------------------------------------------------------------

    def subscribe(
        self,
        topics: Iterable[str],
        first: Iterable[Message | Frame] = (),
        last_event_id: str | None = None,
        *,
        resume: str | None = None,
        whole: Iterable[str] = (),
    ) -> Subscription:
        """Opens a stream in the running event loop.

        It begins with the time to wait before a reconnect, the first messages, and what the client
        missed, or an explicit resync where that is gone.

        Args:
            topics: What it listens to.
            first: What it is sent before anything else, such as the current state of its views. A
                frame may be filled until the stream is first read.
            last_event_id: The id of the last event that the client got, as it says.
            resume: A topic of one client alone, such as its tab's. A client that names no event goes
                on where its last stream of this topic stood, in the topics that both have. Its
                former streams get nothing any more.
            whole: Those of the topics of which nothing is sent again: their state is among the first
                messages.

        Returns:
            The stream: an async iterator of bytes. Close it, or leave its ``async with`` block.

        Raises:
            RuntimeError: No event loop is running in this thread.
        """
        loop = asyncio.get_running_loop()
        shutdown.watch(self.close)
        opening = [
            message if isinstance(message, Frame) else Frame(_encoded(message)) for message in first
        ]
        with self._lock:
            lane = self._lane(loop)
            wanted = frozenset(topics)
            replayed = wanted.difference(whole)
            begin = self._opening(replayed, opening, last_event_id, resume)
            stream = Subscription(wanted, begin, lane, self._forget)
            if self._closed:
                stream.end()
                return stream
            former = self._listeners.to(resume) if resume is not None else []
            self._open[stream] = lane
            lane.add(stream)
            gained = self._listeners.add(stream, lane)
            for topic in filter(is_kept, gained):
                self._journal.watch(topic, self._head)
            lost = [topic for left in former for topic in self._mute(left)]
        if self._closed:  # a signal handler closed the hub in between
            stream.close()
        _tell(self._gained, gained)
        _tell(self._lost, lost)
        return stream

    def _mute(self, stream: Subscription) -> list[str]:
        """Sends a stream nothing more, without ending it; returns the topics of which it was the last.

        Datastar 1.0.4 may hold two streams for one element, when its tab comes to the front while it
        waits for a reconnect: with both, what is appended would be there twice. It would open another
        for one that ends.
        """
        lost = self._listeners.remove(stream, self._open[stream])
        for topic in lost:
            self._journal.leave(topic, (stream.position or START, stream.topics))
        return lost

    def _opening(
        self,
        topics: frozenset[str],
        first: list[Frame],
        last_event_id: str | None,
        resume: str | None,
    ) -> list[Frame]:
        """Returns what a stream begins with, so that nothing is missing and nothing comes twice."""
        retry = random.randint(*RETRY_MILLISECONDS)  # noqa: S311 # spreads load, hides nothing
        begin = b"retry: %d\n" % retry
        missed = self._missed(topics, last_event_id, resume)
        if missed:
            return [Frame(begin + b"\n"), *first, *missed]
        here = event_id(self.epoch, self._head).encode()
        head = Frame(begin + b"id: %b\n\n" % here, self._head)
        return [head, *first, *([self._resync(topics)] if missed is None else [])]

    def _missed(
        self, topics: frozenset[str], last_event_id: str | None, resume: str | None
    ) -> list[Frame] | None:
        """Returns what a client missed, in order; None when some of it is gone."""
        if last_event_id is not None:
            seen = position_of(last_event_id, self.epoch)
        elif resume is not None and (left := self._left(resume)) is not None:
            seen, topics = left[0], topics & left[1]
        else:
            return []
        if seen is None or seen > self._head:
            return None
        return self._journal.since(filter(is_kept, topics), seen)

    def _left(self, topic: str) -> Left | None:
        """Returns where the last stream of a topic stood, or stands: the client may be gone unseen."""
        streams = self._listeners.to(topic)
        if not streams:
            return self._journal.left(topic)
        return min([(s.position or START, s.topics) for s in streams], key=lambda left: left[0])

    def _resync(self, topics: Iterable[str]) -> Frame:
        told = [topic for topic in topics if is_kept(topic)]
        return Frame(resync(told, event_id(self.epoch, self._head)), self._head)

    def on_subscribe(self, listener: TopicListener) -> None:
        """Calls the listener with each topic that gains its first stream, in that stream's thread.

        Two threads may report in another order than things happened: ask `is_watched`.
        """
        self._gained.append(listener)

    def on_unsubscribe(self, listener: TopicListener) -> None:
        """Calls the listener with each topic that lost its last stream; as `on_subscribe`."""
        self._lost.append(listener)

    # -- looking ------------------------------------------------------------------------------

    @property
    def topics(self) -> frozenset[str]:
        """The topics that have at least one open stream."""
        with self._lock:
            return self._listeners.topics()

    @property
    def open_count(self) -> int:
        """How many streams are open."""
        return len(self._open)

    @property
    def closed(self) -> bool:
        """Whether the hub is closed: new streams end at once."""
        return self._closed

    def is_watched(self, topic: str) -> bool:
        """Whether any stream listens to the topic."""
        return topic in self._listeners

    def count(self, topic: str) -> int:
        """How many streams listen to the topic."""
        with self._lock:
            return len(self._listeners.to(topic))

    # -- ending -------------------------------------------------------------------------------

    def end(self, topic: str) -> int:
        """Ends every stream of a topic, such as ``user:<id>`` at a logout.

        Returns:
            How many streams there were.
        """
        with self._lock:
            self._ends.append(topic)
            self.ended += 1
            streams = self._listeners.to(topic)
        for stream in streams:
            stream.close()
        return len(streams)

    def has_ended(self, topic: str, since: int) -> bool:
        """Whether a topic's streams were ended since a count of `ended`; when in doubt, yes.

        For streams that are being opened meanwhile: who they are for was asked before.
        """
        if self.ended == since:
            return False
        with self._lock:
            count = self.ended - since
            return count > len(self._ends) or topic in list(self._ends)[-count:]

    def close(self) -> None:
        """Ends all streams at the next turn of their loops and lets none begin; servers can then stop.

        Safe from every thread and from a signal handler, which may interrupt whatever is done to the
        books of the hub, and its own first run: so nothing but a loop changes them.
        """
        self._closed = True
        for lane in tuple(self._lanes.values()):
            lane.call(lane.end_all)

    def reopen(self) -> None:
        """Lets streams begin again after `close`: for tests and servers that restart in place."""
        self._closed = False

    def forked(self) -> None:
        """Begins anew in a child process: its parent's streams are none of it, and locks may be held."""
        self._lock = threading.RLock()
        self._listeners = Listeners()
        self._lanes = {}
        self._open = {}

    # -- the books ----------------------------------------------------------------------------

    def _lane(self, loop: asyncio.AbstractEventLoop) -> Lane:
        lane = self._lanes.get(loop)
        if lane is None:
            for other in [known for known in self._lanes.values() if known.loop.is_closed()]:
                self._drop(other)
            lane = self._lanes[loop] = Lane(loop, self.heartbeat)
        return lane

    def _forget(self, stream: Subscription) -> None:
        with self._lock:
            if stream not in self._open:
                return
            lost = self._mute(stream)
            self._open.pop(stream).remove(stream)
        _tell(self._lost, lost)

    def _is_wanted(self, topics: Topics) -> bool:
        """Whether anybody listens to one of the topics, or did a moment ago."""
        if any([topic in self._listeners for topic in topics]):
            return True
        with self._lock:
            return self._journal.wants(topics)

    def _post(self, posts: Posts, frame: Frame) -> int:
        reached = 0
        for lane, streams in posts:
            if lane.post(streams, frame):
                reached += len(streams)
            else:
                self._drop(lane)
        return reached

    def _drop(self, lane: Lane) -> None:
        """Forgets a lane whose loop is closed, with its streams."""
        with self._lock:
            self._lanes.pop(lane.loop, None)
            gone = [stream for stream, home in self._open.items() if home is lane]
        for stream in gone:
            self._forget(stream)


def is_kept(topic: str) -> bool:
    """Whether a topic's messages are kept; a view's are not, each being its whole state."""
    return not topic.startswith("view:")


def _encoded(message: Message) -> bytes:
    return message if isinstance(message, bytes) else message.encode()


def _tell(listeners: list[TopicListener], topics: list[str]) -> None:
    for topic in topics:
        for listener in tuple(listeners):
            listener(topic)


hub = Hub()
"""The hub of this process."""

context.on_delivery(hub.deliver)


def broadcast(topic: str, *messages: Message) -> int:
    """Sends patches to every open stream of a topic, on every instance. Safe from every thread.

    A stream that was away for a moment gets them when it is back.

    Args:
        topic: Free text that streams subscribed to.
        messages: Patches made by `emit_signals` and `emit_elements`, or whole events as bytes.

    Returns:
        How many streams of this process they are on their way to.

    Raises:
        ValueError: Bytes are no whole events.
    """
    for message in messages:
        if isinstance(message, bytes) and not message.endswith(b"\n\n"):
            raise ValueError("Bytes are whole events, each of which ends with an empty line.")
    return hub.broadcast(topic, *messages)
