"""The part of the conformance suite's app that has a table of many rows: chosen ones, and a file."""

from __future__ import annotations

from typing import Any

from nitro_runtime.entities import Entity, Field
from nitro_runtime.views import Column, Page, Table
from nitro_runtime.web import Reply, Request, Route, redirect, respond
from nitro_runtime.web.gate import check

MANY = 2500
"""Rows of one file: more than are read at once."""

PATH = "/suite-rows"


class SuiteRow(Entity):
    """What the suite's long table shows; kept in memory."""

    name: str = Field(max_length=40, search=True)
    number: int = 0


class SuiteRowTable(Table[SuiteRow]):
    """The long table; the value of a row may be asked to fail."""

    entity = SuiteRow
    name = Column(sort=True)
    number = Column(sort=True)
    order = "number"
    search = ("name",)
    bulk = ("delete", "double")
    export = True

    def export_name(self, row: SuiteRow) -> str:
        """Returns the name, unless it is one that breaks the file."""
        if row.name == "broken":
            raise RuntimeError("the secret inside")
        return row.name

    async def bulk_double(self, rows: list[SuiteRow]) -> str:
        """Doubles the numbers."""
        for row in rows:
            await row.aupdate(number=row.number * 2)
        return f"{len(rows)} doubled"


async def fill(request: Request) -> Reply:
    """Has as many rows as asked for, and one that breaks the file when that is asked for too."""
    count = int(request.query.get("count", "0"))
    broken = int(request.query.get("broken", "-1"))
    rows: list[dict[str, Any]] = [
        {"name": "broken" if number == broken else f"Row {number}", "number": number}
        for number in range(count)
    ]
    await SuiteRow.all().adelete()
    SuiteRow.create_many(rows)
    return Reply()


async def index(request: Request) -> Reply:
    """The page with the table."""
    table = await SuiteRowTable.read(request)
    return respond(request, Page(table, title="Rows"))


async def act(request: Request) -> Reply:
    """Does what was chosen with the rows that were chosen."""
    check(request)
    result = await SuiteRowTable.act(request)
    return redirect(request, f"{PATH}{result.address}", notice=result.notice)


ROW_ROUTES = [
    Route(PATH, ("GET",), index, "suite_rows"),
    Route(f"{PATH}/fill", ("GET",), fill, "suite_rows_fill"),
    Route(f"{PATH}/bulk", ("POST",), act, "suite_rows_act"),
]
