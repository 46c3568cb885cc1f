from __future__ import annotations

import pytest

from nitro_runtime.sse.frames import Frame
from nitro_runtime.sse.journal import START, Journal, Left

NOWHERE: Left = (START, frozenset())


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def keep(journal: Journal, number: int, *topics: str, size: int = 4) -> Frame:
    frame = Frame(b"x" * size, (0, number))
    journal.keep(topics, frame, (0, number))
    return frame


def test_what_a_watched_topic_got_is_there_in_order() -> None:
    journal = Journal()
    journal.watch("a", START)
    journal.watch("b", START)
    one, two, three = keep(journal, 1, "a"), keep(journal, 2, "b"), keep(journal, 3, "a", "b")
    assert journal.since(["a", "b"], START) == [one, two, three]
    assert journal.since(["a"], (0, 1)) == [three]
    assert journal.since(["b"], (0, 3)) == []


def test_what_nobody_watches_is_not_kept() -> None:
    journal = Journal()
    assert not journal.wants(["a"])
    keep(journal, 1, "a")
    assert journal.size == 0
    assert journal.since(["a"], START) is None


def test_a_topic_that_was_left_is_kept_for_a_while(clock: Clock) -> None:
    journal = Journal(seconds=10, clock=clock)
    journal.watch("a", START)
    journal.leave("a", ((0, 4), frozenset({"a"})))
    clock.now = 9
    kept = keep(journal, 5, "a")
    assert journal.left("a") == ((0, 4), frozenset({"a"}))
    assert journal.since(["a"], (0, 4)) == [kept]
    clock.now = 30
    assert not journal.wants(["a"])
    assert journal.since(["a"], (0, 4)) is None
    assert (journal.size, journal.left("a")) == (0, None)


def test_too_many_too_old_or_too_large_is_a_gap_and_not_less(clock: Clock) -> None:
    journal = Journal(most_events=3, seconds=10, most_bytes=40, clock=clock)
    journal.watch("a", START)
    journal.watch("b", START)
    for number in range(1, 6):
        keep(journal, number, "a")
    assert journal.since(["a"], (0, 1)) is None
    assert [f.position for f in journal.since(["a"], (0, 2)) or []] == [(0, 3), (0, 4), (0, 5)]
    keep(journal, 6, "b", size=35)  # 35 and 12 are more than 40
    assert journal.size <= 40
    assert journal.since(["a"], (0, 3)) is None
    assert journal.since(["b"], START) is not None
    clock.now = 20
    keep(journal, 7, "b")
    assert journal.since(["b"], (0, 5)) is None
    assert [f.position for f in journal.since(["b"], (0, 6)) or []] == [(0, 7)]
    assert journal.size == 4


def test_with_a_floor_every_topic_is_kept_from_there_on(clock: Clock) -> None:
    journal = Journal(seconds=10, clock=clock)
    journal.restart((0, 5))
    kept = keep(journal, 6, "a")
    assert journal.since(["a"], (0, 5)) == [kept]
    assert journal.since(["never heard of"], (0, 5)) == []
    assert journal.since(["a"], (0, 4)) is None
    assert journal.since(["never heard of"], (0, 4)) is None
    clock.now = 20
    keep(journal, 7, "b")
    assert journal.since(["a"], (0, 5)) is None
    assert journal.since(["never heard of"], (0, 5)) is None
    assert journal.since(["a", "never heard of"], (0, 6)) == []


def test_a_restart_forgets_and_goes_on_with_those_who_watch() -> None:
    journal = Journal()
    journal.watch("a", START)
    keep(journal, 1, "a")
    journal.restart(None)
    assert journal.size == 0
    kept = keep(journal, 2, "a")
    assert journal.since(["a"], (0, 1)) == [kept]


def test_junk_topics_leave_nothing(clock: Clock) -> None:
    journal = Journal(seconds=10, clock=clock)
    journal.restart(START)
    for number in range(1, 5_000):
        clock.now += 0.01
        keep(journal, number, f"junk {number}")
    clock.now += 11
    keep(journal, 5_000, "the last")
    assert journal.size == 4
    assert len(journal._topics) == len(journal._idle) == 1
