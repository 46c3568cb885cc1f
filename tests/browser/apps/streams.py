"""Lamps in a live table, a form beside them, and rooms where people who are signed in hear each other."""

from __future__ import annotations

import os

from fastapi import FastAPI, Request
from fastapi.responses import Response

from nitro import (
    Column,
    Entity,
    Field,
    Form,
    Page,
    Table,
    TextArea,
    TextField,
    broadcast,
    close_streams,
    emit_elements,
    emit_redirect,
    install,
    topic,
)
from nitro.html import Div, Html, Li, P, Ul
from nitro_runtime.adapters.fastapi import reply
from nitro_runtime.sse import hub

MOST = 8
"""Streams of one person."""


def user(request: Request) -> str | None:
    return request.cookies.get("who")


app = FastAPI()
install(
    app,
    static=os.environ["STATIC_FOLDER"],
    secret_key="a key for the browser tests only",
    csp=True,
    user=user,
    streams_per_user=MOST,
)


class Lamp(Entity):
    name: str = Field(max_length=60)


class LampTable(Table[Lamp]):
    entity = Lamp
    name = Column(sort=True)
    search = ["name"]  # noqa: RUF012
    reactive = True


class LampForm(Form[Lamp]):
    entity = Lamp
    name = TextField()
    note = TextArea(required=False, extra=True)


@app.get("/")
async def index(request: Request) -> Response:
    gap = P(id="gap", text="$_resync ? 'Something may be missing.' : ''")
    return reply(
        request, Page(await LampTable.read(request), await LampForm.new(), gap, title="Lamps")
    )


@app.post("/lamps/{name}")
async def add(name: str) -> dict[str, int]:
    await Lamp.acreate(name=name)
    return {"streams": hub.open_count}


@app.get("/streams")
async def streams() -> dict[str, int]:
    return {"streams": hub.open_count}


# -- rooms ----------------------------------------------------------------------------------------

SAID: dict[str, list[str]] = {}


def room_view(room: str) -> Html:
    return Ul(*[Li(text) for text in SAID.get(room, [])], id="said")


@topic("room:{room}", state=room_view)
def may_listen(user: str | None, room: str) -> bool:
    """Everybody who is signed in, except that the cellar is Ann's."""
    return user is not None and (room != "cellar" or user == "ann")


@app.get("/rooms/{room}")
async def show_room(request: Request, room: str) -> Response:
    content = Div(room_view(room), await LampTable.read(request))
    return reply(request, Page(content, title=room, topics=[f"room:{room}"]))


@app.post("/rooms/{room}/{text}")
async def say(room: str, text: str) -> dict[str, int]:
    SAID.setdefault(room, []).append(text)
    return {"reached": broadcast(f"room:{room}", emit_elements(Li(text), "#said", "append"))}


@app.post("/send/{room}/to/{target}")
async def send(room: str, target: str) -> dict[str, int]:
    return {"reached": broadcast(f"room:{room}", emit_redirect(f"/rooms/{target}"))}


@app.get("/login/{name}")
async def login(name: str) -> Response:
    response = Response("signed in")
    response.set_cookie("who", name)
    return response


@app.get("/logout")
async def logout(request: Request) -> Response:
    response = Response("signed out")
    response.delete_cookie("who")
    close_streams(user(request))
    return response
