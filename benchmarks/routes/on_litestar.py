"""The compared routes on Litestar."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.params import FromPath

from benchmarks.routes import STATIC, work
from nitro_runtime.adapters.litestar import NitroPlugin, reply

work.lift_limits()


@get("/page")
async def page_by_hand(request: Request[Any, Any, Any]) -> Response[str]:
    return Response(
        work.document(request.cookies, request.headers),
        media_type=MediaType.HTML,
        headers=work.PAGE_HEADERS,
    )


@post("/cmds/bench.restock/{tab:str}")
async def command_by_hand(request: Request[Any, Any, Any], tab: FromPath[str]) -> Response[bytes]:
    session = request.cookies.get("nitro_session", "")
    try:
        event = work.restocked(request.headers, session, tab, await request.body())
    except work.REFUSALS:
        return Response(b"", status_code=403)
    return Response(event, status_code=200, media_type=work.STREAM, headers=work.STREAM_HEADERS)


@get("/page")
async def page(request: Request[Any, Any, Any]) -> Response[Any]:
    return reply(request, work.page())


@get("/json")
async def fact() -> dict[str, object]:
    return work.FACT


hand = Litestar([page_by_hand, command_by_hand, fact])
nitro = Litestar([page, fact], plugins=[NitroPlugin(static=STATIC, secret_key=work.KEY)])
