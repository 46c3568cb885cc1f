"""The compared routes on FastAPI."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from benchmarks.routes import STATIC, work
from nitro_runtime.adapters.fastapi import install, reply

work.lift_limits()

hand = FastAPI()
nitro = FastAPI()
install(nitro, static=STATIC, secret_key=work.KEY)


@hand.get("/page")
async def page_by_hand(request: Request) -> Response:
    return HTMLResponse(work.document(request.cookies, request.headers), headers=work.PAGE_HEADERS)


@hand.post("/cmds/bench.restock/{tab}")
async def command_by_hand(request: Request, tab: str) -> Response:
    session = request.cookies.get("nitro_session", "")
    try:
        event = work.restocked(request.headers, session, tab, await request.body())
    except work.REFUSALS:
        return Response(status_code=403)
    return Response(event, media_type=work.STREAM, headers=work.STREAM_HEADERS)


@nitro.get("/page")
async def page(request: Request) -> Response:
    return reply(request, work.page())


@hand.get("/json")
@nitro.get("/json")
async def fact() -> dict[str, Any]:
    return work.FACT
