"""An hour of a hub in little time: streams come and go at random, and memory stays flat."""

from __future__ import annotations

import asyncio
import gc
import random
import resource
import time
from pathlib import Path

import pytest

from nitro_runtime.sse.hub import Hub
from nitro_runtime.sse.journal import Journal
from nitro_runtime.sse.subscription import Subscription

HOUR = 3_600.0
ROOMS = [f"room:{number}" for number in range(20)]
STREAMS = 200
ALLOWED = 12 << 20
"""Bytes by which memory may differ between the middle and the end: what the allocator keeps."""


class Visits:
    """Tabs of which each listens to itself, its user and some rooms; some read, some come back.

    Args:
        seed: Of what happens.
        speed: How many seconds of the hub's clock pass in one.
    """

    def __init__(self, seed: int, speed: float) -> None:
        self.chance = random.Random(seed)  # noqa: S311 # repeatable, not secret
        self.ahead = 0.0
        self.hub = Hub(journal=Journal(clock=lambda: time.monotonic() * speed + self.ahead))
        self.open: list[tuple[str, Subscription]] = []
        self.gone: list[tuple[str, str | None]] = []
        self.visits = 0

    def step(self) -> None:
        if self.chance.random() < 0.4:
            self.leave() if len(self.open) >= STREAMS else self.come()
        elif self.chance.random() < 0.4:
            self.read()
        else:
            self.tell()

    def come(self) -> None:
        """Somebody new, or one who left a while ago and names what came last."""
        tab, last = f"tab:{self.visits}", None
        if self.gone and self.chance.random() < 0.5:
            tab, last = self.gone.pop(self.chance.randrange(len(self.gone)))
        self.visits += 1
        topics = (tab, f"user:{self.visits % 50}", *self.chance.sample(ROOMS, 3))
        stream = self.hub.subscribe(topics, [b"data: state\n\n"], last, resume=tab)
        self.open.append((tab, stream))

    def leave(self) -> None:
        """By itself, or by a logout, which ends whatever streams the user has."""
        tab, stream = self.open.pop(self.chance.randrange(len(self.open)))
        if self.chance.random() < 0.1:
            self.hub.end(f"user:{self.visits % 50}")
        stream.close()
        at = stream.position
        self.gone = [*self.gone[-50:], (tab, f"{self.hub.epoch}:{at[0]}-{at[1]}" if at else None)]

    def read(self) -> None:
        for _, stream in self.chance.sample(self.open, len(self.open) // 3):
            stream.take()
        self.open = [(tab, stream) for tab, stream in self.open if not stream.closed]

    def tell(self) -> None:
        event = b"data: %s\n\n" % self.chance.randbytes(self.chance.randrange(500)).hex().encode()
        room = self.chance.choice(ROOMS)
        if self.chance.random() < 0.5:
            self.hub.broadcast(room, event)
        else:
            self.hub.publish(room, event, replaces=self.chance.random() < 0.5)

    async def go_on(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for _ in range(50):
                self.step()
            await asyncio.sleep(0)

    async def end(self) -> None:
        """Everybody leaves, and the time passes for which anything is kept."""
        for _, stream in self.open:
            stream.close()
        await asyncio.sleep(0)
        self.ahead = HOUR
        self.hub.broadcast(ROOMS[0], b"data: nobody hears it\n\n")


def memory() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.parametrize("seconds", [4, pytest.param(60, marks=pytest.mark.soak)])
async def test_an_hour_of_visits_leaves_nothing(seconds: int) -> None:
    visits = Visits(seed=1, speed=HOUR / seconds)
    await visits.go_on(seconds / 2)
    middle, before = memory(), visits.visits
    await visits.go_on(seconds / 2)
    assert visits.visits - before > 200 * seconds
    assert memory() - middle < ALLOWED
    await visits.end()
    assert (visits.hub.open_count, visits.hub.topics) == (0, frozenset[str]())
    journal = visits.hub._journal
    assert (journal.size, len(journal._records)) == (0, 0)
    assert journal._topics == {}
