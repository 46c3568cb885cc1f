"""The rows of a table as a file: which, in what order, how each value is written, and how much memory."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from nitro_runtime.entities import (
    Entity,
    Field,
    MemoryRepository,
    belongs_to,
    configure,
    many_to_many,
    use,
)
from nitro_runtime.errors import Answered, Download
from nitro_runtime.html import B
from nitro_runtime.schema import known_entities
from nitro_runtime.views import Column, Table, table_batches
from nitro_runtime.web.forms import Multi
from nitro_runtime.web.request import Request


class Kind(StrEnum):
    OLD = "old one"
    NEW = "new"


class Shelf(Entity):
    name: str


class Tag(Entity):
    name: str


class Book(Entity):
    name: str = Field(search=True)
    pages: int | None = None
    price: Decimal | None = Field(default=None, max_digits=20, decimal_places=2)
    weight: float | None = None
    kind: Kind = Kind.OLD
    lent: bool = False
    printed: date | None = None
    opens: time | None = None
    seen: datetime | None = None
    extra: dict[str, Any] | None = None
    cents: int = 0
    pin: str = Field(default="9999", secret=True)
    note: str = Field(default="inner", hidden=True)
    shelf_id: str | None = Field(default=None, foreign_key="shelf.id")
    shelf = belongs_to("Shelf")
    tags = many_to_many("Tag")


class BookTable(Table[Book]):
    entity = Book
    name = Column(sort=True)
    pages = Column(sort=True)
    search = ("name",)
    per_page = 2
    order = "name"
    export = True


@pytest.fixture(autouse=True, params=["memory", "sqlite"])
def world(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    with known_entities([Shelf, Tag, Book]):
        if request.param == "sqlite":
            configure(f"sqlite:///{tmp_path / 'books.db'}", create_tables=True)
        else:
            configure("memory")
        yield
        use(MemoryRepository())


def asked(query: Mapping[str, str] | None = None, **more: Any) -> Request:
    return Request(
        more.pop("method", "GET"),
        "/books",
        more.pop("headers", {}),
        Multi((query or {"export": "csv"}).items()),
        **more,
    )


async def download(table: Any, query: Mapping[str, str] | None = None) -> Download:
    with pytest.raises(Answered) as answered:
        await table.read(asked({"export": "csv", **(query or {})}))
    assert answered.value.download is not None
    return answered.value.download


async def content(table: Any, query: Mapping[str, str] | None = None) -> str:
    file = await download(table, query)
    return b"".join([piece async for piece in file.content]).decode()


async def lines(table: Any, query: Mapping[str, str] | None = None) -> list[list[str]]:
    text = await content(table, query)
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


# -- the file -------------------------------------------------------------------------------------


async def test_it_is_named_after_the_entity_and_the_day_and_marked_as_utf_8() -> None:
    Book.create(name='Über, "Mut"\r\nzwei', pages=3)
    file = await download(BookTable)
    assert file.filename == f"books-{datetime.now(UTC):%Y-%m-%d}.csv"
    assert file.media_type == "text/csv; charset=utf-8"
    whole = b"".join([piece async for piece in file.content])
    assert whole == '\ufeffName,Pages\r\n"Über, ""Mut""\r\nzwei",3\r\n'.encode()


async def test_without_rows_it_has_its_headings() -> None:
    assert await content(BookTable) == "\ufeffName,Pages\r\n"


async def test_values_are_plain_and_whole(tmp_path: Path) -> None:
    class Full(BookTable):
        columns = (
            "price", "weight", "kind", "lent", "printed", "opens", "seen", "extra", "shelf", "tags",
            "cents", "star",
        )  # fmt: skip
        cents = Column(currency="EUR", minor=True, label="Costs")

        def cell_star(self, book: Book) -> object:
            return B("a", B("b &"))

        def cell_price(self, book: Book) -> object:
            return "about " + str(book.price)

    Book.create(
        name="x",
        price=Decimal("-12345678901234567.80"),
        weight=0.1,
        kind=Kind.OLD,
        lent=True,
        printed=date(2026, 1, 31),
        opens=time(9, 30),
        seen=datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC),
        extra={"ä": [1]},
        shelf_id=Shelf.create(name="Top").id,
        tags=[Tag.create(name="a"), Tag.create(name="b")],
        cents=1234,
    )
    heads, values = await lines(Full)
    assert dict(zip(heads, values, strict=True)) == {
        "Price": "-12345678901234567.80",
        "Weight": "0.1",
        "Kind": "old one",
        "Lent": "true",
        "Printed": "2026-01-31",
        "Opens": "09:30:00",
        "Seen": "2026-01-31T12:00:05+00:00",
        "Extra": '{"ä": [1]}',
        "Shelf": "Top",
        "Tags": "a, b",
        "Costs": "12.34",
        "Star": "a b &",
    }


async def test_a_long_text_is_whole_and_none_is_empty() -> None:
    Book.create(name="x" * 5000)
    assert await lines(BookTable) == [["Name", "Pages"], ["x" * 5000, ""]]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "\uff1d1", "=cmd|' /C calc'!A0"],
)
async def test_no_text_is_a_formula_and_a_number_stays_one(text: str) -> None:
    class Calc(BookTable):
        columns = ("name", "pages", "star")
        name = Column(label="=Head")

        def cell_star(self, book: Book) -> object:
            return f"{book.name}!"

        def export_star(self, book: Book) -> object:
            return book.name

    Book.create(name=text, pages=-5)
    assert await lines(Calc) == [["'=Head", "Pages", "Star"], [f"'{text}", "-5", f"'{text}"]]


async def test_what_is_secret_or_hidden_is_in_no_file() -> None:
    Book.create(name="x")
    table = Table.from_entity(Book).with_export()
    whole = await content(table)
    assert "9999" not in whole
    assert "inner" not in whole


async def test_characters_that_no_text_may_have_do_not_break_it() -> None:
    class Odd(BookTable):
        columns = ("name", "star")

        def cell_star(self, book: Book) -> object:
            return "a\ud800b\x00"

    Book.create(name="x")
    assert await lines(Odd) == [["Name", "Star"], ["x", "a�b�"]]


# -- the rows -------------------------------------------------------------------------------------


async def test_all_that_match_are_there_in_the_order_that_is_shown_whatever_the_page() -> None:
    for number in range(5):
        Book.create(name=f"Book {number}", pages=number)
    Book.create(name="Other")
    found = await lines(BookTable, {"search": "book", "sort": "-pages", "page": "2"})
    assert [row[1] for row in found[1:]] == ["4", "3", "2", "1", "0"]


async def test_a_scope_limits_the_file_too() -> None:
    class Mine(BookTable):
        @classmethod
        async def scope(cls, request: Any) -> Any:
            return {"name": "Mine"}

    Book.create_many([{"name": "Mine"}, {"name": "Theirs"}])
    assert await lines(Mine) == [["Name", "Pages"], ["Mine", ""]]


async def test_only_the_columns_that_are_shown_are_in_it() -> None:
    class Chosen(BookTable):
        choose = True

    Book.create(name="x", pages=3)
    assert await lines(Chosen, {"columns": "pages"}) == [["Pages"], ["3"]]


@pytest.mark.parametrize("sort", ["pages", "-pages", "name", "-name", "price", "-price"])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_batches_go_on_where_the_last_one_ended_with_ties_and_with_none(
    sort: str, size: int
) -> None:
    for number in range(17):
        Book.create(
            name="ab"[number % 2],
            pages=[None, 1, 2][number % 3],
            price=[Decimal("1.50"), None][number % 2],
        )
    name = sort.removeprefix("-")
    expected = Book.all().order_by(sort, "id").all()
    query = table_batches.Batches(Book.all(), ((name, sort != name), ("id", False)), size)  # pyright: ignore[reportArgumentType] # a protocol of fewer verbs
    first = await query.first()
    batches = [first, *[batch async for batch in query.behind(first)]]
    assert [len(batch) for batch in batches[:-1]] == [size] * (len(batches) - 1)
    assert [book.id for batch in batches for book in batch] == [book.id for book in expected]


async def test_a_row_that_stays_is_never_missed_or_twice_whatever_others_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table_batches, "BATCH", 2)
    monkeypatch.setattr(table_batches.Batches.__init__, "__defaults__", (2,))
    books = [Book.create(name=f"{number:02}") for number in range(9)]
    file = await download(BookTable)
    pieces = [await anext(file.content), await anext(file.content)]  # headings, two rows
    books[0].delete()  # with pages by number, the next one would now be passed over
    Book.create(name="00 new")
    pieces += [piece async for piece in file.content]
    names = b"".join(pieces).decode().split("\r\n")[1:-1]
    assert [name.rstrip(",") for name in names] == [book.name for book in books]


async def test_relations_cost_one_query_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    class Shelved(BookTable):
        columns = ("name", "shelf")

    shelf = Shelf.create(name="Top")
    for number in range(5):
        Book.create(name=str(number), shelf_id=shelf.id)
    found = await lines(Shelved)
    assert found[1:] == [[str(number), "Top"] for number in range(5)]


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)  # else all rows are in memory anyway
async def test_memory_stays_flat_however_many_rows_there_are() -> None:
    async def peak() -> tuple[int, int]:
        file = await download(BookTable)
        size = 0
        tracemalloc.start()
        async for piece in file.content:
            size += len(piece)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size, most

    Book.create_many([{"name": f"{number:05}"} for number in range(3000)])
    small, little = await peak()
    Book.create_many([{"name": f"{number:05}"} for number in range(3000, 12000)])
    great, most = await peak()
    assert great > 3.5 * small
    assert most < 1.5 * little


# -- what goes wrong ------------------------------------------------------------------------------


async def test_an_error_in_the_midst_ends_the_file_before_it_looks_whole() -> None:
    class Broken(BookTable):
        columns = ("name", "star")

        def cell_star(self, book: Book) -> object:
            raise RuntimeError("the database went away")

    Book.create(name="x")
    file = await download(Broken)
    assert (await anext(file.content)).endswith(b"Name,Star\r\n")
    with pytest.raises(RuntimeError):
        await anext(file.content)


async def test_an_error_at_the_first_rows_is_told_as_on_a_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fail(self: object) -> None:
        raise RuntimeError("no database")

    monkeypatch.setattr(table_batches.Batches, "first", fail)
    with pytest.raises(RuntimeError):
        await BookTable.read(asked())


@pytest.mark.parametrize(
    "request_",
    [
        asked({"export": "pdf"}),
        asked({"export": ""}),
        asked(method="POST"),
        asked(headers={"datastar-request": "true"}),
    ],
    ids=["another form", "no form", "a post", "a patch"],
)
async def test_anything_else_is_answered_with_the_page(request_: Request) -> None:
    Book.create(name="x")
    assert "<table" in str(await BookTable.read(request_))


async def test_a_table_without_export_gives_no_file() -> None:
    class Plain(BookTable):
        export = False

    html = str(await Plain.read(asked()))
    assert "<section" in html
    assert "book-table-export" not in html


async def test_the_link_says_what_is_looked_at_and_is_no_patch() -> None:
    Book.create(name="a&b")
    query = {"search": "a&b", "sort": "-pages", "page": "3", "tab": "x"}
    html = str(await BookTable.read(asked(query)))
    link = html.partition('<a id="book-table-export" href="')[2]
    address, _, rest = link.partition('"')
    assert rest.startswith(" download")
    assert dict(parse_qsl(urlsplit(address.replace("&amp;", "&")).query)) == {
        "search": "a&b",
        "sort": "-pages",
        "tab": "x",
        "export": "csv",
    }
    prefixed = str(await BookTable.read(asked({"x": "y"}), prefix="left"))
    assert "left_export=csv" in prefixed
