"""The compared routes on Flask."""

from __future__ import annotations

from flask import Flask, Response, request

from benchmarks.routes import STATIC, work
from nitro_runtime.adapters.flask import install, reply

work.lift_limits()

hand = Flask("hand", static_folder=None)
nitro = Flask("nitro", static_folder=None)
install(nitro, static=STATIC, secret_key=work.KEY)


@hand.get("/page")
def page_by_hand() -> Response:
    return Response(
        work.document(request.cookies, request.headers),
        mimetype="text/html",
        headers=work.PAGE_HEADERS,
    )


@hand.post("/cmds/bench.restock/<tab>")
def command_by_hand(tab: str) -> Response:
    session = request.cookies.get("nitro_session", "")
    try:
        event = work.restocked(request.headers, session, tab, request.get_data())
    except work.REFUSALS:
        return Response(status=403)
    return Response(event, mimetype=work.STREAM, headers=work.STREAM_HEADERS)


@nitro.get("/page")
def page() -> Response:
    return reply(request, work.page())


@hand.get("/json")
@nitro.get("/json")
def fact() -> dict[str, object]:
    return work.FACT
