"""A command that is sent again with its key runs once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from key_places import PLACES

from nitro_runtime.entities import configure
from nitro_runtime.entities.statements import watchers
from nitro_runtime.errors import ConfigurationError, NotFound, Refused
from nitro_runtime.events import anyone, command, forget_command
from nitro_runtime.sse import emit_signals
from nitro_runtime.web import session
from nitro_runtime.web.command_endpoint import commands
from nitro_runtime.web.idempotency import (
    Claim,
    IdempotencyStore,
    MemoryIdempotency,
    use_idempotency,
)
from nitro_runtime.web.idempotency_rows import EntityIdempotency
from nitro_runtime.web.request import Reply, Request, Site

NAME = "idempotency_test.run"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")
    yield
    forget_command(NAME)
    use_idempotency()
    configure("memory")


@pytest.fixture(params=["memory", *PLACES])
def store(request: pytest.FixtureRequest, address: Callable[[str], str]) -> IdempotencyStore:
    if request.param == "memory":
        return MemoryIdempotency()
    configure(address(request.param))
    return EntityIdempotency()


class Browser:
    """One session; ``user`` is who is signed in."""

    def __init__(self, user: str | None = None) -> None:
        request = Request("GET", "/")
        self.tab = session.new_tab(request)
        self.cookies = {session.SESSION_COOKIE: session.session_id(request)}
        self.site = Site(user=lambda _: user)

    async def send(self, body: bytes = b"{}", key: str | None = "k") -> Reply:
        async def read(limit: int) -> bytes:
            return body

        headers = {
            "content-type": "application/json",
            "datastar-request": "true",
            "sec-fetch-site": "same-origin",
        }
        if key is not None:
            headers["idempotency-key"] = key
        return await commands(
            Request(
                "POST", "/", headers=headers, cookies=self.cookies, read=read, site=self.site,
                params={"command": NAME, "sender": self.tab}, native=object(),
            )
        )  # fmt: skip

    async def told(self, body: bytes = b"{}", key: str | None = "k") -> bytes:
        reply = await self.send(body, key)
        if isinstance(reply.body, bytes):
            return reply.body
        return b"".join([chunk async for chunk in reply.body])


def counted(ran: list[int]) -> None:
    @command(NAME, allow=anyone)
    async def run(amount: int = 1) -> dict[str, int]:
        ran.append(amount)
        await asyncio.sleep(0)
        return {"count": len(ran)}


async def test_a_repeat_gets_the_first_answer_and_runs_nothing(store: IdempotencyStore) -> None:
    ran: list[int] = []
    counted(ran)
    use_idempotency(store)
    browser = Browser()
    first = await browser.told()
    assert b'"count":1' in first
    assert [await browser.told() for _ in range(3)] == [first] * 3
    assert b'"count":2' in await browser.told(key="other")
    assert b'"count":3' in await browser.told(key=None)
    assert len(ran) == 3


async def test_many_at_once_run_once(store: IdempotencyStore) -> None:
    ran: list[int] = []
    begun = asyncio.Event()

    @command(NAME, allow=anyone)
    async def run() -> dict[str, int]:
        ran.append(1)
        await begun.wait()
        return {"count": len(ran)}

    use_idempotency(store)
    browser = Browser()
    asked = [asyncio.create_task(browser.told()) for _ in range(8)]
    asyncio.get_running_loop().call_later(0.05, begun.set)
    answers = await asyncio.gather(*asked)
    assert len(ran) == 1
    assert len(set(answers)) == 1


async def test_the_same_key_with_something_else_is_refused(store: IdempotencyStore) -> None:
    ran: list[int] = []
    counted(ran)
    use_idempotency(store)
    browser = Browser()
    await browser.told(b'{"amount": 1}')
    with pytest.raises(Refused) as refused:
        await browser.told(b'{"amount": 2}')
    assert refused.value.status == 422
    assert ran == [1]


async def test_a_key_is_its_sessions_and_its_users(store: IdempotencyStore) -> None:
    ran: list[int] = []
    counted(ran)
    use_idempotency(store)
    ann = Browser("ann")
    await ann.told()
    await Browser("ann").told()  # another browser of hers
    await Browser("ben").told()
    same = Browser("ben")
    same.tab, same.cookies = ann.tab, ann.cookies  # one browser, another user
    await same.told()
    assert len(ran) == 4


@pytest.mark.parametrize("error", [RuntimeError("no"), NotFound("Crate", "7"), Refused(403, "No.")])
async def test_a_failure_does_not_use_a_key_up(store: IdempotencyStore, error: Exception) -> None:
    ran: list[int] = []

    @command(NAME, allow=anyone)
    async def run() -> dict[str, int]:
        ran.append(1)
        if len(ran) == 1:
            raise error
        return {"count": len(ran)}

    use_idempotency(store)
    browser = Browser()
    with pytest.raises(type(error)):
        await browser.told()
    assert b'"count":2' in await browser.told()
    assert b'"count":2' in await browser.told()
    assert len(ran) == 2


async def test_what_a_generator_yields_is_the_answer_of_a_repeat(store: IdempotencyStore) -> None:
    ran: list[int] = []

    @command(NAME, allow=anyone)
    async def run() -> AsyncIterator[Any]:
        ran.append(1)
        yield emit_signals({"step": 1})
        await asyncio.sleep(0)
        yield emit_signals({"step": 2})

    use_idempotency(store)
    browser = Browser()
    first = await browser.told()
    assert first.index(b'"step":1') < first.index(b'"step":2')
    assert await browser.told() == first
    assert ran == [1]


async def test_a_lost_connection_does_not_end_the_command(store: IdempotencyStore) -> None:
    ran: list[int] = []
    begun, going_on = asyncio.Event(), asyncio.Event()

    @command(NAME, allow=anyone)
    async def run() -> dict[str, int]:
        begun.set()
        await going_on.wait()
        ran.append(1)
        return {"count": len(ran)}

    use_idempotency(store)
    browser = Browser()
    lost = asyncio.create_task(browser.told())
    await begun.wait()
    await lose(lost)
    going_on.set()
    assert b'"count":1' in await browser.told()
    assert ran == [1]


async def lose(connection: asyncio.Task[bytes]) -> None:
    """Has a connection lost, and its server notice."""
    connection.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connection


async def test_a_connection_that_is_lost_while_the_key_is_taken_leaves_it_free_or_used(
    store: IdempotencyStore,
) -> None:
    ran: list[int] = []
    counted(ran)
    use_idempotency(store, patience=3)
    browser = Browser()
    loop = asyncio.get_running_loop()
    await browser.told(key="another")  # tables are there

    def cut(statement: str) -> None:
        if "insert" in statement.lower() or statement == "EVALSHA":
            loop.call_soon_threadsafe(lost.cancel)

    watchers.append(cut)
    try:
        lost = asyncio.create_task(browser.told())
        await asyncio.wait([lost])
    finally:
        watchers.remove(cut)
    assert b'"count":2' in await browser.told()
    assert len(ran) == 2


async def test_a_key_that_was_taken_for_nobody_is_given_back() -> None:
    class Slow(MemoryIdempotency):
        async def claim(self, key: str, claim: Claim, seconds: float) -> Claim | None:
            known = await super().claim(key, claim, seconds)
            taken.set()
            await answers.wait()
            return known

    ran: list[int] = []
    counted(ran)
    taken, answers = asyncio.Event(), asyncio.Event()
    use_idempotency(Slow(), patience=3)
    browser = Browser()
    lost = asyncio.create_task(browser.told())
    await taken.wait()
    await lose(lost)
    answers.set()
    assert b'"count":1' in await browser.told()


async def test_a_repeat_that_has_waited_for_too_long_is_told_to_come_again(
    store: IdempotencyStore,
) -> None:
    begun, going_on = asyncio.Event(), asyncio.Event()

    @command(NAME, allow=anyone)
    async def run() -> None:
        begun.set()
        await going_on.wait()

    use_idempotency(store, patience=0.05)
    browser = Browser()
    first = asyncio.create_task(browser.told())
    await begun.wait()
    with pytest.raises(Refused) as refused:
        await browser.told()
    assert refused.value.status == 409
    assert ("retry-after", "1") in refused.value.headers
    going_on.set()
    await first


@pytest.mark.parametrize("key", ["", " ", "x" * 129, "a b", "k\x00", "ä", "a\r\nx: y"])
async def test_what_cannot_be_a_key_is_refused(key: str) -> None:
    ran: list[int] = []
    counted(ran)
    with pytest.raises(Refused) as refused:
        await Browser().told(key=key)
    assert refused.value.status == 400
    assert ran == []


async def test_memory_is_bounded_and_forgets_the_oldest_answer_first() -> None:
    now = [0.0]
    kept = MemoryIdempotency(most=3, most_bytes=100, clock=lambda: now[0])
    for name in ("a", "b", "c"):
        assert await kept.claim(name, Claim("p", name), 10) is None
        await kept.keep(name, Claim("p", name, b"x" * 30), 10)
    assert await kept.claim("d", Claim("p", "d"), 10) is None  # a is forgotten for it
    assert await kept.claim("b", Claim("p", "z"), 10) == Claim("p", "b", b"x" * 30)
    await kept.keep("d", Claim("p", "d", b"x" * 90), 10)  # b and c are forgotten for it
    assert await kept.claim("b", Claim("p", "z"), 10) is None
    now[0] = 20
    assert await kept.claim("d", Claim("p", "z"), 10) is None


def test_times_are_more_than_none() -> None:
    with pytest.raises(ConfigurationError, match="more than none"):
        use_idempotency(kept=0)


async def test_a_failure_after_the_first_patch_does_not_use_a_key_up(
    store: IdempotencyStore, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[int] = []

    @command(NAME, allow=anyone)
    async def run() -> AsyncIterator[Any]:
        ran.append(1)
        yield emit_signals({"try": len(ran)})
        if len(ran) == 1:
            raise Refused(409, "Not now.")

    use_idempotency(store)
    browser = Browser()
    assert b"Not now" in await browser.told()
    assert b"Not now" not in await browser.told()
    assert len(ran) == 2
    assert "failed after its first patch" in caplog.text


async def test_what_could_not_be_kept_is_not_done_again(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(MemoryIdempotency):
        async def keep(self, key: str, claim: Claim, seconds: float) -> None:
            raise OSError("the store went away")

    ran: list[int] = []
    counted(ran)
    use_idempotency(Broken(), patience=0.01)
    browser = Browser()
    assert b'"count":1' in await browser.told()
    with pytest.raises(Refused) as refused:
        await browser.told()
    assert (refused.value.status, ran) == (409, [1])
    assert "could not be kept" in caplog.text


@pytest.mark.parametrize("error", [RuntimeError("no"), Refused(403, "No.")])
async def test_a_failure_is_told_also_when_its_key_cannot_be_given_back(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(MemoryIdempotency):
        async def release(self, key: str, claim: Claim) -> None:
            raise OSError("the store went away")

    @command(NAME, allow=anyone)
    async def run() -> None:
        raise error

    use_idempotency(Broken(), patience=0.01)
    async with asyncio.timeout(5):
        with pytest.raises(type(error)):
            await Browser().told()
    assert "could not be given back" in caplog.text


async def test_of_an_answer_that_is_too_long_a_repeat_is_told_that_it_was_done(
    store: IdempotencyStore,
) -> None:
    ran: list[int] = []

    @command(NAME, allow=anyone)
    async def run() -> dict[str, str]:
        ran.append(1)
        return {"text": "x" * 300_000}

    use_idempotency(store)
    browser = Browser()
    assert len(await browser.told()) > 300_000
    with pytest.raises(Refused, match="done already"):
        await browser.told()
    assert ran == [1]
