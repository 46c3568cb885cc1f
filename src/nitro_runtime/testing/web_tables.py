"""The part of the conformance suite's app that has two tables on a page, of which one is live."""

from __future__ import annotations

from enum import StrEnum

from nitro_runtime.entities import Entity, Field
from nitro_runtime.views import Column, Page, Table
from nitro_runtime.web import Reply, Request, Route, respond

PATH = "/suite-lamps"


class SuiteState(StrEnum):
    """What a lamp is."""

    DRAFT = "draft"
    LIVE = "live"


class SuiteLamp(Entity):
    """What the suite's two tables show; kept in memory."""

    name: str = Field(max_length=40, search=True)
    price: int = 0
    state: SuiteState = SuiteState.DRAFT


class SuiteLampTable(Table[SuiteLamp]):
    """Lamps, with everything that a visitor may choose."""

    entity = SuiteLamp
    name = Column(sort=True)
    price = Column(sort=True)
    state = Column()
    order = "name"
    search = ("name",)
    filters = ("state", "price")
    choose = True
    per_page = 5
    sizes = (5, 50)


class SuiteLiveTable(SuiteLampTable):
    """The same, live, and by a name of its own in addresses."""

    reactive = True
    prefix = "live"


async def index(request: Request) -> Reply:
    """The page with both: one is read here, the other one by the page."""
    table = await SuiteLampTable.read(request)
    return respond(request, Page(table, await SuiteLiveTable.read(request), title="Lamps"))


async def fill(request: Request) -> Reply:
    """Has twelve lamps, and one more for each name that is given."""
    if not request.query.getlist("name"):
        await SuiteLamp.all().adelete()
        for number in range(12):
            state = list(SuiteState)[number % 2]
            await SuiteLamp.acreate(name=f"Lamp {number:02}", price=number, state=state)
    for name in request.query.getlist("name"):
        await SuiteLamp.acreate(name=name, price=1, state=request.query.get("state", "live"))
    return Reply()


TABLE_ROUTES = [
    Route(PATH, ("GET",), index, "suite_lamps"),
    Route(f"{PATH}/fill", ("GET",), fill, "suite_lamps_fill"),
]
