"""Tables over rows in SQLite: how often they ask it, and that no address makes them fail."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nitro_runtime.entities import Entity, Field, MemoryRepository, belongs_to, configure, use
from nitro_runtime.entities import many_to_many as to_many
from nitro_runtime.schema import known_entities
from nitro_runtime.testing import assert_queries
from nitro_runtime.views import Table
from nitro_runtime.web.forms import parse_urlencoded
from nitro_runtime.web.request import Request


@pytest.fixture(scope="module", autouse=True)
def apart() -> Iterator[None]:
    with known_entities():
        yield


@pytest.fixture(scope="module")
def Lamp(apart: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[type[Any]]:
    configure(f"sqlite:///{tmp_path_factory.mktemp('lamps') / 'lamps.db'}")

    class State(StrEnum):
        NEW = "new"
        OLD = "old"

    class Maker(Entity):
        name: str = Field(max_length=60)

    class Tag(Entity):
        name: str

    class Lamp(Entity):
        name: str = Field(max_length=80, search=True)
        note: str | None = None
        price: Decimal = Field(default=Decimal(1), max_digits=10, decimal_places=2, index=True)
        stock: int = Field(default=0, index=True)
        weight: float = 1.0
        state: State = Field(default=State.NEW, index=True)
        lit: bool | None = None
        made_on: date = date(2026, 1, 1)
        seen_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
        opens: time = time(8)
        code: UUID = Field(default_factory=uuid4)
        maker_id: str | None = Field(default=None, foreign_key="maker.id")

        maker = belongs_to("Maker")
        tags = to_many("Tag")

    makers = Maker.create_many([{"name": "Artek"}, {"name": "Flos"}])
    tag = Tag.create(name="bright")
    for number in range(60):
        lamp = Lamp.create(
            name=f"Lamp {number:02}",
            price=Decimal(number),
            stock=number % 7,
            state=list(State)[number % 2],
            lit=[None, True, False][number % 3],
            made_on=date(2026, 1, 1 + number % 28),
            seen_at=datetime(2026, 1, 1 + number % 28, 23, 59, 59, 999999, tzinfo=UTC),
            maker_id=makers[number % 2].id if number % 5 else None,
        )
        if number % 10 == 0:
            lamp.tags.add(tag)
    yield Lamp
    use(MemoryRepository())


@pytest.fixture(scope="module")
def LampTable(Lamp: type[Any]) -> type[Table[Any]]:
    class LampTable(Table[Any]):
        entity = Lamp
        columns = ["name", "price", "maker"]  # noqa: RUF012
        search = ["name", "note"]  # noqa: RUF012
        filters = [  # noqa: RUF012
            *("name", "note", "price", "stock", "weight", "state", "lit", "made_on"),
            *("seen_at", "opens", "code", "maker", "tags"),
        ]
        order = "name"

    return LampTable


async def read(table: type[Table[Any]], query: str) -> Table[Any]:
    return await table.read(Request("GET", "/lamps", query=parse_urlencoded(query)))


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("", 60),
        ("search=lamp+1", 15),
        ("name=LAMP+0", 10),
        ("note=x", 0),
        ("price_min=10&price_max=12.50", 3),
        ("stock_max=0", 9),
        ("weight_min=1.5", 0),
        ("state=old", 30),
        ("lit=true", 20),
        ("lit=-", 20),
        ("made_on_from=2026-01-28", 2),
        ("seen_at_to=2026-01-01", 3),
        ("seen_at_from=2026-01-02&seen_at_to=2026-01-02", 3),
        ("opens_from=08:00&opens_to=08:00", 60),
        ("code=00000000-0000-0000-0000-000000000000", 0),
        ("maker=-", 12),
        ("maker_name=ART", 24),
        ("tags_name=bri", 6),
        ("tags_name=dark", 0),
        ("state=old&price_min=50&sort=-price&page=9", 5),
        ("stock_min=9223372036854775807", 0),
        ("price_max=-0.001", 0),
        ("weight_max=1e30", 60),
    ],
)
async def test_the_database_chooses_the_rows(
    LampTable: type[Table[Any]], query: str, total: int
) -> None:
    table = await read(LampTable, query)
    assert table.row_count == total
    assert str(total) in re.findall(r"-count\">([^<]*)<", str(table))[0] or total == 0


async def test_a_page_takes_two_queries_and_one_for_each_relation(Lamp: type[Any]) -> None:
    plain = (
        Table.from_entity(Lamp).with_columns("name", "price").with_search().with_filters("state")
    )
    related = Table.from_entity(Lamp).with_columns("name", "maker").with_filters("maker", "tags")
    request = Request("GET", "/lamps", query=parse_urlencoded("page=2&sort=-name&state=old"))
    with assert_queries(2):
        await plain.read(request)
    with assert_queries(2):
        await plain.read(Request("GET", "/lamps", query=parse_urlencoded("search=lamp&page=2")))
    with assert_queries(2 + 1 + 2):  # the makers of the rows, and what the two filters offer
        str(await related.read(request))
    with assert_queries(2):
        await plain.refresh()


async def test_the_key_of_a_related_entity_chooses_its_rows(
    Lamp: type[Any], LampTable: type[Table[Any]]
) -> None:
    (tag,) = Lamp.first(name="Lamp 10").tags.all()
    maker = Lamp.first(name="Lamp 01").maker_id
    assert (await read(LampTable, f"maker={maker}")).row_count == 24
    assert (await read(LampTable, f"tags={tag.id}")).row_count == 6
    assert (await read(LampTable, "maker=01234567-89ab-7def-8123-456789abcdef")).row_count == 0


NAMES = [
    *("search", "sort", "page", "size", "columns", "name", "note", "price_min", "price_max"),
    *("stock_min", "weight_max", "state", "lit", "made_on_from", "seen_at_from", "seen_at_to"),
    *("opens_to", "code", "maker", "maker_name", "tags", "tags_name"),
]
ODD = ["\0", "é", "%", "_", "'", "-", "1e999", "9" * 40, "-1", "0x10", "²", "NaN", "9999-12-31"]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    query=st.dictionaries(st.sampled_from(NAMES), st.text(max_size=8) | st.sampled_from(ODD)),
    prefix=st.sampled_from([None, "left"]),
)
def test_no_address_makes_a_table_fail(
    LampTable: type[Table[Any]], query: dict[str, str], prefix: str | None
) -> None:
    async def shown() -> str:
        named = {f"{prefix}_{name}" if prefix else name: text for name, text in query.items()}
        asked = Request("GET", "/lamps", query=parse_urlencoded(urlencode(named)))
        return str(await LampTable.read(asked, prefix=prefix))

    assert asyncio.run(shown()).startswith("<section")
