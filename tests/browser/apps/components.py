"""One page with every component on it, and what they need of a server."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Generator

from fastapi import FastAPI, Request
from fastapi.responses import Response

from nitro import (
    Alert,
    Badge,
    Dialog,
    Menu,
    MenuLink,
    MenuPost,
    Notice,
    Page,
    Progress,
    Tabs,
    anyone,
    command,
    confirm_attributes,
    emit_signals,
    install,
    nonce,
)
from nitro.html import H1, Button, Data, Div, Form, Html, Input, Label, P, Script, Style, Time, post
from nitro_runtime.adapters.fastapi import redirect, reply
from nitro_runtime.context import neutral_request
from nitro_runtime.web.session import new_tab

app = FastAPI()
install(
    app,
    static=os.environ["STATIC_FOLDER"],
    secret_key="a key for the browser tests only",  # and for nothing else
    csp=True,
)

sent: list[str] = []


def dialog() -> Dialog:
    return Dialog(
        Label("Name", Input(id="name", name="name")),
        Button("Shut", id="shut", type="button", on_click=post("/shut")),
        title="New <b>thing</b>",
        id="new-thing",
    )


def tabs() -> Tabs:
    return Tabs({"Facts": P("Some facts."), "Orders": P("Some orders."), "日本": P("Far.")})


def moments(minute: int) -> Html:
    return Div(
        Time(
            "2026-07-01 22:03 UTC",
            id="moment",
            datetime=f"2026-07-01T22:{minute:02}+00:00",
            data_local="datetime",
        ),
        Time("2026-07-01", id="day", datetime="2026-07-01", data_local="date"),
        Data("1,234.50 EUR", id="sum", value="1234.50", data_currency="EUR"),
        Data("5 XQ", id="odd", value="5", data_currency="no currency"),
        id="moments",
    )


@app.get("/")
def index(request: Request) -> Response:
    shown = dialog()
    tab = new_tab(neutral_request(request))
    return reply(
        request,
        Page(
            H1("Components"),
            Alert("Mind the <gap>.", title="Note", kind="warning"),
            Badge("Sold out", tone="danger"),
            shown.button("Open", id="open"),
            shown.link("New", href="/new", id="link"),
            shown,
            Menu(
                "More",
                MenuLink("Edit", href="/new"),
                MenuPost("Keep", action="/send?what=keep"),
                MenuPost("Delete", action="/send?what=delete", confirm="Delete <it>?", danger=True),
            ),
            Form(
                Button("Send", id="send", name="how", value="fast"),
                confirm_attributes("Send it to 200 people?"),
                method="post",
                action="/send?what=mail",
            ),
            tabs(),
            [Progress(name) for name in ("command-sync", "command-async", "sync", "async")],
            Button("Work", id="work", type="button", on_click=post("/stepwise/async")),
            Button("Toil", id="toil", type="button", on_click=post("/stepwise/sync")),
            Button("Bench", id="bench", type="button", on_click=post(f"/cmds/bench.work/{tab}")),
            Button("Bend", id="bend", type="button", on_click=post(f"/cmds/bench.toil/{tab}")),
            moments(3),
            Button("Later", id="later", type="button", on_click=post("/later")),
            title="Components",
            head=[
                Script("window.mine = 'ran'", nonce=nonce()),
                Style("#later { color: rgb(1 2 3) }", nonce=nonce()),
            ],
        ),
    )


@app.get("/new")
def new(request: Request) -> Response:
    return reply(request, Page(H1("A page of its own"), title="New"))


@app.post("/shut")
def shut(request: Request) -> Response:
    def steps() -> Generator[object]:
        yield emit_signals({dialog().signal: False})
        for kind in ("success", "error", "error", "warning"):
            yield Notice(f"Shut: {kind}", kind)

    return reply(request, steps())


@app.post("/send")
async def send(request: Request, what: str) -> Response:
    form = await request.form()
    sent.append(f"{what} {form.get('how', '')}".strip())
    return redirect(request, "/", notice=f"Sent {what}")


@app.get("/sent")
def what_was_sent() -> list[str]:
    return sent


@app.post("/later")
def later(request: Request) -> Response:
    def steps() -> Generator[object]:
        yield moments(4)
        yield tabs()
        yield dialog()
        yield Menu("More", MenuLink("Edit", href="/new"), MenuLink("Other", href="/other"))

    return reply(request, steps())


@app.post("/stepwise/{kind}")
def work(request: Request, kind: str) -> Response:
    return reply(request, work_async() if kind == "async" else work_sync())


ready = asyncio.Event()


async def work_async() -> AsyncGenerator[object]:
    progress = Progress("async", max=3)
    yield progress.at(1, "1 of 3")
    await ready.wait()
    yield progress.at(3, "3 of 3")


def work_sync() -> Generator[object]:
    progress = Progress("sync", max=3)
    yield progress.at(1, "1 of 3")
    while not ready.is_set():
        time.sleep(0.01)
    yield progress.at(3, "3 of 3")


@app.get("/go-on")
async def go_on() -> None:
    ready.set()


@command("bench.work", allow=anyone)
async def bench_async() -> AsyncGenerator[object]:
    progress = Progress("command-async", max=3)
    yield progress.at(1, "1 of 3")
    await ready.wait()
    yield progress.at(3, "3 of 3")


@command("bench.toil", allow=anyone)
def bench_sync() -> Generator[object]:
    progress = Progress("command-sync", max=3)
    yield progress.at(1, "1 of 3")
    while not ready.is_set():
        time.sleep(0.01)
    yield progress.at(3, "3 of 3")
