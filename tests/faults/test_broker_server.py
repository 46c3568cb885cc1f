"""A Redis server that refuses, is full, sleeps, or is not what it was: no publisher waits, and one sentence says so."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import re
import secrets
import signal
import sys
import time
import warnings
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from typing import NoReturn

import pytest
from redis_server import OwnRedis, is_installed, own_server

from nitro_runtime.brokers import BrokerRelay, RedisBroker, use_broker
from nitro_runtime.errors import ConfigurationError
from nitro_runtime.testing.broker_suite.suite import Listener, Node, listening, saying
from nitro_runtime.testing.coroutines import until

Missing = Callable[[str], NoReturn]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory, missing: Missing) -> Iterator[OwnRedis]:
    if not is_installed():
        missing("redis-server is not installed; install Redis")
    with own_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@asynccontextmanager
async def joined(
    server: OwnRedis, count: int, prefix: str = "", length: int = 10_000, patience: float = 3.0
) -> AsyncGenerator[list[Node]]:
    """Runs nodes that have joined by a log of their own."""
    url = f"{server.url}?prefix={prefix or secrets.token_hex(6)}"
    nodes = [Node(RedisBroker(url, length, patience)) for _ in range(count)]
    try:
        for node in nodes:
            await node.relay.caught_up(10)
        yield nodes
    finally:
        for node in nodes:
            await asyncio.to_thread(node.relay.close)


def sentences(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if "brokers" in each.name]


async def goes_on_alone(one: Node, here: Listener, text: str, seconds: float = 0.05) -> None:
    """Says something that this node's streams must see although the broker does not serve."""
    begun = time.monotonic()
    one.hub.broadcast("a", saying(text))
    assert time.monotonic() - begun < seconds
    await here.until(f"say {text}".encode())


REFUSALS = {
    "full": (
        [("CONFIG", "SET", "maxmemory", "1")],
        [("CONFIG", "SET", "maxmemory", "0")],
        "does not serve now: .*maxmemory",
    ),
    "a replica": (
        [("REPLICAOF", "127.0.0.1", "1")],
        [("REPLICAOF", "NO", "ONE")],
        "does not serve now: .*replica",
    ),
    "asks for a password": (
        [("CONFIG", "SET", "requirepass", "hidden"), ("CLIENT", "KILL", "TYPE", "normal")],
        [],
        "refuses the login: .*Authentication required",
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_server_that_refuses_is_told_in_one_sentence_and_used_again(
    redis: OwnRedis, caplog: pytest.LogCaptureFixture, refusal: str
) -> None:
    refuse, serve, why = REFUSALS[refusal]
    async with (
        joined(redis, 2) as [one, two],
        listening(one, "a") as here,
        listening(two, "a") as there,
    ):
        for command in refuse:
            redis.tell(*command)
        for number in range(5):
            await goes_on_alone(one, here, str(number))
        await until(lambda: one.relay.state == "down", "the refusal")
        if refusal == "asks for a password":
            redis.tell("CONFIG", "SET", "requirepass", "", password="hidden")
        for command in serve:
            redis.tell(*command)
        await there.until(b"say 4")
        await until(lambda: one.relay.state == two.relay.state == "up", "the server")
        one.hub.broadcast("a", saying("end"))
        await here.until(b"say end")
        await there.until(b"say end")
        assert here.said == there.said == [*(f"say {number}" for number in range(5)), "say end"]
    told = sentences(caplog)
    downs = [sentence for sentence in told if "does not serve, so" in sentence]
    assert 1 <= len(downs) <= 4  # for each node, which may notice it by reading and by writing
    assert any(re.search(why, sentence) for sentence in downs), downs
    assert len([sentence for sentence in told if "serves again" in sentence]) == len(downs)
    assert "hidden" not in caplog.text


async def test_a_key_of_another_type_is_told(
    redis: OwnRedis, caplog: pytest.LogCaptureFixture
) -> None:
    redis.tell("SET", "{taken}/broker:log", "something else")
    node = Node(RedisBroker(f"{redis.url}?prefix=taken"))
    try:
        await node.relay.caught_up(10)
        assert node.relay.state == "down"
        async with listening(node, "a") as here:
            await goes_on_alone(node, here, "alone")
        [sentence] = sentences(caplog)
        assert "refuses what is asked of {taken}/broker:log: WRONGTYPE" in sentence
        redis.tell("DEL", "{taken}/broker:log")
        await until(lambda: node.relay.state == "up", "the key")
    finally:
        await asyncio.to_thread(node.relay.close)


async def test_a_server_that_sleeps_holds_nobody_up(redis: OwnRedis) -> None:
    async with (
        joined(redis, 2, patience=0.5) as [one, two],
        listening(one, "a") as here,
        listening(two, "a") as there,
    ):
        redis.process.send_signal(signal.SIGSTOP)
        try:
            for number in range(10):
                await goes_on_alone(one, here, str(number))
            assert one.relay.state == "down"
        finally:
            redis.process.send_signal(signal.SIGCONT)
        await there.until(b"say 9")
        assert here.said == there.said == [f"say {number}" for number in range(10)]


async def test_a_log_that_went_back_to_an_older_state_is_told(
    redis: OwnRedis, caplog: pytest.LogCaptureFixture
) -> None:
    """As when a replica takes over that had not got everything."""
    key = "{older}/broker:log"
    async with (
        joined(redis, 2, "older") as [one, two],
        listening(one, "a") as here,
        listening(two, "a") as there,
    ):
        for number in range(3):
            one.hub.broadcast("a", saying(number))
        await here.until(b"say 2")
        await there.until(b"say 2")
        epoch = one.hub.epoch
        a, b = one.hub.position
        redis.tell("XDEL", key, f"{a}-{b}")
        redis.tell("CLIENT", "KILL", "TYPE", "normal")
        for listener in (here, there):
            await listener.until(b"event: nitro-resync")
        await until(lambda: one.hub.epoch == two.hub.epoch != epoch, "another epoch")
        await until(lambda: one.relay.state == two.relay.state == "up", "the server")
        two.hub.broadcast("a", saying("after"))
        await here.until(b"say after")
        assert here.said == ["say 0", "say 1", "say 2", "say after"]
    assert "has not kept everything" in caplog.text


async def test_what_redis_is_told_by_others_is_passed_over(redis: OwnRedis) -> None:
    async with joined(redis, 1, "others") as [one], listening(one, "a") as here:
        one.hub.broadcast("a", saying("mine"))
        await here.until(b"say mine")
        for fields in (
            ("m", ""),
            ("m", "no json\nx"),
            ("m", "[1]\nx"),
            ("m", '[2,"o",1,"send",["a"]]\ndata: newer\n\n'),
            ("m", '[1,"o",1,"send",[1]]\ndata: wrong\n\n'),
            ("m", '[1,"o",true,"send",["a"]]\ndata: wrong\n\n'),
            ("m", '[1,"o",1,"explode",["a"]]\n'),
            ("m", "[" * 100_000 + "\n"),
            ("another", "field"),
            ("two", "of", "these", "fields"),
        ):
            redis.tell("XADD", "{others}/broker:log", "*", *fields)
        one.hub.broadcast("a", saying("end"))
        await here.until(b"say end")
        assert here.said == ["say mine", "say end"]
        assert one.relay.state == "up"


async def test_a_log_that_grows_without_end_is_kept_short(redis: OwnRedis) -> None:
    async with joined(redis, 1, "grows", length=500) as [one], listening(one, "a") as here:
        for number in range(3_000):
            one.hub.broadcast("b", saying(number))
        one.hub.broadcast("a", saying("end"))
        await here.until(b"say end")
        assert 500 <= redis.length("{grows}/broker:log") < 700


# -- processes --------------------------------------------------------------------------------------


def say_in_a_child(relay: BrokerRelay, line: Connection) -> None:
    """Says something in a process that was forked while its parent spoke."""
    before = relay.state
    relay.send(("a",), saying("from a child"))
    deadline = time.monotonic() + 10
    while relay.state != "up" and time.monotonic() < deadline:
        time.sleep(0.01)
    line.send((before, relay.state))
    relay.close(2)
    os._exit(0)


async def test_a_forked_process_joins_by_itself_and_leaves_its_parent_alone(
    redis: OwnRedis,
) -> None:
    async with joined(redis, 1) as [one], listening(one, "a") as here:
        one.hub.broadcast("a", saying("before"))
        await here.until(b"say before")
        mine, its = multiprocessing.Pipe()
        with warnings.catch_warnings():  # that a process with threads is forked, as servers do
            warnings.simplefilter("ignore", DeprecationWarning)
            child = multiprocessing.get_context("fork").Process(
                target=say_in_a_child, args=(one.relay, its)
            )
            child.start()
        await here.until(b"say from a child")
        assert await asyncio.to_thread(mine.poll, 10)
        assert mine.recv() == ("starting", "up")
        await asyncio.to_thread(child.join, 10)
        assert child.exitcode == 0
        one.hub.broadcast("a", saying("after"))
        await here.until(b"say after")
        assert here.said == ["say before", "say from a child", "say after"]
        for line in (mine, its):
            line.close()


ASKED = "os.kill(os.getpid(), signal.SIGTERM)"


@pytest.mark.parametrize(
    ("begin", "end", "code"),
    [
        ("", "", 0),
        ("", ASKED, -signal.SIGTERM),
        ("signal.signal(signal.SIGTERM, lambda *_: os._exit(3))", ASKED, 3),
    ],
    ids=["by itself", "by a signal", "by a signal, without atexit"],
)
async def test_a_process_that_ends_says_all_it_had_to_say(
    redis: OwnRedis, begin: str, end: str, code: int
) -> None:
    prefix = secrets.token_hex(6)
    async with joined(redis, 1, prefix) as [one], listening(one, "a") as here:
        program = (
            "import os, signal\n"
            "from nitro import broadcast, use_broker\n"
            f"{begin}\n"
            f"use_broker('{redis.url}?prefix={prefix}')\n"
            "for n in range(100): broadcast('a', b'data: say %d\\n\\n' % n)\n"
            f"{end}\n"
        )
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
        assert await process.wait() == code
        await here.until(b"say 99")
        assert here.said == [f"say {number}" for number in range(100)]


# -- addresses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["amqp://localhost", "localhost:6379", "redis://", "redis://h/x", "redis://h?prefix=a b", "redis://h?nonsense=1"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_without_showing_a_password(address: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        use_broker(address.replace("//", "//:hidden@"))
    assert "hidden" not in str(raised.value)
