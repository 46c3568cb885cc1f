# ruff: noqa: S101 # a suite of tests asserts
"""The log: what one process appends all read, in one order."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from nitro_runtime.brokers import Broker
from nitro_runtime.errors import BrokerUnavailable
from nitro_runtime.testing.broker_suite.suite import Suite, read_all

ENTRIES = (b"", b"\x00", b"\r\n\n", "æ€🎉\u2028".encode(), bytes(range(256)), b"x" * (1 << 20))


class Logs(Suite):
    """What `Broker` says."""

    def test_it_is_a_broker_and_says_where_it_is(self) -> None:
        """A password would stand in every log line."""
        broker = self.broker()
        assert isinstance(broker, Broker)
        assert broker.place

    def test_bytes_come_as_they_were_appended(self) -> None:
        """Whatever they are, and a million of them."""
        one, two = self.broker(), self.broker()
        mark = two.join(None)
        one.append(ENTRIES)
        assert [data for _, data in read_all(two, mark, len(ENTRIES))] == list(ENTRIES)

    def test_positions_grow_and_are_the_same_for_everybody(self) -> None:
        """An id that one process gave is understood by the others."""
        brokers = [self.broker() for _ in range(3)]
        marks = [broker.join(None) for broker in brokers]
        for number in range(20):
            brokers[number % 3].append([b"%d" % number, b"and"])
        logs = [read_all(*each, 40) for each in zip(brokers, marks, strict=True)]
        assert logs[0] == logs[1] == logs[2]
        positions = [position for position, _ in logs[0]]
        assert positions == sorted(set(positions))
        assert all(0 <= number < 2**64 for position in positions for number in position)

    def test_everybody_is_in_the_same_epoch(self) -> None:
        """And its name can stand in an id."""
        epochs = {self.broker().join(None).epoch for _ in range(3)}
        assert len(epochs) == 1
        assert epochs.pop().replace("-", "").replace("_", "").isalnum()

    def test_reading_waits_until_something_comes(self) -> None:
        """And returns it at once."""
        one, two = self.broker(), self.broker()
        mark = two.join(None)
        timer = threading.Timer(0.2, one.append, [[b"late"]])
        timer.start()
        begun = time.monotonic()
        [(_, data)] = two.read(mark, 2)
        assert data == b"late"
        assert time.monotonic() - begun < 1.5
        timer.join()

    def test_reading_ends_when_nothing_comes(self) -> None:
        """With an empty list."""
        broker = self.broker()
        mark = broker.join(None)
        begun = time.monotonic()
        assert broker.read(mark, 0.2) == []
        assert 0.1 < time.monotonic() - begun < 1.5

    def test_only_what_comes_after_the_mark_is_read(self) -> None:
        """From wherever that is."""
        broker = self.broker()
        mark = broker.join(None)
        broker.append([b"%d" % number for number in range(10)])
        for position, data in read_all(broker, mark, 10)[:9]:
            after = broker.read(replace(mark, position=position), 1)
            assert int(after[0][1]) == int(data) + 1

    def test_who_comes_later_is_given_what_was_said_a_moment_ago(self) -> None:
        """And is told where that ends."""
        one = self.broker()
        one.join(None)
        one.append([b"before", b"it came"])
        late = self.broker()
        mark = late.join(None)
        found = read_all(late, mark, 2)
        assert [data for _, data in found] == [b"before", b"it came"]
        assert mark.position < found[0][0]
        assert mark.head == found[-1][0]

    def test_who_joins_again_goes_on_where_it_was(self) -> None:
        """Nothing is missing, nothing comes twice."""
        one, two = self.broker(), self.broker()
        mark = two.join(None)
        one.append([b"1"])
        [(position, _)] = read_all(two, mark, 1)
        mark = replace(mark, position=position)
        one.append([b"2", b"3"])
        again = two.join(mark)
        assert (again.epoch, again.position) == (mark.epoch, position)
        assert [data for _, data in read_all(two, again, 2)] == [b"2", b"3"]

    def test_who_has_read_nothing_yet_joins_again_at_the_beginning(self) -> None:
        """As long as nothing was dropped."""
        one, two = self.broker(), self.broker()
        mark = two.join(None)
        one.append([b"1"])
        again = two.join(mark)
        assert (again.epoch, again.position) == (mark.epoch, mark.position)
        assert [data for _, data in read_all(two, again, 1)] == [b"1"]

    def test_each_keeps_its_order_while_all_append(self) -> None:
        """And nothing is lost."""
        brokers = [self.broker() for _ in range(4)]
        marks = [broker.join(None) for broker in brokers]

        def say(who: int) -> None:
            for number in range(0, 100, 4):
                brokers[who].append([b"%d %d" % (who, number + each) for each in range(4)])

        threads = [threading.Thread(target=say, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        found = read_all(brokers[0], marks[0], 400)
        for thread in threads:
            thread.join()
        for who in range(4):
            said = [data for _, data in found if data.startswith(b"%d " % who)]
            assert said == [b"%d %d" % (who, number) for number in range(100)]

    def test_logs_of_other_names_are_apart(self) -> None:
        """Two apps may share a server."""
        other = self.another(f"{self.name}_other")
        broker = self.broker()
        try:
            marks = broker.join(None), other.join(None)
            broker.append([b"here"])
            other.append([b"there"])
            assert [data for _, data in read_all(broker, marks[0], 1)] == [b"here"]
            assert [data for _, data in read_all(other, marks[1], 1)] == [b"there"]
        finally:
            other.close()
            self.clear(f"{self.name}_other")

    def test_closing_ends_a_reading(self) -> None:
        """From another thread, at once; and closing again does nothing."""
        broker = self.broker()
        mark = broker.join(None)
        timer = threading.Timer(0.1, broker.close)
        timer.start()
        begun = time.monotonic()
        with pytest.raises(BrokerUnavailable):
            while time.monotonic() < begun + 5:
                broker.read(mark, 2)
        assert time.monotonic() - begun < 1.5
        timer.join()
        broker.close()

    def test_what_was_closed_serves_nobody(self) -> None:
        """It raises, and does not wait."""
        broker = self.broker()
        mark = broker.join(None)
        broker.close()
        with pytest.raises(BrokerUnavailable):
            broker.append([b"1"])
        with pytest.raises(BrokerUnavailable):
            broker.read(mark, 1)
        with pytest.raises(BrokerUnavailable):
            broker.join(mark)
