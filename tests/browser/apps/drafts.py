"""Drafts: two forms of one kind beside a part of the page that anything may write anew."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from enum import StrEnum

from fastapi import FastAPI, Request
from fastapi.responses import Response

from nitro import (
    Entity,
    Field,
    Form,
    Page,
    RadioField,
    RowsField,
    TextArea,
    TextField,
    has_many,
    install,
)
from nitro.html import H1, Button, Div, Li, Ul, get
from nitro_runtime.adapters.fastapi import reply

app = FastAPI()
install(
    app,
    static=os.environ["STATIC_FOLDER"],
    secret_key="a key for the browser tests only",
    csp=True,
)


class Mood(StrEnum):
    GOOD = "good"
    BAD = "bad"


class Writer(Entity):
    name: str


class Draft(Entity):
    title: str = Field(min_length=2, max_length=40)
    body: str | None = None
    mood: Mood = Mood.GOOD
    public: bool = False
    due: datetime | None = None
    writer_id: str | None = Field(default=None, foreign_key="writer.id")

    parts = has_many("Part")


class Part(Entity):
    draft_id: str = Field(foreign_key="draft.id")
    text: str


class PartForm(Form[Part]):
    text = TextField()


class DraftForm(Form[Draft]):
    fields = ("title", "public", "due", "writer_id")
    body = TextArea()
    mood = RadioField()
    parts = RowsField(PartForm)


for number in range(60):
    Writer.create(name=f"Writer {number:02}")

# an hour that clocks in Berlin show twice, with a part of a second
STORED = Draft.create(title="Stored", due=datetime(2026, 10, 25, 1, 30, 5, 250_000, tzinfo=UTC))
OTHER = Draft.create(title="Other")

_renders = 0


async def _page(*forms: Form[Draft]) -> Page:
    global _renders
    _renders += 1
    listed = [
        Li(f"{each.title} {each.due.isoformat() if each.due else '-'}")
        for each in await Draft.all().order_by("title").aall()
    ]
    return Page(
        H1(f"Drafts, written {_renders}"),
        Button("Write the page anew", type="button", on_click=get("/drafts")),
        Button("Edit the other", type="button", on_click=get("/drafts/other")),
        Ul(listed, id="drafts"),
        Div(forms),
        title="Drafts",
    )


@app.get("/drafts")
async def index(request: Request) -> Response:
    left = await DraftForm.new(action="/drafts", suffix="left")
    right = await DraftForm.new(action="/drafts", suffix="right")
    return reply(request, await _page(left, right))


@app.post("/drafts")
async def create(request: Request) -> Response:
    form = await DraftForm.receive(request, action="/drafts")
    draft = await form.save()
    if draft is None:
        return reply(request, form)
    return reply(request, await DraftForm.new(action="/drafts", suffix=form.suffix))


@app.get("/drafts/edit")
async def edit(request: Request) -> Response:
    return reply(request, await _page(await DraftForm.edit(STORED, action="/drafts/edit")))


@app.post("/drafts/edit")
async def update(request: Request) -> Response:
    draft = await Draft.aget(STORED.id)
    form = await DraftForm.receive(request, draft, action="/drafts/edit")
    await form.save()
    return reply(request, form)


@app.get("/drafts/other")
async def other(request: Request) -> Response:
    return reply(request, await DraftForm.edit(OTHER, action="/drafts/other"))


@app.get("/drafts/renamed")
async def renamed(request: Request) -> Response:
    draft = await Draft.aget(STORED.id)
    await draft.aupdate(title="Renamed elsewhere")
    await asyncio.sleep(0)
    return reply(request, await _page(await DraftForm.edit(draft, action="/drafts/edit")))
