"""Which streams listen to which topic, by the event loop that they live in.

Not safe across threads: the hub's lock is held around it.
"""

from __future__ import annotations

from collections.abc import Iterable

from nitro_runtime.sse.lane import Lane
from nitro_runtime.sse.subscription import Subscription

Posts = list[tuple[Lane, tuple[Subscription, ...]]]
"""Streams by lane."""


class Listeners:
    """The open streams by topic."""

    def __init__(self) -> None:
        self._topics: dict[str, dict[Lane, tuple[Subscription, ...]]] = {}

    def __contains__(self, topic: str) -> bool:
        return topic in self._topics

    def topics(self) -> frozenset[str]:
        """Returns the topics that have at least one stream."""
        return frozenset(self._topics)

    def to(self, topic: str) -> list[Subscription]:
        """Returns the streams of a topic."""
        return [stream for group in self._topics.get(topic, {}).values() for stream in group]

    def of(self, topics: Iterable[str]) -> Posts:
        """Returns the streams of the topics by lane, each once."""
        found = [groups for topic in topics if (groups := self._topics.get(topic))]
        if len(found) < 2:
            return list(found[0].items()) if found else []
        merged: dict[Lane, dict[Subscription, None]] = {}
        for groups in found:
            for lane, streams in groups.items():
                merged.setdefault(lane, {}).update(dict.fromkeys(streams))
        return [(lane, tuple(streams)) for lane, streams in merged.items()]

    def add(self, stream: Subscription, lane: Lane) -> list[str]:
        """Enters a stream; returns the topics of which it is the first."""
        gained = [topic for topic in stream.topics if topic not in self._topics]
        for topic in stream.topics:
            groups = self._topics.setdefault(topic, {})
            groups[lane] = (*groups.get(lane, ()), stream)  # a new tuple: publishing needs no copy
        return gained

    def remove(self, stream: Subscription, lane: Lane) -> list[str]:
        """Takes a stream out; returns the topics of which it was the last."""
        return [topic for topic in stream.topics if self._leave(topic, lane, stream)]

    def _leave(self, topic: str, lane: Lane, stream: Subscription) -> bool:
        groups = self._topics.get(topic, {})
        left = tuple(other for other in groups.get(lane, ()) if other is not stream)
        if left:
            groups[lane] = left
        else:
            groups.pop(lane, None)
        if groups:
            return False
        return self._topics.pop(topic, None) is not None
