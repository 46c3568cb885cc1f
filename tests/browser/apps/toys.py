"""A toy shop's list with everything that rows can have, and the same list at two addresses."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

from fastapi import FastAPI, Request
from fastapi.responses import Response

from nitro import (
    Column,
    Entity,
    Field,
    Page,
    RowAction,
    Table,
    belongs_to,
    install,
)
from nitro.html import H1
from nitro_runtime.adapters.fastapi import redirect, reply
from nitro_runtime.views.model import open_pages

app = FastAPI()
install(
    app,
    static=os.environ["STATIC_FOLDER"],
    secret_key="a key for the browser tests only",  # and for nothing else
    csp=True,
)


class Maker(Entity):
    name: str


class Mood(StrEnum):
    CALM = "calm"
    WILD = "wild"


class Toy(Entity):
    name: str = Field(search=True)
    price: Decimal = Field(default=Decimal("1234.5"), max_digits=10, decimal_places=2)
    mood: Mood = Mood.CALM
    sold: bool = False
    made: date = date(2026, 1, 31)
    seen: datetime = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    story: str | None = None
    site: str = Field(default="https://example.org/a", regex=r"^https?://\S+$")
    maker_id: str | None = Field(default=None, foreign_key="maker.id")
    maker = belongs_to("Maker")


class Part(Entity):
    toy_id: str = Field(foreign_key="toy.id")
    toy = belongs_to("Toy")


class ToyTable(Table[Toy]):
    entity = Toy
    name = Column(sort=True, link=True)
    price = Column(sort=True, currency="EUR")
    mood = Column()
    sold = Column()
    made = Column()
    seen = Column()
    story = Column(cut=20)
    site = Column()
    maker = Column()
    actions = ("edit", RowAction("sell", confirm="Sell {label}?"), "delete")
    search = ("name",)
    per_page = 4
    order = "name"
    reactive = True
    bulk = ("delete", "sell")
    export = True

    async def bulk_sell(self, toys: list[Toy]) -> str:
        for toy in toys:
            await toy.aupdate(sold=True)
        return f"{len(toys)} sold"


open_pages("/makers")  # as the registry of an app does


@app.get("/reset")
async def reset() -> dict[str, str]:
    """Has the shop as it was at first; the answer holds the keys by name."""
    for entity in (Part, Toy, Maker):
        await entity.all().adelete()
    maker = await Maker.acreate(name="Ann & Co")
    toys = [
        await Toy.acreate(name=name, maker_id=maker.id, story=f"{name} was made by hand, long ago.")
        for name in ("Ape", "Bear", "Cat", "Dog", "Eel", "Fox")
    ]
    await Part.acreate(toy_id=toys[5].id)
    return {toy.name: toy.id for toy in toys}


@app.get("/rename/{id}/{name}")
async def rename(id: str, name: str) -> dict[str, str]:
    """Somebody else changes a toy."""
    await (await Toy.aget(id)).aupdate(name=name)
    return {}


@app.get("/add/{name}")
async def add(name: str) -> dict[str, str]:
    """Somebody else makes a toy."""
    await Toy.acreate(name=name)
    return {}


@app.get("/toys")
async def index(request: Request) -> Response:
    table = await ToyTable.read(request)
    return reply(request, Page(H1("Toys"), table, title="Toys"))


@app.post("/toys/bulk")
async def bulk(request: Request) -> Response:
    result = await ToyTable.act(request)
    return redirect(request, f"/toys{result.address}", notice=result.notice)


@app.post("/toys/{id}/sell")
async def sell(request: Request, id: str) -> Response:
    toy = await Toy.aget(id)
    await toy.aupdate(sold=True)
    return redirect(request, "/toys", notice=f"{toy.name} sold")
