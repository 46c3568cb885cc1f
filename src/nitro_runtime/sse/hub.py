"""The hub: one per process, it carries patches from whoever publishes to the open streams.

Safe from every thread and event loop. A message is encoded once and shared by all streams. The hub
keeps no history: a stream that missed something is ended, its browser reconnects and gets the
full state first.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import Callable, Iterable

from nitro_runtime import context
from nitro_runtime.sse import shutdown
from nitro_runtime.sse.lane import Lane
from nitro_runtime.sse.patches import patch_of
from nitro_runtime.sse.subscription import Subscription

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0
"""The longest silence of a stream, in seconds."""

RETRY_MILLISECONDS = (300, 1_200)
"""The range from which each stream is told how long to wait before it reconnects: with everybody
at once a restarted server would be overrun."""

Message = context.Patch | bytes
"""What can be published: a patch, or one whole event as bytes."""

TopicListener = Callable[[str], object]
"""Called with a topic that gained its first or lost its last stream."""

_Groups = dict[Lane, tuple[Subscription, ...]]


class Hub:
    """Publishes to topics, of which streams subscribe to some.

    Topics are free text; Nitro's own are ``tab:<tab id>``, ``user:<user id>`` and
    ``view:<hash>``.

    Args:
        heartbeat: The longest silence of a stream, in seconds.
    """

    def __init__(self, heartbeat: float = HEARTBEAT_SECONDS) -> None:
        self.heartbeat = heartbeat
        # Re-entrant: a signal handler may close the hub while its own thread holds the lock.
        self._lock = threading.RLock()
        self._topics: dict[str, _Groups] = {}
        self._lanes: dict[asyncio.AbstractEventLoop, Lane] = {}
        self._open: dict[Subscription, Lane] = {}
        self._closed = False
        self._gained: list[TopicListener] = []
        self._lost: list[TopicListener] = []

    # -- publishing ---------------------------------------------------------------------------

    def publish(self, topic: str, message: Message) -> int:
        """Sends a message to every stream of a topic. Safe from every thread; never waits.

        Returns:
            How many streams it is on its way to; 0 encodes and keeps nothing.
        """
        with self._lock:
            groups = self._topics.get(topic)
            posts = list(groups.items()) if groups else []
        if not posts:
            return 0
        data = message if isinstance(message, bytes) else message.encode()
        reached = 0
        for lane, streams in posts:
            if lane.post(streams, data):
                reached += len(streams)
            else:
                self._drop(lane)
        return reached

    def broadcast(self, topic: str, *messages: Message) -> int:
        """Sends several messages to every stream of a topic, in order, as one.

        Returns:
            How many streams they are on their way to.
        """
        if not messages or topic not in self._topics:
            return 0
        return self.publish(
            topic, b"".join([m if isinstance(m, bytes) else m.encode() for m in messages])
        )

    def deliver(self, receiver: str, patch: context.Patch) -> None:
        """Sends a patch or view to the streams of a tab or user id; `context.deliver` calls it."""
        patch = patch_of(patch)
        reached = self.publish(f"tab:{receiver}", patch) + self.publish(f"user:{receiver}", patch)
        if not reached:
            log.debug("a patch was yielded for a sender that has no open stream")

    # -- subscribing --------------------------------------------------------------------------

    def subscribe(self, topics: Iterable[str], first: Iterable[Message] = ()) -> Subscription:
        """Opens a stream in the running event loop; it counts from now, before it is read.

        Its first item goes out at once: the time to wait before a reconnect, with what
        ``first`` gives. Subscribe first and read the state to show afterwards, and no change can
        fall between the two.

        Args:
            topics: What it listens to.
            first: Messages to begin with.

        Raises:
            RuntimeError: No event loop is running in this thread.
        """
        loop = asyncio.get_running_loop()
        shutdown.watch(self.close)
        opening = [b"retry: %d\n\n" % random.randint(*RETRY_MILLISECONDS)]  # noqa: S311 # spreads load, hides nothing
        opening.extend([m if isinstance(m, bytes) else m.encode() for m in first])
        with self._lock:
            lane = self._lane(loop)
            stream = Subscription(topics, opening, lane, self._forget)
            if self._closed:
                stream.end()
                return stream
            self._open[stream] = lane
            lane.add(stream)
            gained = [topic for topic in stream.topics if self._join(topic, lane, stream)]
        if self._closed:  # a signal handler closed the hub in between
            stream.close()
        _tell(self._gained, gained)
        return stream

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
            return frozenset(self._topics)

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
        return topic in self._topics

    def count(self, topic: str) -> int:
        """How many streams listen to the topic."""
        with self._lock:
            return sum(len(streams) for streams in self._topics.get(topic, {}).values())

    # -- ending -------------------------------------------------------------------------------

    def end(self, topic: str) -> int:
        """Ends every stream of a topic, such as ``user:<id>`` at a logout.

        Returns:
            How many streams there were.
        """
        with self._lock:
            streams = [s for group in self._topics.get(topic, {}).values() for s in group]
        for stream in streams:
            stream.close()
        return len(streams)

    def close(self) -> None:
        """Ends all streams at once and lets none begin; servers can then stop.

        Safe from every thread and from a signal handler.
        """
        self._closed = True
        for stream in tuple(self._open):
            stream.close()

    def reopen(self) -> None:
        """Lets streams begin again after `close`: for tests and servers that restart in place."""
        self._closed = False

    # -- the books ----------------------------------------------------------------------------

    def _lane(self, loop: asyncio.AbstractEventLoop) -> Lane:
        lane = self._lanes.get(loop)
        if lane is None:
            for other in [known for known in self._lanes.values() if known.loop.is_closed()]:
                self._drop(other)
            lane = self._lanes[loop] = Lane(loop, self.heartbeat)
        return lane

    def _join(self, topic: str, lane: Lane, stream: Subscription) -> bool:
        """Enters a stream under a topic; returns whether it is the topic's first."""
        groups = self._topics.setdefault(topic, {})
        first = not groups
        groups[lane] = (*groups.get(lane, ()), stream)  # a new tuple: publishing needs no copy
        return first

    def _leave(self, topic: str, lane: Lane, stream: Subscription) -> bool:
        """Takes a stream out of a topic; returns whether it was the topic's last."""
        groups = self._topics.get(topic, {})
        left = tuple(other for other in groups.get(lane, ()) if other is not stream)
        if left:
            groups[lane] = left
        else:
            groups.pop(lane, None)
        if groups:
            return False
        return self._topics.pop(topic, None) is not None

    def _forget(self, stream: Subscription) -> None:
        with self._lock:
            lane = self._open.pop(stream, None)
            if lane is None:
                return
            lane.remove(stream)
            lost = [topic for topic in stream.topics if self._leave(topic, lane, stream)]
        _tell(self._lost, lost)

    def _drop(self, lane: Lane) -> None:
        """Forgets a lane whose loop is closed, with its streams."""
        with self._lock:
            self._lanes.pop(lane.loop, None)
            gone = [stream for stream, home in self._open.items() if home is lane]
        for stream in gone:
            self._forget(stream)


def _tell(listeners: list[TopicListener], topics: list[str]) -> None:
    for topic in topics:
        for listener in tuple(listeners):
            listener(topic)


hub = Hub()
"""The hub of this process."""

context.on_delivery(hub.deliver)


def broadcast(topic: str, *messages: Message) -> int:
    """Sends patches to every open stream of a topic, in this process. Safe from every thread.

    Args:
        topic: Free text that streams subscribed to.
        messages: Patches made by `emit_signals` and `emit_elements`, or whole events as bytes.

    Returns:
        How many streams they are on their way to.
    """
    return hub.broadcast(topic, *messages)
