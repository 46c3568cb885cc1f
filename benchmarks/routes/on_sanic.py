"""The compared routes on Sanic."""

from __future__ import annotations

from typing import Any

from sanic import HTTPResponse, Request, Sanic
from sanic.response import html, json, raw

from benchmarks.routes import STATIC, work
from nitro_runtime.adapters.sanic import install, reply

work.lift_limits()

hand: Any = Sanic("hand", configure_logging=False)
nitro: Any = Sanic("nitro", configure_logging=False)
for app in (hand, nitro):
    app.config.TOUCHUP = False  # it rewrites Sanic's own classes, for one app of a process
install(nitro, static=STATIC, secret_key=work.KEY)


@hand.get("/page")
async def page_by_hand(request: Request) -> HTTPResponse:
    return html(work.document(request.cookies, request.headers), headers=work.PAGE_HEADERS)


@hand.post("/cmds/bench.restock/<tab>")
async def command_by_hand(request: Request, tab: str) -> HTTPResponse:
    session = request.cookies.get("nitro_session") or ""
    try:
        event = work.restocked(request.headers, session, tab, request.body)
    except work.REFUSALS:
        return raw(b"", status=403)
    return raw(event, content_type=work.STREAM, headers=work.STREAM_HEADERS)


@nitro.get("/page")
async def page(request: Request) -> HTTPResponse:
    return reply(request, work.page())


@hand.get("/json")
@nitro.get("/json")
async def fact(request: Request) -> HTTPResponse:
    return json(work.FACT)
