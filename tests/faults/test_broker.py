"""Three instances of an app and one broker, which is killed, comes back with and without its data, or is not there."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import httpx
import pytest
from instances import Speakers, instance, instances, listening
from redis_server import OwnRedis, is_installed, own_server

from nitro_runtime.testing.coroutines import until
from nitro_runtime.testing.serving import PLAIN, Served
from nitro_runtime.testing.web_suite.client import Tab, Transport, read_until

Missing = Callable[[str], NoReturn]

DOWN = "does not serve, so streams see"
BACK = "serves again after"
PASSWORD = "verysecret"  # noqa: S105 # of a user that a test makes


@dataclass(frozen=True)
class Group:
    """Three instances and their broker."""

    folder: Path
    redis: OwnRedis
    servers: list[Served]

    @property
    def urls(self) -> list[str]:
        return [served.url for served in self.servers]

    def ask(self, number: int, path: str) -> dict[str, object]:
        return httpx.get(f"{self.urls[number]}{path}", verify=PLAIN).raise_for_status().json()

    def logged(self, text: str) -> list[int]:
        """How often each instance said something."""
        return [served.log().count(text) for served in self.servers]


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory, missing: Missing) -> Iterator[Group]:
    if not is_installed():
        missing("redis-server is not installed; install Redis")
    folder = tmp_path_factory.mktemp("instances")
    with own_server(folder / "redis") as redis, instances(folder, redis.url) as servers:
        yield Group(folder, redis, servers)


@pytest.fixture(autouse=True)
def _serving(request: pytest.FixtureRequest) -> Iterator[None]:
    """Has the broker back for the next test, whatever became of this one."""
    yield
    if "group" in request.fixturenames:
        redis: OwnRedis = request.getfixturevalue("group").redis
        if redis.process.poll() is not None:
            redis.start()


def open_tabs(stack: ExitStack, urls: list[str], user: str = "ann") -> list[Iterator[str]]:
    """Opens the page and its stream on each instance, as a browser does."""
    streams: list[Iterator[str]] = []
    for url in urls:
        client = httpx.Client(
            base_url=url, timeout=20, transport=Transport(verify=PLAIN), headers={"x-user": user}
        )
        tab = Tab(stack.enter_context(client))
        streams.append(stack.enter_context(tab.stream()))
        read_until(streams[-1], "datastar-patch-elements")
    return streams


def test_a_row_that_is_saved_on_one_instance_is_shown_on_all(group: Group) -> None:
    with ExitStack() as stack:
        streams = open_tabs(stack, group.urls)
        for number in range(len(group.urls)):
            name = f"Lamp of {number}"
            begun = time.monotonic()
            group.ask(number, f"/save?name={name}")
            for stream in streams:
                read_until(stream, name)
            assert time.monotonic() - begun < 3


def test_streams_of_a_user_end_on_all_instances(group: Group) -> None:
    with ExitStack() as stack:
        hers = open_tabs(stack, group.urls, "eve")
        [his] = open_tabs(stack, group.urls[:1], "bob")
        begun = time.monotonic()
        group.ask(2, "/sign-out?user=eve")
        for stream in hers:
            assert "Lamp" not in "".join(stream)
        assert time.monotonic() - begun < 5
        group.ask(1, "/save?name=Still here")
        read_until(his, "Still here")


async def test_what_one_says_reaches_clients_of_all_in_one_order_with_the_same_ids(
    group: Group,
) -> None:
    async with listening(group.urls * 3) as clients:
        async with Speakers(group.urls) as speakers:
            await speakers.further(100)
        await until(lambda: all(client.has_all(speakers.last) for client in clients), "all numbers")
        assert len(speakers.last) >= 3
        for client in clients:
            assert client.order == clients[0].order
            assert client.ids[1:] == clients[0].ids[1:]
            for numbers in client.said.values():
                assert numbers == list(range(numbers[0], numbers[-1] + 1))


async def test_a_client_goes_on_at_another_instance(group: Group) -> None:
    async with listening(group.urls[:1]) as [before], Speakers(group.urls) as speakers:
        await speakers.further(30)
    async with Speakers(group.urls) as speakers:
        await speakers.further(30)
    for url in group.urls[1:]:
        async with listening([url], before.ids[-1]) as [after]:
            await until(lambda client=after: client.has_all(speakers.last), "what was missed")
        assert after.resyncs == 0
        for process, last in speakers.last.items():
            numbers = before.said.get(process, []) + after.said[process]
            assert numbers == list(range(numbers[0], last + 1))


async def kill_under_load(group: Group, times: int) -> None:
    """Kills and starts the broker while all speak; every client must get every number, in order."""
    before = group.logged(DOWN), group.logged(BACK)
    async with listening(group.urls * 3) as clients:
        async with Speakers(group.urls) as speakers:
            for _ in range(times):
                await speakers.further(60)
                group.redis.stop(signal.SIGKILL)
                await speakers.further(60)
                group.redis.start()
                await speakers.further(60)
        await until(lambda: all(c.has_all(speakers.last) for c in clients), "all numbers", 30)
        for client in clients:
            assert client.resyncs == 0
            for process, last in speakers.last.items():
                numbers = client.said[process]
                assert numbers == list(range(numbers[0], last + 1))
        firsts = [{name: said[0] for name, said in client.said.items()} for client in clients]
        assert all(each == firsts[0] for each in firsts)
    assert speakers.slowest < 2  # no request waited for the broker
    for number, processes in enumerate((1, 2, 1)):
        assert 1 <= group.logged(DOWN)[number] - before[0][number] <= times * processes
        assert 1 <= group.logged(BACK)[number] - before[1][number] <= times * processes


async def test_nothing_is_lost_when_the_broker_is_killed_under_load_and_has_its_data(
    group: Group,
) -> None:
    await kill_under_load(group, 1)


@pytest.mark.soak
async def test_nothing_is_lost_however_often_the_broker_is_killed(group: Group) -> None:
    await kill_under_load(group, 30)


async def test_every_client_reads_its_state_anew_when_the_broker_has_lost_its_data(
    group: Group,
) -> None:
    async with listening(group.urls * 3) as clients:
        async with Speakers(group.urls) as speakers:
            await speakers.further(60)
            group.redis.stop(signal.SIGKILL)
            await speakers.further(60)
            shutil.rmtree(group.folder / "redis" / "appendonlydir")
            group.redis.start()
            await until(lambda: all(client.resyncs for client in clients), "the resync")
            await speakers.further(60)
        await until(lambda: all(c.has_all(speakers.last) for c in clients), "the last numbers")
        for client in clients:
            for numbers in client.said.values():
                assert numbers == sorted(set(numbers))


def test_live_views_are_right_again_when_the_broker_has_lost_its_data(group: Group) -> None:
    with ExitStack() as stack:
        streams = open_tabs(stack, group.urls)
        group.redis.stop(signal.SIGKILL)
        for number in range(3):
            name = f"Saved alone {number}"
            group.ask(number, f"/save?name={name}")
        shutil.rmtree(group.folder / "redis" / "appendonlydir")
        group.redis.start()
        seen = [""] * 3
        wanted = [f"Saved alone {number}" for number in range(3)]
        for number, stream in enumerate(streams):
            while not all(name in seen[number] for name in wanted):
                seen[number] += next(stream)


async def test_an_app_starts_and_serves_without_its_broker_and_joins_it_later(
    group: Group,
) -> None:
    group.redis.stop(signal.SIGKILL)
    address = group.redis.url.replace("//", f"//late:{PASSWORD}@")
    with instance("starlette", group.folder, address) as late:
        async with listening([late.url]) as [client], Speakers([late.url]) as speakers:
            await speakers.further(10)
            await until(lambda: client.has_all(speakers.last), "its own numbers")
            assert httpx.get(f"{late.url}/state", verify=PLAIN).json()["broker"] == "down"
            assert httpx.get(f"{late.url}/", verify=PLAIN).status_code == 200
            group.redis.start()  # it does not know the user yet
            await speakers.further(50)
            assert late.log().count(DOWN) == 1
            group.redis.tell("ACL", "SETUSER", "late", "on", f">{PASSWORD}", "~*", "+@all")
        async with listening([late.url, *group.urls]) as clients:
            await until(
                lambda: httpx.get(f"{late.url}/state", verify=PLAIN).json()["broker"] == "up",
                "the broker",
            )
            async with Speakers([late.url, *group.urls]) as speakers:
                await speakers.further(40)
            await until(lambda: all(c.has_all(speakers.last) for c in clients), "all numbers")
        log = late.log()
        assert (log.count(DOWN), log.count(BACK)) == (1, 1)
        assert f"127.0.0.1:{group.redis.port}" in log
        assert PASSWORD not in log
        assert "Traceback" not in log
