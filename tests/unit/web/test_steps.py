"""What a handler's generator yields goes out step by step, or is shown at the end."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from typing import Any

import pytest

from nitro_runtime.errors import NotFound
from nitro_runtime.html import P
from nitro_runtime.sse import emit_signals
from nitro_runtime.views import Notice, Progress, Words
from nitro_runtime.views.words import say
from nitro_runtime.web.portal import portal
from nitro_runtime.web.replies import respond
from nitro_runtime.web.request import Reply, Request, Site

DATASTAR = {"datastar-request": "true"}


def asked(headers: dict[str, str] | None = None, words: Words | None = None) -> Request:
    site = Site(words=lambda request: words)
    return Request("POST", "/work", headers=headers or {}, host="shop.example", site=site)


async def pieces(reply: Reply) -> list[str]:
    assert isinstance(reply.body, AsyncIterator)
    return [piece.decode() async for piece in reply.body]


def plain(threads: list[int] | None = None) -> Generator[Any]:
    progress = Progress("work", max=2)
    for number in (1, 2):
        if threads is not None:
            threads.append(threading.get_ident())
        yield progress.at(number, f"{number} of 2")
    yield emit_signals({"done": True})
    yield {"also": 1}
    yield None
    yield Notice("Done")


async def waiting() -> AsyncGenerator[Any]:
    for each in plain():
        yield each


@pytest.mark.parametrize("steps", [plain, waiting])
async def test_each_step_is_an_event_of_its_own(steps: Any) -> None:
    reply = respond(asked(DATASTAR), steps())
    assert dict(reply.headers)["content-type"] == "text/event-stream"
    first, second, *rest = await pieces(reply)
    assert "1 of 2" in first
    assert "2 of 2" in second
    assert "2 of 2" not in first
    assert '"done":true' in rest[0]
    assert '"also":1' in rest[1]
    assert "selector #notices" in rest[2]
    assert "mode append" in rest[2]
    assert len(rest) == 3


async def test_plain_generators_run_beside_the_loop() -> None:
    threads: list[int] = []
    await pieces(respond(asked(DATASTAR), plain(threads)))
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("steps", [plain, waiting])
async def test_without_a_script_the_last_of_each_view_is_shown_as_a_page(steps: Any) -> None:
    [page] = await pieces(respond(asked(), steps()))
    assert page.startswith("<!DOCTYPE html>")
    assert "2 of 2" in page
    assert "1 of 2" not in page
    assert "Done" in page
    assert "<title>Work</title>" in page


@pytest.mark.parametrize("kind", ["plain", "async"])
async def test_an_error_for_visitors_is_told_and_any_other_is_logged(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(error: Exception) -> Generator[Any]:
        yield P("begun", id="x")
        raise error

    async def fails_async(error: Exception) -> AsyncGenerator[Any]:
        yield P("begun", id="x")
        raise error

    make = fails if kind == "plain" else fails_async
    begun, told = await pieces(respond(asked(DATASTAR), make(NotFound("Lamp", "7"))))
    assert "begun" in begun
    assert "There is no such lamp." in told
    assert len(await pieces(respond(asked(DATASTAR), make(KeyError("secret"))))) == 1
    assert "secret" in caplog.text


@pytest.mark.parametrize("kind", ["plain", "async"])
async def test_steps_speak_the_visitors_language(kind: str) -> None:
    def steps() -> Generator[Any]:
        yield P(say("save"), id="x")
        yield P(say("save"), id="x")

    async def steps_async() -> AsyncGenerator[Any]:
        yield P(say("save"), id="x")
        yield P(say("save"), id="x")

    make = steps if kind == "plain" else steps_async
    reply = respond(asked(DATASTAR, Words(save="Speichern")), make())
    first, second = await pieces(reply)
    assert "Speichern" in first
    assert "Speichern" in second
    assert say("save") == "Save"


async def test_a_visitor_who_leaves_ends_the_steps() -> None:
    ended: list[str] = []

    async def endless() -> AsyncGenerator[Any]:
        try:
            while True:
                yield P("on", id="x")
        finally:
            ended.append("async")

    body: Any = respond(asked(DATASTAR), endless()).body
    await anext(body)
    await body.aclose()
    assert ended == ["async"]


async def test_a_visitor_who_leaves_ends_the_steps_that_a_thread_does() -> None:
    ended: list[int] = []

    def endless() -> Generator[Any]:
        try:
            while True:
                yield P("on", id="x")
        finally:
            ended.append(threading.get_ident())

    body: Any = respond(asked(DATASTAR), endless()).body
    await anext(body)
    await body.aclose()
    [thread] = ended
    assert thread != threading.get_ident()


@pytest.mark.parametrize("fails", [None, ValueError("late"), NotFound("Lamp", "7")])
async def test_a_visitor_who_leaves_during_a_step_is_let_go_when_it_is_done(
    fails: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), list[str]()

    def slow() -> Generator[Any]:
        try:
            yield P("on", id="x")
            begun.set()
            may_end.wait(10)
            if fails:
                raise fails
            yield P("off", id="x")
        finally:
            ended.append("closed")

    async def watch() -> None:
        async for _ in respond(asked(DATASTAR), slow()).body:  # pyright: ignore[reportGeneralTypeIssues] # it streams
            pass

    task = asyncio.create_task(watch())
    await asyncio.to_thread(begun.wait, 10)
    for _ in range(2):  # some servers say it more than once
        task.cancel()
        await asyncio.wait([task], timeout=0.02)
    assert not task.done()
    assert not ended
    may_end.set()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
    assert ended == ["closed"]
    assert ("failed after its end" in caplog.text) == (fails is not None)


async def test_what_fails_while_it_is_closed_hides_no_cancellation(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def stubborn() -> Generator[Any]:
        try:
            yield P("on", id="x")
        finally:
            raise ValueError("stubborn")

    body: Any = respond(asked(DATASTAR), stubborn()).body
    await anext(body)
    with pytest.raises(asyncio.CancelledError):
        await body.athrow(asyncio.CancelledError())
    assert "stubborn" in caplog.text


def test_a_portal_closes_the_steps_of_a_visitor_who_leaves() -> None:
    ended: list[str] = []

    def endless() -> Generator[Any]:
        try:
            while True:
                yield P("on", id="x")
        finally:
            ended.append("closed")

    body: Any = portal.iterate(respond(asked(DATASTAR), endless()).body)  # pyright: ignore[reportArgumentType]
    next(body)
    body.close()
    assert ended == ["closed"]
