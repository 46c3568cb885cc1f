"""Whom the host's token reaches: the one visitor whose request is answered."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from nitro_runtime.entities import Entity
from nitro_runtime.events import anyone, command, forget_command
from nitro_runtime.html import Div
from nitro_runtime.sse import ElementsPatch, emit_elements
from nitro_runtime.views import Form, Page, Table
from nitro_runtime.views.csrf import Csrf
from nitro_runtime.web import current, replies, session
from nitro_runtime.web.command_endpoint import commands
from nitro_runtime.web.event_endpoint import events
from nitro_runtime.web.forms import Multi
from nitro_runtime.web.request import Reply, Request

NAME = "csrf_test.run"


class CsrfItem(Entity):
    name: str


class CsrfItemTable(Table[CsrfItem]):
    entity = CsrfItem
    actions = ["delete"]  # noqa: RUF012
    reactive = True


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")
    yield
    forget_command(NAME)
    CsrfItem.all().delete()


def asked(who: str, method: str = "GET", **options: Any) -> Request:
    options.setdefault("headers", {})["datastar-request"] = "true"
    csrf = Csrf("csrf", "X-Token", lambda: f"token of {who}")
    return Request(method, "/", csrf=csrf, **options)


def answered(request: Request, view: Any) -> str:
    """What the visitor is sent, rendered while the request is known, as on a host with tokens."""
    reply = current.answer(lambda request: replies.respond(request, view()), request, request.csrf)
    return reply.body.decode()


@pytest.mark.parametrize("headers", [{}, {"datastar-request": "true"}])
def test_a_page_and_its_patches_have_the_token(headers: dict[str, str]) -> None:
    def wrapped() -> Page:  # rendered before the page is, where nobody knows the request
        return Page(Div(Form.from_entity(CsrfItem)), title="New")

    for view in (wrapped, lambda: Form.from_entity(CsrfItem)):
        request = asked("ann")
        request.headers = headers
        sent = answered(request, view)
        assert 'name="csrf" value="token of ann"' in sent
        assert 'name="csrf" value=""' not in sent


async def test_a_view_that_a_command_returns_has_the_token_and_a_yielded_patch_has_not() -> None:
    @command(NAME, allow=anyone)
    async def run() -> AsyncGenerator[ElementsPatch]:
        yield emit_elements(Form.from_entity(CsrfItem))

    @command(f"{NAME}_returned", allow=anyone)
    async def returned() -> Any:
        return Form.from_entity(CsrfItem)

    try:
        assert "token of ann" not in await run_command(NAME)
        assert 'value="token of ann"' in await run_command(f"{NAME}_returned")
    finally:
        forget_command(f"{NAME}_returned")


async def run_command(name: str) -> str:
    first = Request("GET", "/")
    params = {"command": name, "sender": session.new_tab(first)}
    cookies = {session.SESSION_COOKIE: session.session_id(first)}
    request = asked("ann", "POST", params=params, cookies=cookies)

    async def respond(request: Request) -> Reply:
        return await commands(request)

    reply: Reply = await current.answer(respond, request, request.csrf)
    if isinstance(reply.body, bytes):
        return reply.body.decode()
    return b"".join([chunk async for chunk in reply.body]).decode()


async def test_what_a_live_table_sends_is_the_same_for_all_and_holds_nobodys_token() -> None:
    item = await CsrfItem.acreate(name="Lamp")
    async with stream_of("ann") as ann, stream_of("bob") as bob:
        at_first = [await shown(ann), await shown(bob)]

        async def rename(_: Request) -> None:  # in a request of ann's, whose token is near
            await item.aupdate(name="Lantern")

        await current.answer(rename, request := asked("ann"), request.csrf)
        changed = [await shown(ann), await shown(bob)]
    assert "Lamp" in at_first[0]
    assert "Lantern" in changed[0]
    for events_sent in (at_first, changed):
        assert events_sent[0] == events_sent[1]
        assert 'name="csrf" value=""' in events_sent[0]
        assert "headers: {&#34;X-Token&#34;: $_csrf}" in events_sent[0]
        assert "token of" not in events_sent[0]


@asynccontextmanager
async def stream_of(who: str) -> AsyncGenerator[AsyncIterator[bytes]]:
    """Opens the stream of a visitor who looks at the live table."""
    first = Request("GET", "/")
    query = Multi([("tab", session.new_tab(first)), ("view", str(CsrfItemTable().view_key))])
    cookies = {session.SESSION_COOKIE: session.session_id(first)}
    reply = await events(asked(who, query=query, cookies=cookies))
    assert isinstance(reply.body, AsyncGenerator)
    async with aclosing(reply.body) as chunks:
        yield chunks


async def shown(chunks: AsyncIterator[bytes]) -> str:
    """Reads a stream until the table is shown once more."""
    async for chunk in chunks:
        if b"event: datastar-patch-elements" in chunk:
            return chunk.decode().partition("event: ")[2]
    raise AssertionError("the stream ended")
