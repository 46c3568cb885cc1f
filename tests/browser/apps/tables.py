"""A warehouse of lamps on FastAPI: one table with everything, and a page with two of them."""

from __future__ import annotations

import asyncio
import os
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from fastapi import FastAPI, Request, Response

from nitro import Entity, Field, Page, Table, belongs_to
from nitro.html import H1, A, Header, P
from nitro_runtime.adapters.fastapi import install

app = FastAPI()
install(app, static=os.environ["STATIC_FOLDER"], csp=True)


class Status(StrEnum):
    DRAFT = "draft"
    LIVE = "live"
    SOLD_OUT = "sold_out"


class Maker(Entity):
    name: str = Field(max_length=60)


class Lamp(Entity):
    name: str = Field(max_length=80, search=True)
    price: Decimal = Field(max_digits=10, decimal_places=2)
    status: Status = Status.DRAFT
    active: bool = True
    made_on: date = date(2026, 1, 1)
    maker_id: str | None = Field(default=None, foreign_key="maker.id")

    maker = belongs_to("Maker")


class LampTable(Table[Lamp]):
    entity = Lamp
    columns = ["name", "price", "status", "maker", "made_on"]  # noqa: RUF012
    search = ["name"]  # noqa: RUF012
    filters = ["status", "active", "maker", "price", "made_on"]  # noqa: RUF012
    order = "name"
    choose = True
    per_page = 10
    sizes = (10, 50)
    reactive = True
    empty = P("No lamps. ", A("Make one", href="/new"))


class Shelf(Table[Lamp]):
    """The same rows, with nothing that keeps it live."""

    entity = Lamp
    columns = ["name", "price"]  # noqa: RUF012
    search = ["name"]  # noqa: RUF012
    order = "name"
    per_page = 5


@app.get("/")
async def index() -> Response:
    return Response("here")


@app.get("/lamps")
async def lamps(request: Request) -> Page:
    if request.query_params.get("search") == "slow":
        await asyncio.sleep(1)
    return Page(await LampTable.read(request), title="Lamps", header=Header(H1("Lamps")))


@app.get("/two")
async def two(request: Request) -> Page:
    left = await Shelf.read(request, prefix="left")
    right = await Shelf.read(request, prefix="right", where={"status": Status.LIVE})
    return Page(H1("Two"), left, right, title="Two")


@app.post("/fill/{count}")
async def fill(count: int) -> int:
    """Empties the shop and fills it anew: Lamp 001 costs 1, and so on."""
    await Lamp.all().adelete()
    await Maker.all().adelete()
    makers = [await Maker.acreate(name=name) for name in ("Artek", "Flos")]
    for number in range(1, count + 1):
        await Lamp.acreate(
            name=f"Lamp {number:03}",
            price=Decimal(number),
            status=list(Status)[number % 3],
            active=number % 2 == 0,
            made_on=date(2026, 1, 1) + timedelta(days=number),
            maker_id=makers[number % 2].id,
        )
    return count


@app.post("/lamps/{name}")
async def add(name: str) -> str:
    return (await Lamp.acreate(name=name, price=Decimal("5.00"), status=Status.LIVE)).id
