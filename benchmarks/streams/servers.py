"""The same stream by Nitro and by its peers: four ASGI apps, which publish when they are told to.

Each serves its stream and, below ``/bench``, what has it publish: ``/bench/publish?number=64`` so
many events at once, ``/bench/every?number=20&pause=0.1`` one after another. An event is a patch of
signals of 500 bytes, with a number that goes up by one and the time in nanoseconds.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from datastar_py import ServerSentEventGenerator
from datastar_py.starlette import DatastarResponse
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

import nitro
from nitro import Column, Entity, Page, Table
from nitro_runtime import testing
from nitro_runtime.adapters import starlette as adapter
from nitro_runtime.sse import hub, patch_signals
from nitro_runtime.web import session, stream_limits

EVENT_BYTES = 500
FILL = "x" * (EVENT_BYTES - len(patch_signals({"n": 10**6, "at": 10**14, "fill": ""})))

Publish = Callable[[Mapping[str, Any]], object]


class Told:
    """An app, and before it the addresses that have it publish.

    Args:
        app: The app with the stream.
        publish: Publishes one event's signals.
    """

    def __init__(self, app: Any, publish: Publish) -> None:  # noqa: ANN401 # ASGI
        self._app = app
        self._publish = publish
        self._number = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401, D102 # ASGI
        if scope["type"] != "http" or not scope["path"].startswith("/bench/"):
            await self._app(scope, receive, send)
            return
        asked = {name: float(texts[0]) for name, texts in _query(scope).items()}
        if scope["path"] == "/bench/publish":
            self._several(int(asked["number"]))
        else:
            task = asyncio.ensure_future(self._paced(int(asked["number"]), asked["pause"]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _several(self, number: int) -> None:
        for _ in range(number):
            self._publish({"n": self._number, "at": time.monotonic_ns(), "fill": FILL})
            self._number += 1

    async def _paced(self, number: int, pause: float) -> None:
        for _ in range(number):
            self._several(1)
            await asyncio.sleep(pause)


def _query(scope: Mapping[str, Any]) -> dict[str, list[str]]:
    return parse_qs(scope["query_string"].decode())


class Queues:
    """A queue for each client, as one would write it by hand."""

    def __init__(self) -> None:
        self._open: set[asyncio.Queue[Any]] = set()

    def put(self, item: object) -> None:
        """Hands something to all clients."""
        for queue in self._open:
            queue.put_nowait(item)

    async def follow(self) -> AsyncIterator[Any]:
        """Yields what was put since it began."""
        queue: asyncio.Queue[Any] = asyncio.Queue()
        self._open.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._open.discard(queue)


def _peer(answer: Callable[[AsyncIterator[Any]], Response], put: Callable[[Any], Any]) -> Told:
    queues = Queues()

    async def events(_: Request) -> Response:
        return answer(queues.follow())

    app = Starlette(routes=[Route("/events", events)])
    return Told(app, lambda signals: queues.put(put(signals)))


# -- by hand: shared bytes in a queue for each client -------------------------------------------

HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}

queues = _peer(
    lambda items: StreamingResponse(items, media_type="text/event-stream", headers=HEADERS),
    patch_signals,
)

# -- nothing at all: what a stream of the framework and its server takes by itself ---------------


class _Open(Response):
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 # ASGI
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b": \n\n", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass


async def _open(_: Request) -> Response:
    return _Open()


nothing = Told(Starlette(routes=[Route("/events", _open)]), lambda signals: None)

# -- datastar-py's response and its encoder, which each stream calls ----------------------------


async def _patches(items: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for signals in items:
        yield ServerSentEventGenerator.patch_signals(signals)


datastar_py = _peer(lambda items: DatastarResponse(_patches(items)), lambda signals: signals)

# -- sse-starlette -------------------------------------------------------------------------------


def _sse_event(signals: Mapping[str, Any]) -> dict[str, str]:
    text = json.dumps(signals, separators=(",", ":"))
    return {"event": "datastar-patch-signals", "data": f"signals {text}"}


sse_starlette = _peer(lambda items: EventSourceResponse(items, sep="\n"), _sse_event)

# -- Nitro: the stream of a page, as it is installed ---------------------------------------------


class Reading(Entity):
    """A row of the table that everybody watches."""

    sensor: str
    value: float
    unit: str = "mm"
    place: str = "North side, second floor"


class ReadingTable(Table[Reading]):
    """Fifty rows; one query for all."""

    entity = Reading
    sensor = Column()
    value = Column()
    unit = Column()
    place = Column()
    per_page = 50
    reactive = True


async def _page(request: Request) -> Response:
    """The page from which a reader takes its tab, and the keys of its live views."""
    views = [await ReadingTable.read(request)] if "table" in request.query_params else []
    return adapter.reply(request, Page(*views, title="Readings"))


async def _tabs(request: Request) -> Response:
    """Tabs of one browser, a line each: a tab has one stream."""
    asked = adapter.neutral(request)
    number = int(request.query_params["number"])
    return Response("\n".join([session.new_tab(asked) for _ in range(number)]))


async def _change(_: Request) -> Response:
    """Changes one row of the table."""
    row = await Reading.afirst()
    assert row is not None
    row.value += 1
    await row.asave()
    return Response()


async def _same(request: Request) -> Response:
    """Broadcasts bytes as long as the table's patch."""
    size = int(request.query_params["size"])
    nitro.broadcast(TOPIC, _filled(size))
    return Response()


def _filled(size: int) -> bytes:
    event = patch_signals({"fill": ""})
    return event.replace(b'""', b'"%s"' % (b"x" * (size - len(event))))


TOPIC = "user:everybody"


def _nitro() -> Told:
    stream_limits.streams.per_user = 10_000
    app = Starlette(
        routes=[
            Route("/", _page),
            Route("/change", _change),
            Route("/same", _same),
            Route("/tabs", _tabs),
        ]
    )
    static = Path(testing.__file__).parent / "static"
    key = "a key for this benchmark alone"
    adapter.install(app, static=static, user=lambda _: "everybody", secret_key=key)
    for number in range(50):
        Reading.create(sensor=f"sensor {number}", value=number)
    return Told(app, lambda signals: hub.broadcast(TOPIC, patch_signals(signals)))


nitro_app: Callable[..., Awaitable[None]] = _nitro()
