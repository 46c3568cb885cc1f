"""Apps that broadcast to whoever has a stream open: on Starlette, and on Flask.

``/publish?first=0&number=10&size=20000`` broadcasts so many events of so many bytes, numbered from the
first on, with ``&state`` as states that replace each other; ``/open`` says how many streams the hub has. ``NITRO_TEST_STALLED`` is how many seconds a reader
may take nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import flask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from nitro_runtime import testing
from nitro_runtime.adapters import flask as on_flask
from nitro_runtime.adapters import starlette as on_starlette
from nitro_runtime.html import P
from nitro_runtime.sse import broadcast, hub, lane
from nitro_runtime.views import Page
from nitro_runtime.web import stream_limits

STATIC = Path(testing.__file__).parent / "static"
KEY = "a key for this test alone"
TOPIC = "user:everybody"

lane.STALLED_SECONDS = float(os.environ.get("NITRO_TEST_STALLED", lane.STALLED_SECONDS))
hub.heartbeat = 1.0
stream_limits.streams.per_user = 1_000


def publish(query: Mapping[str, str]) -> str:
    first, number, size = (int(query[name]) for name in ("first", "number", "size"))
    for at in range(first, first + number):
        event = b"data: n=%d;%b\n\n" % (at, b"x" * size)
        if "state" in query:
            hub.publish(TOPIC, event, replaces=True)
        else:
            broadcast(TOPIC, event)
    return "published"


async def index(request: Request) -> Response:
    return on_starlette.reply(request, Page(P("A crowd"), title="A crowd"))


async def published(request: Request) -> Response:
    return PlainTextResponse(publish(request.query_params))


async def count(_: Request) -> Response:
    return PlainTextResponse(str(hub.open_count))


asgi = Starlette(
    routes=[Route("/", index), Route("/publish", published), Route("/open", count)],
)
on_starlette.install(asgi, static=STATIC, user=lambda _: "everybody", secret_key=KEY)

wsgi = flask.Flask(__name__)
on_flask.install(wsgi, static=STATIC, user=lambda _: "everybody", secret_key=KEY)
wsgi.add_url_rule("/", "index", lambda: on_flask.reply(None, Page(P("A crowd"), title="A crowd")))
wsgi.add_url_rule("/publish", "publish", lambda: publish(flask.request.args))
wsgi.add_url_rule("/open", "open", lambda: str(hub.open_count))
