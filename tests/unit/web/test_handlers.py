"""What adapters put around handlers: one route for each path, the gate, files, threads and loops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from nitro_runtime.errors import NitroError, Refused
from nitro_runtime.views.csrf import Csrf, CsrfNames, current_csrf
from nitro_runtime.web import Reply, Request, Route, Site
from nitro_runtime.web.current import answer, current_native, kept
from nitro_runtime.web.files import file_routes
from nitro_runtime.web.handlers import behind_gate, one_for_each_path
from nitro_runtime.web.threads import (
    ClosedFromThread,
    asked_in_thread,
    done,
    on_loop,
    result_of,
    then,
)


def asked(method: str = "GET", **options: Any) -> Request:
    options.setdefault("headers", {"sec-fetch-site": "same-origin"})
    return Request(method, "/", **options)


# -- routes ---------------------------------------------------------------------------------------


def route(path: str, method: str, said: str) -> Route:
    async def say(request: Request) -> Reply:
        return Reply(200, [("content-type", "text/plain")], said.encode())

    return Route(path, (method,), say, said)


def test_routes_of_one_path_become_one_in_the_order_they_came() -> None:
    routes = [route("/a", "GET", "list"), route("/b", "POST", "other"), route("/a", "POST", "add")]
    merged = one_for_each_path(routes)
    assert [(each.path, each.methods, each.name) for each in merged] == [
        ("/a", ("GET", "POST", "HEAD"), "list"),
        ("/b", ("POST",), "other"),
    ]


async def test_each_method_reaches_its_own_and_any_other_is_refused() -> None:
    (merged,) = one_for_each_path([route("/a", "GET", "list"), route("/a", "POST", "add")])
    assert (await merged.handler(asked("GET"))).body == b"list"
    assert (await merged.handler(asked("POST"))).body == b"add"
    with pytest.raises(Refused) as refused:
        await merged.handler(asked("DELETE"))
    assert (refused.value.status, refused.value.headers) == (405, (("allow", "GET, POST, HEAD"),))


async def test_head_has_the_headers_of_get_and_no_body() -> None:
    (merged,) = one_for_each_path([route("/a", "GET", "list")])
    reply = await merged.handler(asked("HEAD"))
    assert (reply.body, dict(reply.headers)["content-length"]) == (b"", "4")


async def test_the_gate_stands_before_what_changes_something() -> None:
    (merged,) = one_for_each_path([route("/a", "POST", "add")])
    with pytest.raises(Refused, match="did not come from a page of this site"):
        await merged.handler(asked("POST", headers={}))


async def test_the_gate_stands_before_a_handler_of_either_kind() -> None:
    async def find_user(_: object) -> str:
        return "ann"

    def add(request: Request, name: str) -> str:
        return name

    async def add_async(request: Request, name: str) -> str:
        return f"{request.user} {name}"

    site = Site(user=find_user)
    assert behind_gate(add, lambda request, _: request)(asked("POST"), "x") == "x"
    guarded = behind_gate(add_async, lambda request, _: request)
    assert await guarded(asked("POST", site=site), "x") == "ann x"
    with pytest.raises(Refused):
        behind_gate(add, lambda request, _: request)(asked("POST", headers={}), "x")
    with pytest.raises(Refused):
        await guarded(asked("POST", headers={}), "x")


# -- the request that is being answered -----------------------------------------------------------

CSRF = Csrf("field", "X-Header", lambda: "token")


async def test_a_request_is_known_while_it_is_answered_and_not_after() -> None:
    seen: list[Any] = []

    def respond(native: object) -> str:
        seen.append((current_native(), current_csrf()))
        return "sync"

    async def respond_async(native: object) -> str:
        await asyncio.sleep(0)
        seen.append((current_native(), current_csrf()))
        return "async"

    assert answer(respond, "one", CSRF) == "sync"
    assert await answer(respond_async, "two", CSRF) == "async"
    assert answer(respond, "three", None) == "sync"
    names = CsrfNames("field", "X-Header")
    assert seen == [("one", names), ("two", names), ("three", None)]
    assert (current_native(), current_csrf()) == (None, None)


def test_a_request_is_forgotten_when_answering_it_failed() -> None:
    def fail(native: object) -> None:
        raise ValueError

    with pytest.raises(ValueError):
        answer(fail, "one", CSRF)
    assert current_native() is None


def test_the_neutral_request_is_made_once() -> None:
    native: dict[str, Any] = {}
    first = kept(native, asked)
    assert kept(native, asked) is first


# -- files ----------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> Route:
    folder = tmp_path / "files"
    (folder / "deep").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "app.css").write_text("a{}")
    (folder / "deep" / "é.js").write_text("1")
    (folder / "all.tar.gz").write_bytes(b"x")
    site = Site(static_url="/static", static_folder=folder)
    (route,) = file_routes(site, "{path}")
    assert route.path == "/static/{path}"
    return route


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("app.css", "text/css; charset=utf-8"),
        ("deep/é.js", "text/javascript; charset=utf-8"),
        ("all.tar.gz", "application/octet-stream"),
    ],
)
async def test_a_file_comes_with_its_type(files: Route, path: str, kind: str) -> None:
    reply = await files.handler(asked(params={"path": path}))
    assert (reply.status, dict(reply.headers)["content-type"]) == (200, kind)
    tag = dict(reply.headers)["etag"]
    again = await files.handler(asked(params={"path": path}, headers={"if-none-match": tag}))
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        *("missing", "deep", "", ".", "../secret.txt", "deep/../../secret.txt", "/etc/passwd"),
        *("a\0b", "x" * 5000),
    ],
)
async def test_nothing_but_files_of_the_folder_is_served(files: Route, path: str) -> None:
    with pytest.raises(Refused) as refused:
        await files.handler(asked(params={"path": path}))
    assert refused.value.status == 404


def test_there_is_no_route_for_files_that_are_elsewhere(tmp_path: Path) -> None:
    elsewhere = Site(static_url="https://files.example/s", static_folder=tmp_path)
    assert file_routes(elsewhere, "{path}") == []
    assert file_routes(Site(), "{path}") == []


# -- threads and loops ----------------------------------------------------------------------------


async def test_a_hook_is_asked_here_in_a_thread_and_elsewhere_on_a_loop() -> None:
    asked_on_loop: list[bool] = []

    def hook(native: str) -> str:
        asked_on_loop.append(on_loop())
        return f"user of {native}"

    ask = asked_in_thread(hook, lambda hook: lambda native: asyncio.to_thread(hook, native))
    assert await ask("one") == "user of one"
    assert await asyncio.to_thread(ask, "two") == "user of two"
    assert asked_on_loop == [False, False]

    async def coroutine(native: str) -> str:
        return native

    assert asked_in_thread(coroutine, lambda _: hook) is coroutine


async def test_what_has_nothing_to_wait_for_is_had_at_once() -> None:
    async def ready() -> int:
        return await done(then(_three(), lambda number: number + 1))

    async def waits() -> None:
        await asyncio.sleep(1)

    assert result_of(ready()) == 4
    with pytest.raises(NitroError, match="await it"):
        result_of(waits())


async def _three() -> int:
    return 3


async def test_a_stream_is_closed_from_a_thread_on_its_own_loop() -> None:
    closed = asyncio.Event()

    async def source() -> AsyncGenerator[bytes]:
        try:
            yield b"1"
            yield b"2"
        finally:
            closed.set()

    chunks = ClosedFromThread(source())
    assert await anext(chunks) == b"1"
    await asyncio.to_thread(chunks.close)
    await asyncio.wait_for(closed.wait(), 5)
    with pytest.raises(StopAsyncIteration):
        await anext(chunks)


async def test_a_stream_that_never_ran_has_nothing_to_close() -> None:
    async def source() -> AsyncGenerator[bytes]:
        yield b"1"

    ClosedFromThread(source()).close()
