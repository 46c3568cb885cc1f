"""Calls an app in this process, as its server would: one request, the whole answer."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import Callable, Coroutine, Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from benchmarks.routes import work


@dataclass(frozen=True, slots=True)
class Ask:
    """One request.

    Attributes:
        method: In capitals.
        path: As the browser sends it.
        body: What it sends along.
    """

    method: str
    path: str
    body: bytes = b""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What a browser sends, in the order that servers hand it over."""
        common = [
            ("host", "localhost:8000"),
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0"),
            ("accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
            ("accept-encoding", "gzip, deflate, br"),
            ("accept-language", "en"),
            ("sec-fetch-site", "same-origin"),
            ("cookie", f"nitro_session={work.SESSION}"),
        ]
        if not self.body:
            return common
        return [
            *common,
            ("datastar-request", "true"),
            ("content-type", "application/json"),
            ("content-length", str(len(self.body))),
        ]


ASKS = {
    "page": Ask("GET", "/page"),
    "command": Ask(
        "POST", f"/cmds/bench.restock/{work.signed_tab()}", json.dumps(work.COMMAND).encode()
    ),
    "json": Ask("GET", "/json"),
}
"""The three requests by what they are."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client gets.

    Attributes:
        status: The status code.
        headers: By lower-case name; a name may come twice.
        body: All of it.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes


Call = Callable[[], object]
"""Makes the app answer; `answer_of` says what it answered."""


def answer_of(told: Any) -> Answer:  # noqa: ANN401 # what a call returned
    """Returns what an app answered, of what a call returned: ASGI's messages, or WSGI's three."""
    if isinstance(told, tuple):
        status, named, body = told
        return Answer(int(status[:3]), [(name.lower(), value) for name, value in named], body)
    headers = [(name.decode().lower(), value.decode()) for name, value in told[0]["headers"]]
    body = b"".join(message.get("body", b"") for message in told[1:])
    return Answer(told[0]["status"], headers, body)


@contextmanager
def started(app: Any, loop: asyncio.AbstractEventLoop) -> Generator[None]:  # noqa: ANN401 # an ASGI app
    """Starts an ASGI app as a server does (the lifespan protocol), and stops it after the block."""
    messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    running = loop.create_task(_running(app(scope, messages.get, answers.put), answers))
    for event in ("startup", "shutdown"):
        messages.put_nowait({"type": f"lifespan.{event}"})
        told = loop.run_until_complete(answers.get())
        if told["type"].endswith(".failed"):
            raise RuntimeError(f"The app could not do its {event}: {told.get('message')}")
        if event == "startup":
            yield
    loop.run_until_complete(running)


async def _running(app: Coroutine[Any, Any, None], answers: asyncio.Queue[dict[str, Any]]) -> None:
    """Runs the app's lifespan; one that has none raises, or is done at once (ASGI, Lifespan 2.0)."""
    with suppress(ValueError):  # Django's: it takes the scope of a request only
        await app
    for _ in ("startup", "shutdown"):
        answers.put_nowait({"type": "lifespan.none"})


def asgi(app: Any, ask: Ask, loop: asyncio.AbstractEventLoop) -> Call:  # noqa: ANN401 # an ASGI app
    """Returns a call of an ASGI app."""
    headers = [(name.encode(), value.encode()) for name, value in ask.headers]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": ask.method,
        "path": ask.path,
        "raw_path": ask.path.encode(),
        "query_string": b"",
        "headers": headers,
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
        "root_path": "",
    }

    async def once() -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = []
        asked = False

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if asked:  # a client that stays
                await asyncio.get_running_loop().create_future()
            asked = True
            return {"type": "http.request", "body": ask.body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            told.append(message)

        await app({**scope, "state": {}}, receive, send)
        return told

    return lambda: loop.run_until_complete(once())


def wsgi(app: Any, ask: Ask) -> Call:  # noqa: ANN401 # a WSGI app
    """Returns a call of a WSGI app."""
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in ask.headers}
    bare = {name: named.pop(f"HTTP_{name}", "") for name in ("CONTENT_TYPE", "CONTENT_LENGTH")}
    environ = {
        "REQUEST_METHOD": ask.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": ask.path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **named,
        **bare,
    }

    def call() -> tuple[str, list[tuple[str, str]], bytes]:
        begun: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
            begun.extend((status, headers))

        parts: Iterable[bytes] = app(
            {**environ, "wsgi.input": io.BytesIO(ask.body)}, start_response
        )
        try:
            body = b"".join(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        return begun[0], begun[1], body

    return call
