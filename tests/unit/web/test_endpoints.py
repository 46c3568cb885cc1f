from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any

import pytest
from pydantic import BaseModel, Field

from nitro_runtime.entities import Entity
from nitro_runtime.errors import NotFound, Refused
from nitro_runtime.events import (
    Context,
    anyone,
    command,
    emit,
    emit_async,
    forget_command,
    off,
    on,
    signed_in,
)
from nitro_runtime.html import P
from nitro_runtime.sse import SignalsPatch, emit_elements, emit_signals, hub
from nitro_runtime.views import Column, Table
from nitro_runtime.web import gate, live, session, stream_limits
from nitro_runtime.web.command_endpoint import commands
from nitro_runtime.web.event_endpoint import MOST_VIEWS, events
from nitro_runtime.web.forms import Multi
from nitro_runtime.web.patching import patches_of
from nitro_runtime.web.request import Reply, Request, Site
from nitro_runtime.web.stream_limits import StreamLimit

NAME = "endpoint_test.run"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")
    yield
    forget_command(NAME)


def tab() -> tuple[str, dict[str, str]]:
    request = Request("GET", "/")
    made = session.new_tab(request)
    return made, {session.SESSION_COOKIE: session.session_id(request)}


def call(body: bytes = b"{}", *, form: bool = False, **options: Any) -> Request:
    async def read(limit: int) -> bytes:
        return body

    sender, cookies = tab()
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    headers = {"content-type": kind, "origin": "http://localhost"}
    if not form:
        headers["datastar-request"] = "true"
    headers |= options.pop("headers", {})
    params = {"command": NAME, "sender": sender}
    return Request(
        "POST", "/", headers=headers, cookies=cookies, params=params, read=read, **options
    )


async def read(reply: Reply) -> bytes:
    if isinstance(reply.body, bytes):
        return reply.body
    return b"".join([chunk async for chunk in reply.body])


async def test_what_a_command_is_not_told_of_is_left_out() -> None:
    @command(NAME, allow=anyone)
    async def run(quantity: int, signals: Any) -> dict[str, Any]:
        return {"quantity": quantity, "all": sorted(signals)}

    reply = await commands(call(b'{"quantity": 5, "search": "x"}'))
    assert b'{"quantity":5,"all":["quantity","search"]}' in await read(reply)


async def test_a_command_is_told_of_what_it_names_by_an_alias() -> None:
    class Counted(BaseModel):
        quantity: int = Field(alias="howMany")

    @command(NAME, input=Counted, allow=anyone)
    async def run(counted: Counted) -> dict[str, Any]:
        return {"quantity": counted.quantity}

    reply = await commands(call(b'{"howMany": 5, "search": "x"}'))
    assert b'{"quantity":5}' in await read(reply)


async def test_a_form_is_written_for_its_command_and_nothing_of_it_is_left_out() -> None:
    @command(NAME, allow=anyone)
    async def run(quantity: int, tags: list[str]) -> None:
        assert (quantity, tags) == (5, ["a", "b"])

    reply = await commands(call(b"quantity=5&tags=a&tags=b", form=True))
    assert (reply.status, dict(reply.headers)["location"]) == (303, "/")
    with pytest.raises(Refused) as refused:
        await commands(call(b"quantity=5&tags=a&tags=b&admin=1", form=True))
    assert refused.value.status == 422


@pytest.mark.parametrize(
    ("referer", "location"),
    [
        ("http://localhost/products?page=2", "/products?page=2"),
        ("http://evil.example/products", "/"),
        ("http://localhost//evil.example/", "/evil.example/"),
        ("http://localhost/\\evil.example", "/evil.example"),
        ("http://localhost/a\\b", "/"),
        ("http://localhost/a b\x7f", "/"),
        ("http://[localhost/", "/"),
        ("nonsense", "/"),
        ("", "/"),
    ],
)
async def test_a_plain_form_goes_back_to_where_it_came_from(referer: str, location: str) -> None:
    @command(NAME, allow=anyone)
    async def run() -> None:
        pass

    reply = await commands(call(form=True, body=b"", headers={"referer": referer}))
    assert dict(reply.headers)["location"] == location


async def test_the_first_patch_is_sent_while_the_command_still_runs() -> None:
    go_on = asyncio.Event()

    @command(NAME, allow=anyone)
    async def run() -> AsyncGenerator[SignalsPatch]:
        yield emit_signals({"step": 1})
        await go_on.wait()
        yield emit_signals({"step": 2})

    reply = await commands(call())
    assert isinstance(reply.body, AsyncIterator)
    assert b'"step":1' in await anext(reply.body)
    go_on.set()
    assert b'"step":2' in await anext(reply.body)
    assert await read(reply) == b""


async def test_what_handlers_yield_during_a_command_is_its_answer() -> None:
    @command(NAME, allow=anyone)
    async def run() -> None:
        emit("endpoint_test.done", "anybody")

    @on("endpoint_test.done")
    async def done() -> AsyncGenerator[SignalsPatch]:
        yield emit_signals({"done": True})

    try:
        assert b'{"done":true}' in await read(await commands(call()))
    finally:
        off(done)


async def test_what_is_yielded_after_a_command_goes_to_the_stream_of_its_tab() -> None:
    answered = asyncio.Event()
    jobs: list[asyncio.Task[None]] = []

    @on("endpoint_test.progress")
    async def progress() -> AsyncGenerator[SignalsPatch]:
        yield emit_signals({"progress": 100})

    @command(NAME, allow=anyone)
    async def run(ctx: Context) -> None:
        async def job() -> None:
            await answered.wait()
            await emit_async("endpoint_test.progress", ctx.tab)

        jobs.append(asyncio.create_task(job()))

    asked = call()
    stream = hub.subscribe([f"tab:{asked.params['sender']}"])
    try:
        assert await read(await commands(asked)) == b""
        assert (await anext(stream)).startswith(b"retry:")
        answered.set()
        async with asyncio.timeout(2):
            assert b'{"progress":100}' in await anext(stream)
    finally:
        off(progress)
        stream.close()
        await asyncio.gather(*jobs)


async def test_what_a_command_says_before_its_first_patch_is_the_status() -> None:
    @command(NAME, allow=anyone)
    async def run() -> None:
        raise NotFound("Product", "7")

    with pytest.raises(NotFound):
        await commands(call())


@pytest.mark.parametrize(
    ("error", "told"),
    [(NotFound("Product", "7"), True), (Refused(422, "No Product."), True), (KeyError("x"), False)],
)
async def test_a_failure_after_the_first_patch_does_not_break_the_reply_off(
    error: Exception, told: bool
) -> None:
    @command(NAME, allow=anyone)
    async def run() -> AsyncGenerator[SignalsPatch]:
        yield emit_signals({"step": 1})
        raise error

    answer = await read(await commands(call()))
    assert b'"step":1' in answer
    assert (b"selector #notices" in answer and b"product" in answer.lower()) is told


async def test_who_acts_comes_from_the_host() -> None:
    @command(NAME, allow=signed_in)
    async def run(user: Any) -> dict[str, Any]:
        return {"user": user}

    async def ann(native: object) -> str:
        return "ann"

    with pytest.raises(Refused) as refused:
        await commands(call())
    assert refused.value.status == 403
    assert b'{"user":"ann"}' in await read(await commands(call(site=Site(user=ann))))


async def test_commands_are_limited_in_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    @command(NAME, allow=anyone)
    async def run() -> None:
        pass

    monkeypatch.setattr(gate, "commands", gate.RateLimit(per_second=0, burst=2))
    request = call()
    await commands(request)
    await commands(request)
    with pytest.raises(Refused) as refused:
        await commands(request)
    assert refused.value.status == 429


def test_what_a_command_may_return() -> None:
    element, signals = emit_elements("<p>x</p>"), emit_signals({"a": 1})
    assert patches_of(None) == []
    assert patches_of(P("x", id="x")) == [emit_elements('<p id="x">x</p>').encode()]
    assert patches_of([element, signals, None]) == [element.encode(), signals.encode()]
    assert patches_of({"a": 1}) == [signals.encode()]
    with pytest.raises(TypeError, match="a view, a dict or None, not int"):
        patches_of(3)


class EndpointThing(Entity):
    number: int


class EndpointThingTable(Table[EndpointThing]):
    entity = EndpointThing
    number = Column()
    reactive = True


async def test_no_tab_misses_the_last_of_many_changes_in_another_thread() -> None:
    thing = EndpointThing.create(number=0)
    key = (await EndpointThingTable.read(Request("GET", "/"))).view_key
    assert key

    def work() -> None:
        for number in range(1, 400):
            thing.number = number
            thing.save()

    async def watch() -> None:
        reply = await events(stream_request(view=key))
        assert isinstance(reply.body, AsyncGenerator)
        async for chunk in reply.body:
            if b">399<" in chunk:
                break
        await reply.body.aclose()

    thread = threading.Thread(target=work)
    thread.start()
    async with asyncio.timeout(10), asyncio.TaskGroup() as tabs:
        for _ in range(40):
            tabs.create_task(watch())
            await asyncio.sleep(0.001)  # some open before, some between, some after the changes
    thread.join()
    assert live.watched == 0


def stream_request(**query: str) -> Request:
    made, cookies = tab()
    return Request("GET", "/events", cookies=cookies, query=Multi({"tab": made, **query}.items()))


async def test_a_stream_that_ends_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = StreamLimit(per_user=1)
    monkeypatch.setattr(stream_limits, "streams", limit)
    request = stream_request()
    open_before = hub.open_count
    reply = await events(request)
    assert isinstance(reply.body, AsyncGenerator)
    assert (await anext(reply.body)).startswith(b"retry:")
    assert hub.open_count == open_before + 1
    with pytest.raises(Refused) as refused:
        await events(request)
    assert refused.value.status == 503
    await reply.body.aclose()
    assert hub.open_count == open_before
    assert (await events(request)).status == 200


class BrokenThingTable(Table[EndpointThing]):
    entity = EndpointThing
    number = Column()
    reactive = True

    def cell_number(self, thing: EndpointThing) -> object:
        raise ZeroDivisionError


async def test_a_broken_view_leaves_the_others_of_its_page_alive_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nitro_runtime.web.event_endpoint.BROKEN_SECONDS", 0.01)
    EndpointThing.create(number=4711)
    asked = Request("GET", "/")
    views = [await BrokenThingTable.read(asked), await EndpointThingTable.read(asked)]
    request = stream_request()
    keys = [("view", str(view.view_key)) for view in views]
    request.query = Multi([*request.query.pairs(), *keys])
    reply = await events(request)
    assert isinstance(reply.body, AsyncGenerator)
    first = await anext(reply.body)
    assert b">4711<" in first
    assert b"broken-thing" not in first
    with pytest.raises(StopAsyncIteration):  # the stream ends, so that the browser comes back
        await anext(reply.body)
    assert live.watched == 0


async def test_a_page_has_no_more_live_views_than_it_can() -> None:
    request = stream_request()
    request.query = Multi([("view", str(number)) for number in range(MOST_VIEWS + 1)])
    with pytest.raises(Refused) as refused:
        await events(request)
    assert refused.value.status == 422


def is_the_last(reply: Reply) -> bool:
    """Datastar asks again after a stream, not after HTML; and the effect that asks is gone."""
    assert isinstance(reply.body, bytes)
    html = dict(reply.headers)["content-type"] == "text/html; charset=utf-8"
    stopped = b'<div id="nitro-stream" hidden' in reply.body
    return html and stopped and b"data-effect" not in reply.body


async def test_after_a_new_secret_key_an_open_page_reloads() -> None:
    request = Request("GET", "/events", headers={"datastar-request": "true"})
    request.query = Multi([("tab", "a.b"), ("view", "e30.AAAAAAAAAAAAAAAAAAAAAA")])
    reply = await events(request)
    assert reply.status == 200
    assert b"location.reload()" in await read(reply)
    assert is_the_last(reply)


async def test_a_page_without_live_views_is_told_that_its_tab_is_no_longer_good() -> None:
    request = Request("GET", "/events", headers={"datastar-request": "true"})
    request.query = Multi([("tab", "a.b")])
    reply = await events(request)
    answer = await read(reply)
    assert b"reload()" not in answer
    assert is_the_last(reply)
    assert b"This tab belongs to another session; reload the page." in answer


async def test_what_is_no_page_is_refused_with_a_status() -> None:
    with pytest.raises(Refused) as refused:
        await events(Request("GET", "/events", query=Multi([("tab", "a.b")])))
    assert refused.value.status == 403


async def test_those_who_are_not_signed_in_share_no_stream() -> None:
    class Anonymous:
        id = None
        is_authenticated = False

    request = stream_request()
    request.site = Site(user=lambda native: Anonymous())
    reply = await events(request)
    assert isinstance(reply.body, AsyncGenerator)
    await anext(reply.body)
    assert not [topic for topic in hub.topics if topic.startswith("user:")]
    await reply.body.aclose()


async def test_a_user_has_streams_of_their_own() -> None:
    request = stream_request()
    request.site = Site(user=lambda native: "ann")
    reply = await events(request)
    assert isinstance(reply.body, AsyncGenerator)
    await anext(reply.body)
    assert hub.publish("user:ann", emit_signals({"for": "ann"})) == 1
    assert b'{"for":"ann"}' in await anext(reply.body)
    await reply.body.aclose()
