"""Tickets for clients, of whom there are many: a form that searches, checks as you go, and is sent once."""

from __future__ import annotations

import asyncio
import os

from fastapi import FastAPI, Request
from fastapi.responses import Response

from nitro import (
    Entity,
    Field,
    Form,
    NumberField,
    Page,
    RelationField,
    RowsField,
    TextArea,
    TextField,
    has_many,
    install,
)
from nitro.html import H1, Li, Ul
from nitro_runtime.adapters.fastapi import redirect, reply

app = FastAPI()
install(
    app,
    static=os.environ["STATIC_FOLDER"],
    secret_key="a key for the browser tests only",
    csp=True,
)


class Client(Entity):
    name: str


class Ticket(Entity):
    title: str = Field(min_length=2, max_length=40)
    seats: int = Field(ge=1, le=9)
    note: str | None = None
    client_id: str = Field(foreign_key="client.id")

    guests = has_many("Guest")


class Guest(Entity):
    ticket_id: str = Field(foreign_key="ticket.id")
    client_id: str = Field(foreign_key="client.id")
    meals: int = Field(default=1, ge=0, le=3)


class GuestForm(Form[Guest]):
    client_id = RelationField(Client)
    meals = NumberField()


class TicketForm(Form[Ticket]):
    title = TextField(help="As it is printed.")
    seats = NumberField()
    note = TextArea()
    client_id = RelationField(Client)
    guests = RowsField(GuestForm)


for number in range(60):
    Client.create(name=f"Client {number:02}" if number != 7 else "Client 07 <b>'\"")


@app.get("/tickets")
async def index(request: Request) -> Response:
    said = [
        Li(f"{each.title}, {each.seats}, {(await Client.aget(each.client_id)).name}")
        for each in await Ticket.all().aall()
    ]
    return reply(request, Page(H1("Tickets"), Ul(said, id="tickets"), title="Tickets"))


@app.get("/tickets/new")
async def new(request: Request) -> Response:
    return reply(request, Page(H1("Ticket"), await TicketForm.new(), title="Ticket"))


@app.post("/tickets")
async def create(request: Request) -> Response:
    form = await TicketForm.receive(request)
    await asyncio.sleep(0.5)  # time for a second click
    ticket = await form.save()
    if ticket is None:
        return reply(request, Page(H1("Ticket"), form, title="Ticket"))
    return redirect(request, "/tickets", notice=f"{ticket.title} saved")
