"""One suite over every broker: a test class for each."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import ClassVar, NoReturn

import pytest
from redis_server import OwnRedis, is_installed, own_server

from nitro_runtime.brokers import Broker, MemoryBroker, RedisBroker
from nitro_runtime.brokers.memory import MemoryLog
from nitro_runtime.testing.broker_suite import BrokerSuite


class TestMemory(BrokerSuite):
    logs: ClassVar[dict[str, MemoryLog]] = {}

    def log(self, name: str) -> MemoryLog:
        return self.logs.setdefault(name, MemoryLog(length=1_000))

    def another(self, name: str) -> Broker:
        return MemoryBroker(self.log(name))

    def clear(self, name: str) -> None:
        self.logs.pop(name, None)

    def lose(self, name: str) -> None:
        self.log(name).lose()

    def overflow(self, name: str) -> None:
        self.another(name).append([b""] * 1_100)

    def interrupt(self, name: str) -> None:
        self.log(name).available = False

    def restore(self, name: str) -> None:
        self.log(name).available = True

    def test_another_one_has_the_same_log(self) -> None:
        broker = MemoryBroker()
        mark = broker.join(None)
        broker.another().append([b"1"])
        assert [data for _, data in broker.read(mark, 1)] == [b"1"]


class TestRedis(BrokerSuite):
    """On a server of its own, because a test has it forget everything and serve nobody."""

    server: ClassVar[OwnRedis]

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _server(
        cls, tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]
    ) -> Iterator[None]:
        if not is_installed():
            missing("redis-server is not installed; install Redis")
        with own_server(tmp_path_factory.mktemp("redis")) as cls.server:
            yield

    def another(self, name: str) -> Broker:
        return RedisBroker(f"{self.server.url}?prefix={name}", length=1_000)

    def lose(self, name: str) -> None:
        self.server.tell("FLUSHALL")

    def overflow(self, name: str) -> None:
        self.another(name).append([b""] * 1_200)

    def interrupt(self, name: str) -> None:
        self.server.stop(signal.SIGKILL)

    def restore(self, name: str) -> None:
        self.server.start()

    def clear(self, name: str) -> None:
        if self.server.process.poll() is not None:  # a test failed in between
            self.server.start()


def test_the_suite_sees_a_broker_that_says_everything_twice() -> None:
    class Doubling(MemoryBroker):
        def append(self, entries: Sequence[bytes]) -> None:
            super().append([*entries, *entries])

    suite = BrokerSuite()
    log = MemoryLog()
    with ExitStack() as suite._stack, pytest.MonkeyPatch.context() as patch:
        suite.name = "doubled"
        patch.setattr(suite, "another", lambda name: Doubling(log), raising=False)
        with pytest.raises(AssertionError):
            suite.test_bytes_come_as_they_were_appended()
        suite.test_what_one_broadcasts_reaches_the_streams_of_all_with_the_same_ids()
