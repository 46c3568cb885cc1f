"""The suite's part on topics, logins and bursts: rooms for who is signed in, and a row that changes fast."""

from __future__ import annotations

import asyncio
import json
import os
import secrets

from nitro_runtime.entities import Entity
from nitro_runtime.html import Html, P
from nitro_runtime.sse import broadcast, emit_redirect, emit_signals
from nitro_runtime.views import Column, Page, Table
from nitro_runtime.web import Reply, Request, Route, close_streams, respond, topic
from nitro_runtime.web.asgi import parse_cookies

PREFIX = os.environ.get("NITRO_SUITE_PREFIX", "")
COOKIE = "suite_login"
BURST = 1_000
"""Commits of one burst."""


class SuiteGauge(Entity):
    """One row, which changes fast; kept in memory."""

    value: int = 0


class SuiteGaugeTable(Table[SuiteGauge]):
    """The live table of gauges."""

    entity = SuiteGauge
    value = Column()
    reactive = True


async def gauges(request: Request) -> Reply:
    """The page with the gauge."""
    return respond(request, Page(await SuiteGaugeTable.read(request), title="Gauges"))


async def burst(request: Request) -> Reply:
    """Commits a thousand changes, one after the other."""
    await SuiteGauge.where().adelete()
    gauge = await SuiteGauge.acreate(value=0)
    for number in range(1, BURST + 1):
        gauge.value = number
        await gauge.asave()
        if number % 10 == 0:
            await asyncio.sleep(0.004)  # so that it lasts long enough for many renderings
    return Reply()


# -- rooms --------------------------------------------------------------------------------------


def room_state(room: str, user: str) -> Html:
    """What a stream of a room begins with: made for who listens."""
    return P(f"{user} in {room}", id="room")


@topic("suite-room:{room}", state=room_state)
async def may_listen(user: str | None, room: str) -> bool:
    """Everybody who is signed in; the cellar is closed."""
    return user is not None and room != "cellar"


async def room_page(request: Request) -> Reply:
    """A page that listens to its room."""
    room = request.params["room"]
    return respond(request, Page(P(room, id="room"), title=room, topics=[f"suite-room:{room}"]))


async def say(request: Request) -> Reply:
    """Says something in a room, and to how many."""
    name, text = f"suite-room:{request.params['room']}", request.params["text"]
    return _json({"reached": broadcast(name, emit_signals({"said": text}))})


async def send(request: Request) -> Reply:
    """Sends everybody in a room to the front page."""
    name = f"suite-room:{request.params['room']}"
    return _json({"reached": broadcast(name, emit_redirect(f"{PREFIX}/"))})


# -- logins -------------------------------------------------------------------------------------


_logins: dict[str, str] = {}
"""Who is signed in in this process, by the value of the cookie: a copy of it is worth nothing later."""


def signed_in(cookies: str) -> str | None:
    """Returns whom the cookie of the suite's own login stands for.

    Args:
        cookies: The header of a request.
    """
    return _logins.get(parse_cookies(cookies).get(COOKIE, ""))


async def login(request: Request) -> Reply:
    """Signs somebody in."""
    token = secrets.token_urlsafe(16)
    _logins[token] = request.params["user"]
    return Reply(200, [("set-cookie", f"{COOKIE}={token}; Path=/; HttpOnly")])


async def logout(request: Request) -> Reply:
    """Signs them out, and ends their streams."""
    user = await request.load_user()
    _logins.pop(request.cookies.get(COOKIE, ""), None)
    headers = [("set-cookie", f"{COOKIE}=; Path=/; HttpOnly; Max-Age=0")]
    return _json({"ended": close_streams(user)}, headers)


def _json(told: object, headers: list[tuple[str, str]] | None = None) -> Reply:
    body = json.dumps(told).encode()
    return Reply(200, [("content-type", "application/json"), *(headers or [])], body)


TOPIC_ROUTES = [
    Route("/gauges", ("GET",), gauges, "suite_gauges"),
    Route("/gauges/burst", ("GET",), burst, "suite_burst"),
    Route("/rooms/{room}", ("GET",), room_page, "suite_room"),
    Route("/rooms/{room}/say/{text}", ("GET",), say, "suite_say"),
    Route("/rooms/{room}/send", ("GET",), send, "suite_send"),
    Route("/login/{user}", ("GET",), login, "suite_login"),
    Route("/logout", ("GET",), logout, "suite_logout"),
]
