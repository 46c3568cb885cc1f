"""Column types: what is stored comes back as it was, and sorts and compares as in Python, everywhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Literal, NoReturn
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from services import MARIADB, POSTGRES, Service, own_database
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.schema import CreateTable

from nitro_runtime.entities import Entity, Field, Query, Text
from nitro_runtime.entities.columns import (
    AdaptedText,
    EnumText,
    ExactBytes,
    ExactDecimal,
    ExactText,
)
from nitro_runtime.entities.criteria import Comparison, Ordering
from nitro_runtime.entities.sql.opening import open_database
from nitro_runtime.schema import known_entities


class Mood(StrEnum):
    SAD = "sad"
    GLAD = "glad"


class Level(IntEnum):
    HIGH = 10
    LOW = 2


class Ratio(Enum):
    HALF = 0.5
    TWICE = 2


class Mixed(Enum):
    NONE = ""
    FLAG = True


class Point(BaseModel):
    x: int
    y: Decimal


definitions = ExitStack()
definitions.enter_context(known_entities())


class Kept(Entity, table_name="columns_kept", version=False):
    """A field of every kind."""

    id: int = Field(primary_key=True)  # type: ignore[assignment]
    text: str | None = None
    short: str | None = Field(default=None, max_length=80, index=True)
    long: str | None = Field(default=None, sa_type=Text)
    unlimited_code: str | None = Field(default=None, unique=True)
    raw: bytes | None = None
    digest: bytes | None = Field(default=None, index=True)
    real: float | None = None
    whole: int | None = None
    flag: bool | None = None
    money: Decimal | None = Field(default=None, max_digits=10, decimal_places=2)
    cents: Decimal | None = Field(default=None, decimal_places=2)
    wide: Decimal | None = Field(default=None, max_digits=38, decimal_places=10)
    exact: Decimal | None = None
    moment: datetime | None = None
    day: date | None = None
    clock: time | None = None
    span: timedelta | None = None
    key: UUID | None = None
    mood: Mood | None = None
    level: Level | None = None
    ratio: Ratio | None = None
    mixed: Mixed | None = None
    choice: Literal["a", "B"] | None = None
    address: IPv4Address | IPv6Address | None = None
    four: IPv4Address | None = None
    data: dict[str, Any] | None = None
    point: Point | None = None


class Parent(Entity, table_name="columns_parent", version=False):
    """What keys of every kind are pointed at."""

    code: str = Field(unique=True)
    number: int = Field(unique=True)
    key: UUID = Field(unique=True)


class Child(Entity, table_name="columns_child", version=False):
    """What points at them: the types have to be equal."""

    parent_id: str = Field(foreign_key="columns_parent.id")
    code: str = Field(foreign_key="columns_parent.code")
    number: int = Field(foreign_key="columns_parent.number")
    key: UUID = Field(foreign_key="columns_parent.key")


definitions.close()
MAPPER = Kept.__nitro_mapper__
EMPTY = dict.fromkeys(MAPPER.names)


@dataclass(frozen=True, slots=True)
class Database:
    """A place of one's own: Nitro's repository, and an engine to look behind it."""

    repository: Any
    engine: sa.Engine

    @property
    def keeps_nul(self) -> bool:
        return self.repository.dialect.name != "postgresql"

    def fill(self, field: str, values: list[Any]) -> None:
        """Has no rows but these, with the keys 1, 2, 3, ..."""
        self.repository.delete_where(MAPPER, Query())
        rows = [{**EMPTY, "id": i, field: value} for i, value in enumerate(values, 1)]
        if rows:
            self.repository.insert(MAPPER, rows)

    def read(self, field: str, **asked: Any) -> list[Any]:
        """Returns a field of the rows of a query."""
        return [row[field] for row in self.repository.select(MAPPER, Query(**asked))]


def opened(address: str, service: Service | None) -> Database:
    options: dict[str, Any] = {
        "create_tables": True,
        "durable": False,
        "patience": 5.0,
        "pool_size": 4,
    }
    url = sa.make_url(address)
    driver = url.drivername if service is None else service.driver
    engine = sa.create_engine(url.set(drivername=driver), poolclass=sa.NullPool)
    return Database(open_database(address, engine=None, **options), engine)


@pytest.fixture(scope="module", params=[None, POSTGRES, MARIADB], ids=["sqlite", "pg", "mariadb"])
def database(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    missing: Callable[[str], NoReturn],
) -> Iterator[Database]:
    service: Service | None = request.param
    with ExitStack() as stack:
        stack.enter_context(known_entities((Kept, Parent, Child)))
        if service is None:
            address = f"sqlite:///{tmp_path_factory.mktemp('columns')}/test.db"
        elif service.answers:
            address = stack.enter_context(own_database(service))
        else:
            missing(service.missing)
        database = opened(address, service)
        yield database
        database.repository.close()
        database.engine.dispose()


# -- values ---------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def decimals(digits: int, places: int) -> st.SearchStrategy[Decimal]:
    most = 10**digits - 1
    return st.integers(-most, most).map(lambda number: Decimal(f"{number}E-{places}"))


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXTS,
    "short": TEXTS,
    "long": TEXTS,
    "raw": st.binary(max_size=40),
    "digest": st.binary(max_size=40),
    "real": st.floats(allow_nan=False, allow_infinity=False),
    "whole": st.integers(-(2**63), 2**63 - 1),
    "flag": st.booleans(),
    "money": decimals(10, 2),
    "cents": decimals(18, 2),
    "wide": decimals(38, 10),
    "exact": st.one_of(decimals(65, 30), decimals(35, 0), decimals(8, 30), decimals(3, 1)),
    "moment": st.datetimes(timezones=st.just(UTC)),
    "day": st.dates(),
    "clock": st.times(),
    "span": st.timedeltas(timedelta(microseconds=-(2**63)), timedelta(microseconds=2**63 - 1)),
    "key": st.uuids(),
    "mood": st.sampled_from(Mood),
    "level": st.sampled_from(Level),
    "ratio": st.sampled_from(Ratio),
    "choice": st.sampled_from(["a", "B"]),
}
"""The fields that sort, with values of each."""

LOOKS = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


@pytest.mark.parametrize("field", VALUES)
def test_values_come_back_and_sort_and_compare_as_in_python(database: Database, field: str) -> None:
    @LOOKS
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        values = data.draw(st.lists(VALUES[field], min_size=1, max_size=8))
        pivot = data.draw(st.one_of(st.sampled_from(values), VALUES[field]))
        if not database.keeps_nul and field in ("text", "short", "long"):
            values, pivot = [v.replace("\0", " ") for v in values], pivot.replace("\0", " ")
        database.fill(field, values)
        assert database.read(field) == values
        assert [type(v) for v in database.read(field)] == [type(v) for v in values]
        assert database.read(field, order=(Ordering(field),)) == sorted(values, key=plain)
        for operator, expected in (
            ("eq", [v for v in values if plain(v) == plain(pivot)]),
            ("ne", [v for v in values if plain(v) != plain(pivot)]),
            ("lt", [v for v in values if plain(v) < plain(pivot)]),
            ("gte", [v for v in values if plain(v) >= plain(pivot)]),
        ):
            criterion = Comparison(field, operator, pivot)  # type: ignore[arg-type]
            assert database.read(field, criterion=criterion) == expected, operator
        several = Comparison(field, "in", (pivot, values[0]))
        expected = [v for v in values if v in (pivot, values[0])]
        assert database.read(field, criterion=several) == expected

    holds()


JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def test_json_comes_back_with_each_digit_and_in_its_order(database: Database) -> None:
    @LOOKS
    @given(st.dictionaries(TEXTS, JSONS, max_size=4))
    def holds(value: dict[str, Any]) -> None:
        database.fill("data", [value])
        assert json.dumps(database.read("data")) == json.dumps([value])

    holds()


def test_json_may_be_as_deep_as_anybody_writes_it(database: Database) -> None:
    value: dict[str, Any] = {}
    for _ in range(100):
        value = {"in": value}
    database.fill("data", [value, {"text": "€" * 200_000}])
    assert database.read("data") == [value, {"text": "€" * 200_000}]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("mixed", [Mixed.NONE, Mixed.FLAG]),
        ("address", [ip_address("10.0.0.1"), ip_address("::1")]),
        ("four", [IPv4Address("10.0.0.1")]),
        ("point", [Point(x=1, y=Decimal("0.10")), None]),
        ("text", ["", " ", "a", "a ", "A", "ä", "a\u0308", "\N{GRINNING FACE}", "\uffff", "\\", "%"]),
        ("unlimited_code", ["", " ", "a", "a ", "A", "ä", "a\u0308", "ß", "ss"]),
        ("raw", [b"", b"\0", b"\xff'\\%", b"x" * 300_000]),
        ("long", ["x" * 300_000 + "€"]),
        ("exact", [Decimal(0), Decimal("1E-30"), Decimal("-1E-7"), Decimal("12345678.90123456789")]),
        ("moment", [datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]),
        ("day", [date(1, 1, 1), date(9999, 12, 31)]),
        ("clock", [time(0, 0), time(23, 59, 59, 999_999)]),
        ("real", [5e-324, 1.7976931348623157e308, 0.1, 1e22, -0.0]),
    ],
)  # fmt: skip
def test_values_at_the_edge_come_back(database: Database, field: str, values: list[Any]) -> None:
    database.fill(field, values)
    assert database.read(field) == values


def test_zeros_at_the_end_are_those_that_the_field_has(database: Database) -> None:
    database.fill("money", [Decimal("1.5"), Decimal(2)])
    assert list(map(str, database.read("money"))) == ["1.50", "2.00"]
    database.fill("exact", [Decimal("1.50"), Decimal("1E+3"), Decimal("-0.0")])
    assert list(map(str, database.read("exact"))) == ["1.5", "1000", "0"]


def test_moments_are_kept_in_utc(database: Database) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    database.fill("moment", [datetime(2024, 1, 1, 3, 0, tzinfo=east), datetime(2024, 1, 1)])
    assert list(map(str, database.read("moment"))) == [
        "2023-12-31 21:30:00+00:00",
        "2024-01-01 00:00:00+00:00",
    ]


def test_long_texts_with_the_same_beginning_sort_by_what_follows(database: Database) -> None:
    values = ["€" * 4_000 + end for end in "bca"]
    database.fill("text", values)
    assert [text[-1] for text in database.read("text", order=(Ordering("text"),))] == list("abc")


def test_missing_values_are_the_smallest(database: Database) -> None:
    database.fill("whole", [3, None, -(2**63)])
    ascending, descending = (Ordering("whole"),), (Ordering("whole", descending=True),)
    assert database.read("whole", order=ascending) == [None, -(2**63), 3]
    assert database.read("whole", order=descending) == [3, -(2**63), None]


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("clock", time(1, 2, tzinfo=UTC), "timezone_naive"),
        ("span", timedelta.max, "less_than_equal"),
        ("span", timedelta.min, "greater_than_equal"),
        ("exact", Decimal("1E+5000"), "decimal_range"),
        ("text", "\ud800", "string_unicode"),
        ("text", "\udc80", "string_unicode"),
        ("data", {"\udc80": 1}, "string_unicode"),
    ],
)
def test_what_no_database_keeps_is_refused_and_named(
    database: Database, field: str, value: Any, kind: str
) -> None:
    database.fill("whole", [])
    with pytest.raises(ValidationError) as refused:
        database.repository.insert(MAPPER, [{**EMPTY, "id": 1, field: value}])
    assert [(e["loc"], e["type"]) for e in refused.value.errors()] == [((field,), kind)]
    database.repository.insert(MAPPER, [{**EMPTY, "id": 1}])
    with pytest.raises(ValidationError):
        database.repository.update(MAPPER, 1, {field: value}, None)
    assert database.read(field) == [None]


def test_what_one_database_cannot_keep_is_refused_and_named(database: Database) -> None:
    cramped = database.repository.dialect.name == "mysql"
    database.fill("whole", [])
    for field, value, fits in (
        ("unlimited_code", "x" * 256, not cramped),
        ("exact", Decimal("1E+35"), not cramped),
        ("exact", Decimal("1E-31"), not cramped),
        ("text", "a\0b", database.keeps_nul),
    ):
        row = {**EMPTY, "id": 1, field: value}
        if fits:
            database.repository.insert(MAPPER, [row])
            assert database.read(field) == [value]
            database.repository.delete(MAPPER, 1, None)
        else:
            with pytest.raises(ValidationError) as refused:
                database.repository.insert(MAPPER, [row])
            assert refused.value.errors()[0]["loc"] == (field,)
    assert database.read("id") == []


def test_foreign_keys_are_of_the_type_of_what_they_point_at(database: Database) -> None:
    key = UUID(int=7)
    parent = {"id": "p", "code": "c", "number": 2**40, "key": key}
    child = {"id": "k", "parent_id": "p", "code": "c", "number": 2**40, "key": key}
    repository = database.repository
    repository.insert(Parent.__nitro_mapper__, [parent])
    repository.insert(Child.__nitro_mapper__, [child])
    assert repository.get(Child.__nitro_mapper__, "k") == child


def test_an_applications_engine_writes_and_reads_the_same_values(database: Database) -> None:
    """`Product.table` is a plain table to SQLAlchemy."""
    database.fill("whole", [])
    row = {
        **EMPTY, "id": 1, "text": "ä\\%", "raw": b"\0\xff", "real": 0.1, "money": Decimal("1.50"),
        "exact": Decimal("0.3"), "moment": datetime(2024, 1, 1, 2, 3, 4, 5, tzinfo=UTC),
        "clock": time(1, 2, 3, 4), "span": timedelta(-1, 2, 3), "key": UUID(int=9), "flag": False,
        "mood": Mood.GLAD, "level": Level.LOW, "ratio": Ratio.HALF, "mixed": Mixed.FLAG,
        "four": IPv4Address("10.0.0.1"), "data": {"a": [1.0, None, "x"]}, "day": date(1, 2, 3),
        "point": Point(x=1, y=Decimal(2)),
    }  # fmt: skip
    with database.engine.begin() as connection:
        connection.execute(Kept.table.insert(), row)
    assert database.repository.get(MAPPER, 1) == row
    with database.engine.connect() as connection:
        found = connection.execute(Kept.table.select().where(Kept.table.c.text == "ä\\%")).one()
    assert dict(found._mapping) == row


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        ExactText(80),
        ExactText(indexed=True),
        ExactText(),
        ExactBytes(),
        ExactBytes(20, indexed=True),
        ExactDecimal(10, 2),
        ExactDecimal(None, 2),
        ExactDecimal(),
        EnumText(40),
        AdaptedText(indexed=True),
        *(column.type for column in Kept.table.columns if "nitro" in type(column.type).__module__),
    ],
    ids=repr,
)
def test_a_migration_writes_a_type_as_its_repr_which_makes_the_same_columns(kind: Any) -> None:
    from nitro_runtime.entities import columns

    again = eval(repr(kind), dict(vars(columns)))  # noqa: S307 # what a migration would run
    for dialect in (sqlite.dialect(), postgresql.dialect(), mysql.dialect()):
        assert again.compile(dialect=dialect) == kind.compile(dialect=dialect)


def ddl(dialect: Any) -> list[str]:
    text = str(CreateTable(Kept.table).compile(dialect=dialect))
    lines = [
        line.strip().rstrip(",").replace("`", "").replace('"key"', "key")
        for line in text.splitlines()
    ]
    return [line for line in lines if line.split(" ")[0] in ("id", "text", "short", "unlimited_code",
            "raw", "digest", "real", "whole", "exact", "clock", "key", "data")]  # fmt: skip


def test_the_columns_of_each_database_are_these() -> None:
    mariadb = mysql.dialect(is_mariadb=True)
    exact = "CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
    assert ddl(sqlite.dialect()) == [
        "id INTEGER NOT NULL", "text TEXT", "short VARCHAR(80)", "unlimited_code TEXT", "raw BLOB",
        "digest BLOB", "real DOUBLE", "whole BIGINT", "exact TEXT", "clock TIME", "key CHAR(32)",
        "data TEXT",
    ]  # fmt: skip
    assert ddl(postgresql.dialect()) == [
        "id BIGINT NOT NULL", 'text TEXT COLLATE "C"', 'short VARCHAR(80) COLLATE "C"',
        'unlimited_code TEXT COLLATE "C"', "raw BYTEA", "digest BYTEA", "real DOUBLE PRECISION",
        "whole BIGINT", "exact NUMERIC", "clock TIME WITHOUT TIME ZONE", "key UUID", "data JSON",
    ]  # fmt: skip
    assert ddl(mariadb) == [
        "id BIGINT NOT NULL", f"text LONGTEXT {exact}", f"short VARCHAR(80) {exact}",
        f"unlimited_code VARCHAR(255) {exact}", "raw LONGBLOB", "digest VARBINARY(255)",
        "real DOUBLE", "whole BIGINT", "exact DECIMAL(65, 30)", "clock TIME(6)", "key CHAR(32)",
        f"data LONGTEXT {exact}",
    ]  # fmt: skip
    assert ddl(mysql.dialect())[1].endswith("COLLATE utf8mb4_0900_bin")


def test_an_enum_may_know_its_former_values() -> None:
    class Size(StrEnum):
        LARGE = "large"

        @classmethod
        def _missing_(cls, value: object) -> Size | None:
            return cls.LARGE if value == "big" else None

    kind = EnumText(Size)
    assert kind.process_result_value("big", sqlite.dialect()) is Size.LARGE
    with pytest.raises(ValueError, match="tiny"):
        kind.process_result_value("tiny", sqlite.dialect())
