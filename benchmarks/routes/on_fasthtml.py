"""The compared routes on FastHTML."""

from __future__ import annotations

from typing import Any

from fasthtml.common import FastHTML, HTMLResponse, JSONResponse, Request, Response

from benchmarks.routes import STATIC, work
from nitro_runtime.adapters.fasthtml import install, reply

work.lift_limits()

hand: Any = FastHTML(secret_key=work.KEY)
nitro: Any = FastHTML(secret_key=work.KEY)
install(nitro, static=STATIC, secret_key=work.KEY)


@hand.get("/page")
async def page_by_hand(req: Request) -> Response:
    return HTMLResponse(work.document(req.cookies, req.headers), headers=work.PAGE_HEADERS)


@hand.post("/cmds/bench.restock/{tab}")
async def command_by_hand(req: Request, tab: str) -> Response:
    session = req.cookies.get("nitro_session", "")
    try:
        event = work.restocked(req.headers, session, tab, await req.body())
    except work.REFUSALS:
        return Response(status_code=403)
    return Response(event, media_type=work.STREAM, headers=work.STREAM_HEADERS)


@nitro.get("/page")
async def page(req: Request) -> Response:
    return reply(req, work.page())


async def fact(req: Request) -> Response:
    return JSONResponse(work.FACT)


hand.get("/json")(fact)
nitro.get("/json")(fact)
