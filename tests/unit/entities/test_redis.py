"""What is special to Redis: scripts, indexes, hash tags, expiry, races. The contract is tested elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NoReturn, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.crc import key_slot
from redis.exceptions import TimeoutError as RedisTimeout
from redis_checks import disagreements, keys_of
from services import REDIS, own_redis
from waiting import until

from nitro_runtime.entities import (
    Entity,
    Field,
    MemoryRepository,
    belongs_to,
    configure,
    register_backend,
    transaction,
    use,
)
from nitro_runtime.entities.evaluate import predicate
from nitro_runtime.entities.redis.layout import Layout
from nitro_runtime.entities.redis.planning import keys_of as named_keys
from nitro_runtime.entities.redis.planning import ways_of
from nitro_runtime.entities.redis.repository import RedisRepository
from nitro_runtime.entities.redis.server import Server
from nitro_runtime.entities.redis.values import cut, index_text
from nitro_runtime.errors import (
    BrokenReference,
    ConfigurationError,
    DatabaseBusy,
    DatabaseUnavailable,
    Duplicate,
    EntityDefinitionError,
    EntityError,
    InvalidRow,
    MissingExtra,
    StaleEntity,
    Unsupported,
)
from nitro_runtime.schema import known_entities
from nitro_runtime.testing import assert_queries
from nitro_runtime.testing.repository_suite import in_threads
from nitro_runtime.testing.repository_suite.suite import as_default

ADDRESS = own_redis()


class Shade(StrEnum):
    DARK = "dark"
    LIGHT = "light"


class Shop(Entity):
    name: str = Field(unique=True)
    city: str = ""


class Ware(Entity, unique_together=(("row", "place"),)):
    name: str | None = Field(default=None, index=True)
    code: str | None = Field(default=None, unique=True)
    stock: int = Field(default=0, index=True)
    price: Decimal = Field(default=Decimal(0), max_digits=10, decimal_places=2, index=True)
    day: date | None = Field(default=None, index=True)
    shade: Shade | None = Field(default=None, index=True)
    row: str | None = None
    place: int | None = None
    note: str = ""
    shop_id: str | None = Field(default=None, foreign_key="shop.id", ondelete="CASCADE")

    shop = belongs_to("Shop")


class Visit(Entity, ttl=0.3):
    token: str = Field(unique=True)
    page: str = Field(default="", index=True)


class Stay(Entity, ttl=3600):
    token: str = Field(unique=True)


class Counted(Entity):
    id: int | None = Field(default=None, primary_key=True)  # type: ignore[assignment]
    name: str = ""


ENTITIES = (Shop, Ware, Visit, Stay, Counted)


@pytest.fixture(scope="module")
def server() -> Iterator[RedisRepository]:
    repository = RedisRepository(ADDRESS, patience=5.0)
    yield repository
    repository.clear()
    repository.close()


@pytest.fixture
def redis(server: RedisRepository, missing: Callable[[str], NoReturn]) -> Iterator[RedisRepository]:
    """An empty repository, which is the default."""
    if not REDIS.answers:
        missing(REDIS.missing)
    server.clear()
    use(server)
    with known_entities(ENTITIES):
        yield server
    use(MemoryRepository())


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of the documents that were read."""
    seen: list[str] = []
    whole = Layout.read

    def read(self: Layout, key: str, document: bytes) -> dict[str, Any]:
        seen.append(key)
        return whole(self, key, document)

    monkeypatch.setattr(Layout, "read", read)
    return seen


def wares(count: int) -> list[Ware]:
    return Ware.create_many(
        {"name": f"ware {i}", "stock": i, "price": Decimal(i) / 4, "day": date(2026, 1, 1 + i % 28)}
        for i in range(count)
    )


def test_a_given_key_is_not_counted_again_before_it_is_stored(redis: RedisRepository) -> None:
    assert [each.id for each in Counted.create_many([{"id": 1}, {}, {"id": 7}, {}])] == [1, 8, 7, 9]
    with transaction():
        Counted.create(id=10)
        assert Counted.create().id == 11
    assert Counted.create().id == 12


def test_keys_beyond_a_given_one_are_nobody_else_s(
    redis: RedisRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = redis.store.layout(Counted.__nitro_mapper__)
    others: list[int] = []
    whole = Server.run

    def run(self: Server, *command: Any) -> Any:
        answer = whole(self, *command)
        if command[0] == "INCRBY" and not others:
            others.append(0)
            others[:] = redis.store.next_keys(layout, 5, 1)
        return answer

    monkeypatch.setattr(Server, "run", run)
    keys = redis.store.next_keys(layout, 10, 6)
    assert (len(keys), others) == (10, [11, 12, 13, 14, 15])
    assert not {*keys} & {*others}
    assert min(keys) >= 6


def test_rows_hand_unique_values_on_among_themselves(redis: RedisRepository) -> None:
    Ware.create_many([{"code": "1"}, {"code": "2"}])
    layout = redis.store.layout(Ware.__nitro_mapper__)
    unit = redis.begin()
    found = sorted(unit.overlay.find(layout, None), key=lambda one: one.row["code"])
    later = [{**one.row, "code": code} for one, code in zip(found, ("2", "3"), strict=True)]
    unit.overlay.change_all(layout, zip(found, later, strict=True))
    with pytest.raises(Duplicate, match="code"):
        unit.overlay.add(layout, {**later[0], "id": "another"})
    unit.commit()
    assert sorted(ware.code or "" for ware in Ware.all()) == ["2", "3"]
    assert disagreements(redis, *ENTITIES) == []


def test_a_row_may_refer_to_a_value_that_passed_from_a_deleted_row_to_a_new_one(
    redis: RedisRepository,
) -> None:
    class Seat(Entity):
        place: int = Field(unique=True)

    class Guest(Entity):
        place: int = Field(foreign_key="seat.place")

    with known_entities((Seat, Guest)):
        former = Seat.create(place=1)
        with transaction():
            former.delete()
            Seat.create(place=1)
            Guest.create(place=1)
        assert [guest.place for guest in Guest.all()] == [1]
        with transaction(), pytest.raises(BrokenReference):
            Seat.where(place=1).delete()
        assert (Seat.count(), Guest.count()) == (1, 1)


# -- scripts --------------------------------------------------------------------------------------


def test_a_server_that_has_forgotten_the_scripts_is_told_them_again(redis: RedisRepository) -> None:
    Shop.create(name="one")
    redis.server.run("SCRIPT", "FLUSH")
    Shop.create(name="two")
    assert [shop.name for shop in Shop.where(name="two")] == ["two"]
    assert Shop.count() == 2


def test_a_created_row_its_indexes_and_unique_values_take_one_round_trip(
    redis: RedisRepository,
) -> None:
    Shop.create(name="first")
    with assert_queries(1):
        Shop.create(name="second")
    with assert_queries(1):
        Shop.create_many({"name": f"shop {i}"} for i in range(50))


def test_counting_all_rows_and_reading_a_page_of_them_is_one_command_each(
    redis: RedisRepository, reads: list[str]
) -> None:
    made = sorted(ware.id for ware in wares(300))
    with assert_queries(1):
        assert Ware.count() == 300
    assert reads == []
    with assert_queries(1):
        assert [w.id for w in Ware.all().offset(100).limit(20)] == made[100:120]
    with assert_queries(1):
        assert [w.id for w in Ware.all().order_by("-id").limit(5)] == made[:-6:-1]
    assert len(reads) == 25


def test_keys_that_are_too_long_for_an_index_are_sorted_all_the_same(
    redis: RedisRepository,
) -> None:
    names = [f"{'x' * 70}{i}" for i in (3, 1, 2)] + ["x" * 64, "a\0b", "a", "y"]
    Shop.create_many({"id": name, "name": name} for name in names)
    assert [shop.id for shop in Shop.all().limit(7)] == sorted(names)
    assert [shop.id for shop in Shop.all().offset(1).limit(3)] == sorted(names)[1:4]


# -- indexes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lookups", "found", "candidates"),
    [
        ({"stock": 7}, 1, 1),
        ({"stock__in": [1, 5, 900]}, 2, 2),
        ({"stock__between": (10, 19)}, 10, 10),
        ({"stock__gt": 190}, 9, 10),
        ({"price__lt": Decimal("1.00")}, 4, 5),
        ({"day": date(2026, 1, 5)}, 7, 7),
        ({"name__startswith": "ware 19"}, 11, 11),
        ({"name": None}, 0, 0),
        ({"stock__gte": 50, "name": "ware 60"}, 1, 1),
        ({"stock__gte": 190, "note": "x"}, 0, 10),
        ({"code": "none"}, 0, 0),
    ],
)
def test_an_indexed_query_reads_its_candidates_alone(
    redis: RedisRepository,
    reads: list[str],
    lookups: dict[str, Any],
    found: int,
    candidates: int,
) -> None:
    wares(200)
    with assert_queries(1):
        assert Ware.where(**lookups).count() == found
    assert len(reads) == candidates


def test_a_query_without_an_index_reads_all_rows(redis: RedisRepository, reads: list[str]) -> None:
    wares(50)
    assert Ware.where(note="x").count() == 0
    assert len(reads) == 50


def test_either_of_two_indexed_conditions_reads_both_their_rows(
    redis: RedisRepository, reads: list[str]
) -> None:
    wares(50)
    either = (Ware.stock == 3) | (Ware.name == "ware 7") | (Ware.stock == 7)
    assert [w.stock for w in Ware.where(either).order_by("stock")] == [3, 7]
    assert len(reads) == 2


def test_more_rows_than_one_answer_should_hold_come_in_chunks(redis: RedisRepository) -> None:
    Shop.create_many({"name": f"{i}", "city": "x"} for i in range(2500))
    assert len(Shop.all().all()) == 2500
    assert Shop.where(name__gte="").count() == 2500


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "name": st.none() | st.sampled_from(["", "a", "b", "a\0b", "x" * 64, "x" * 65, "x" * 66]) | TEXTS,
    "stock": st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1),
    "price": st.decimals(-9_999_999, 9_999_999, places=2) | st.sampled_from([Decimal(0), Decimal("1.10")]),
    "day": st.none() | st.dates(),
    "shade": st.none() | st.sampled_from(Shade),
}  # fmt: skip
OPERATORS = {
    "name": ("", "__in", "__gt", "__gte", "__lt", "__lte", "__startswith", "__ne", "__isnull"),
    "stock": ("", "__in", "__gt", "__gte", "__lt", "__lte", "__between", "__ne"),
    "price": ("", "__in", "__gt", "__gte", "__lt", "__lte", "__between", "__ne"),
    "day": ("", "__in", "__gt", "__gte", "__lt", "__lte", "__between", "__isnull"),
    "shade": ("", "__in", "__gt", "__lte", "__isnull"),
}


@st.composite
def conditions(draw: st.DrawFn) -> Any:
    field = draw(st.sampled_from(sorted(FIELDS)))
    operator = draw(st.sampled_from(OPERATORS[field]))
    value = FIELDS[field].filter(lambda v: v is not None)
    if operator == "__isnull":
        value = st.booleans()
    elif operator == "__in":
        value = st.lists(FIELDS[field], max_size=3)
    elif operator == "__between":
        value = st.tuples(value, value)
    found = Ware.where(**{field + operator: draw(value)}).query.criterion
    assert found is not None
    return found


CRITERIA = st.recursive(
    conditions(),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] & p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] | p[1]),
        inner.map(lambda c: ~c),
    ),
    max_leaves=4,
)


@settings(max_examples=500)
@given(criterion=CRITERIA, values=st.fixed_dictionaries(FIELDS))
def test_no_way_through_indexes_misses_a_row(criterion: Any, values: dict[str, Any]) -> None:
    layout = Layout(Ware.__nitro_mapper__, "x")
    row = layout.mapper.snapshot(vars(Ware(**values)))
    if predicate(layout.mapper, criterion)(row) is not True:
        return
    key = layout.text_of(row)
    members = dict(layout.entries(row, key))
    for way in ways_of(layout, criterion):
        assert any(
            r.low.encode() <= members[r.index.key].encode() < r.high.encode() for r in way
        ), way
    names = named_keys(layout, criterion)
    assert names is None or key in names


@settings(max_examples=300)
@given(data=st.data())
def test_texts_of_an_index_sort_as_the_values_do(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["name", "stock", "price", "day"]))
    values = FIELDS[name].filter(lambda v: v is not None)
    text = index_text(Ware.__nitro_mapper__.fields[name])
    assert text is not None
    left, right = data.draw(values), data.draw(values)
    if left < right:
        assert cut(text(left))[0].encode() <= cut(text(right))[0].encode()
    assert (cut(text(left)) == cut(text(right))) == (left == right)


ROWS = st.fixed_dictionaries(
    {**FIELDS, "code": st.none() | st.sampled_from("abc"), "row": st.none() | st.sampled_from("pq"),
     "place": st.none() | st.integers(1, 2)}
)  # fmt: skip
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), ROWS),
        st.tuples(st.just("update"), st.integers(0, 5), ROWS),
        st.tuples(st.just("delete"), st.integers(0, 5), st.none()),
        st.tuples(st.just("where"), conditions(), st.sampled_from(["delete", "update"])),
        st.tuples(st.just("undone"), ROWS, st.none()),
        st.tuples(st.just("both"), ROWS, ROWS),
    ),
    max_size=12,
)


def step(kind: str, *given: Any) -> object:
    """Does one step; returns what it led to, so that two backends can be compared."""
    try:
        match kind:
            case "create":
                Ware.create(id=f"w{Ware.count()}", **given[0])
            case "update":
                Ware.get(f"w{given[0]}").update(**given[1])
            case "delete":
                Ware.get(f"w{given[0]}").delete()
            case "where" if given[1] == "delete":
                return Ware.where(given[0]).delete()
            case "where":
                return Ware.where(given[0]).update(note="seen", stock=1)
            case "undone":
                with transaction():
                    Ware.create(id="undone", **given[0])
                    Ware.all().update(note="undone")
                    raise KeyError
            case _:
                with transaction():
                    Ware.create(id=f"w{Ware.count()}", **given[0])
                    Ware.all().limit(1).delete()
                    Ware.create(id=f"w{Ware.count() + 20}", **given[1])
    except (Duplicate, Ware.NotFound, KeyError) as error:
        return type(error)
    return None


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, asked=CRITERIA)
def test_indexes_say_what_the_documents_say_whatever_happened(
    redis: RedisRepository, steps: list[Any], asked: Any
) -> None:
    outcomes: list[list[object]] = []
    redis.clear()
    for repository in (MemoryRepository(), redis):
        with as_default(repository):
            seen = [step(*each) for each in steps]
            seen.append([w.model_dump() for w in Ware.where(asked).order_by("-stock")])
            seen.append([w.model_dump() for w in Ware.all()])
        outcomes.append(seen)
    assert outcomes[1] == outcomes[0]
    assert disagreements(redis, Ware) == []


# -- what is made later ---------------------------------------------------------------------------


def older_and_newer() -> tuple[type[Entity], type[Entity]]:
    """A class as it was, and as it is with an index, a unique field and another field more."""

    class Older(Entity, table_name="mug"):
        name: str
        size: int = 0

    class Newer(Entity, table_name="mug"):
        name: str = Field(unique=True)
        size: int = Field(default=0, index=True)
        colour: str = "white"

    return Older, Newer


def test_an_index_that_a_class_gains_is_made_of_the_rows_that_there_are(
    redis: RedisRepository, reads: list[str]
) -> None:
    older, newer = older_and_newer()
    older.create_many({"name": f"mug {i}", "size": i} for i in range(1200))
    assert [mug.model_dump()["colour"] for mug in newer.where(size=7)] == ["white"]
    reads.clear()
    assert newer.where(size__in=[3, 4]).count() == 2
    assert len(reads) == 2
    with pytest.raises(Duplicate, match="has this name already"):
        newer.create(name="mug 5")
    assert disagreements(redis, newer) == []


def test_a_program_with_the_older_class_does_not_make_an_index_wrong(
    redis: RedisRepository,
) -> None:
    older, newer = older_and_newer()
    newer.create(name="a", size=1)
    added = older.create(name="b", size=1)
    assert newer.where(size=1).count() == 2
    added.update(size=2)
    assert (newer.where(size=1).count(), newer.where(size=2).count()) == (1, 1)
    newer.create(name="c", size=2)
    assert newer.where(size=2).count() == 2
    assert disagreements(redis, newer) == []


def test_values_that_are_there_twice_are_told_when_a_field_becomes_unique(
    redis: RedisRepository, caplog: pytest.LogCaptureFixture
) -> None:
    older, newer = older_and_newer()
    older.create_many({"id": key, "name": "same"} for key in "pq")
    assert newer.where(name="same").count() == 2
    assert "Newer 'q' has a name that another has, too" in caplog.text
    with pytest.raises(Duplicate):
        newer.create(name="same")


def test_many_threads_that_miss_an_index_make_it_once(redis: RedisRepository) -> None:
    older, newer = older_and_newer()
    older.create_many({"name": f"mug {i}", "size": i % 7} for i in range(600))
    results = in_threads(8, lambda: newer.where(size=3).count())
    assert results == [86] * 8


def test_an_index_that_somebody_else_makes_for_too_long_is_a_busy_database(
    redis: RedisRepository,
) -> None:
    older, newer = older_and_newer()
    older.create(name="a")
    layout = redis.store.layout(newer.__nitro_mapper__)
    redis.server.run("SET", layout.building, "another")
    impatient = RedisRepository(ADDRESS, patience=0.1)
    with as_default(impatient), pytest.raises(DatabaseBusy, match="indexes of Newer"):
        newer.where(size=1).count()
    impatient.close()


# -- transactions ---------------------------------------------------------------------------------


def test_a_row_that_another_changed_before_the_commit_is_stale_and_nothing_is_stored(
    redis: RedisRepository,
) -> None:
    one, two = Shop.create(name="one"), Shop.create(name="two")
    with pytest.raises(StaleEntity) as raised, transaction():
        Shop.get(one.id).update(city="mine")
        Shop.get(two.id).update(city="mine")
        in_threads(1, lambda: Shop.get(two.id).update(city="theirs"))
    assert (raised.value.entity, raised.value.key) == ("Shop", two.id)
    assert {s.name: s.city for s in Shop.all()} == {"one": "", "two": "theirs"}
    assert disagreements(redis, Shop) == []


def test_a_unique_value_that_another_took_before_the_commit_is_named(
    redis: RedisRepository,
) -> None:
    with pytest.raises(Duplicate, match="Another Ware has this row, place already"), transaction():
        Ware.create(row="a", place=1)
        in_threads(1, lambda: Ware.create(row="a", place=1, note="theirs"))
    assert [ware.note for ware in Ware.all()] == ["theirs"]


def test_inside_a_transaction_a_unique_value_is_refused_where_it_is_set(
    redis: RedisRepository,
) -> None:
    one = Ware.create(code="a")
    with transaction():
        with pytest.raises(Duplicate, match="this code"):
            Ware.create(code="a")
        one.update(code="b")
        Ware.create(code="a")
        with pytest.raises(Duplicate, match="this code"):
            Ware.create(code="b")
    assert sorted(ware.code or "" for ware in Ware.all()) == ["a", "b"]
    assert disagreements(redis, Ware) == []


def test_what_a_row_refers_to_cannot_go_before_the_commit(redis: RedisRepository) -> None:
    shop = Shop.create(name="one")
    with pytest.raises(BrokenReference), transaction():
        Ware.create(shop_id=shop.id)
        in_threads(1, lambda: Shop.get(shop.id).delete())
    assert (Shop.count(), Ware.count()) == (0, 0)


def test_what_begins_to_refer_to_a_deleted_row_before_the_commit_keeps_it(
    redis: RedisRepository,
) -> None:
    shop = Shop.create(name="one")
    with pytest.raises(StaleEntity), transaction():
        Shop.get(shop.id).delete()
        in_threads(1, lambda: Ware.create(shop_id=shop.id))
    assert (Shop.count(), Ware.count()) == (1, 1)
    shop.delete()
    assert (Shop.count(), Ware.count()) == (0, 0)
    assert disagreements(redis, Shop, Ware) == []


def test_a_transaction_sends_nothing_before_its_commit_but_questions(
    redis: RedisRepository,
) -> None:
    Shop.create(name="one")
    before = keys_of(redis)
    with transaction():
        Shop.create(name="two")
        Ware.create(code="x")
        assert keys_of(redis) == before
    assert Ware.count() == 1


# -- races ----------------------------------------------------------------------------------------


def test_one_of_fifty_threads_gets_a_unique_value(redis: RedisRepository) -> None:
    results = in_threads(50, lambda: Shop.create(name="only"))
    assert sum(isinstance(r, Shop) for r in results) == 1
    errors = [r for r in results if isinstance(r, Duplicate)]
    assert [(e.entity, e.field) for e in errors] == [("Shop", "name")] * 49
    assert Shop.count() == 1
    assert disagreements(redis, Shop) == []


def test_no_addition_of_many_threads_is_lost(redis: RedisRepository) -> None:
    made = Ware.create(stock=0)

    def add() -> None:
        for _ in range(50):
            Ware.get(made.id).increment(stock=1)

    assert in_threads(8, add) == [None] * 8
    fresh = Ware.get(made.id)
    assert (fresh.stock, fresh.version) == (400, 401)
    assert disagreements(redis, Ware) == []


def test_no_bulk_addition_of_many_threads_is_lost(redis: RedisRepository) -> None:
    wares(5)
    in_threads(4, lambda: [Ware.where(stock__gte=0).update(stock=Ware.stock + 10) for _ in "abcde"])
    assert [w.stock for w in Ware.all().order_by("stock")] == [200, 201, 202, 203, 204]


def test_keys_that_are_counted_up_are_given_once(redis: RedisRepository) -> None:
    results = in_threads(8, lambda: [Counted.create().id for _ in range(20)])
    given = [key for keys in results if isinstance(keys, list) for key in keys]
    assert sorted(cast("list[int]", given)) == list(range(1, 161))
    Counted.create(id=500)
    assert Counted.create().id == 501


# -- keys -----------------------------------------------------------------------------------------


def test_every_key_of_every_command_carries_one_hash_tag(
    redis: RedisRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[Any, ...]] = []
    whole = Server._exchange

    def exchange(self: Server, command: Any) -> Any:
        sent.append(tuple(command))
        return whole(self, command)

    monkeypatch.setattr(Server, "_exchange", exchange)
    shop = Shop.create(name="one {two} x")
    ware = Ware.create(shop_id=shop.id, code="}{", name="{x}")
    ware.update(stock=4)
    ware.increment(stock=2)
    Ware.where(stock__gt=1).update(note="x")
    Visit.create(token="{t}")
    Visit.count()
    Shop.all().limit(3).all()
    Ware.where(id__in=[ware.id, "{other}"]).all()
    Counted.create()
    with transaction():
        Ware.create(code="{z}", shop_id=shop.id)
    shop.delete()
    named = {str(key) for command in sent for key in _keys_in(command)}
    assert len(named) > 20
    assert {key_slot(key.encode()) for key in named | keys_of(redis)} == {
        key_slot(f"{{{redis.store.prefix}}}".encode())
    }


def _keys_in(command: tuple[Any, ...]) -> tuple[Any, ...]:
    match command:
        case ("EVALSHA" | "EVAL", _, count, *rest):
            return tuple(rest[:count])
        case ("MGET" | "DEL" | "UNLINK", *keys):
            return tuple(keys)
        case _:
            return command[1:2]


def test_deleting_everything_leaves_no_key_and_nothing_of_others(redis: RedisRepository) -> None:
    other = RedisRepository(own_redis())
    with as_default(other):
        Shop.create(name="theirs")
    shop = Shop.create(name="mine")
    Ware.create(code="x", shop_id=shop.id)
    Ware.all().delete()
    shop.delete()
    assert keys_of(redis) == {redis.store.layout(e.__nitro_mapper__).schema for e in (Shop, Ware)}
    redis.clear()
    assert keys_of(redis) == set()
    with as_default(other):
        assert [s.name for s in Shop.all()] == ["theirs"]
    other.clear()
    other.close()


# -- ttl ------------------------------------------------------------------------------------------


def test_a_row_expires_and_its_unique_value_is_free_again(redis: RedisRepository) -> None:
    made = Visit.create(token="a", page="x")
    assert Visit.get(made.id).page == "x"
    until(lambda: Visit.find(made.id) is None, "the end of the row")
    assert (Visit.count(), Visit.where(page="x").count(), Visit.where(token="a").count()) == (
        0,
        0,
        0,
    )
    assert Visit.all().all() == []
    assert not Visit.all().exists()
    Visit.create(token="a", id=made.id)


def test_what_expired_rows_leave_behind_is_cleared_away(redis: RedisRepository) -> None:
    Visit.create_many({"token": f"{i}", "page": "x"} for i in range(120))
    until(lambda: Visit.count() == 0, "the end of the rows")
    layout = redis.store.layout(Visit.__nitro_mapper__)
    assert redis.server.run("ZCARD", layout.rows) == 120
    for i in range(3):
        Visit.create(token=f"new {i}")
    until(lambda: Visit.count() == 0, "the end of the rows")
    Visit.create(token="last").delete()
    assert keys_of(redis) == {layout.schema}


def test_saving_a_row_lets_it_last_longer(redis: RedisRepository) -> None:
    made = Stay.create(token="a")
    name = redis.store.layout(Stay.__nitro_mapper__).documents + made.id
    redis.server.run("PEXPIRE", name, 5000)
    made.update(token="b")
    assert 3_590_000 < redis.server.run("PTTL", name) <= 3_600_000
    assert disagreements(redis, Stay) == []


def test_a_row_that_expires_while_it_is_changed_is_stale(redis: RedisRepository) -> None:
    made = Visit.create(token="a")
    until(lambda: Visit.find(made.id) is None, "the end of the row")
    with pytest.raises(StaleEntity):
        made.update(page="late")
    assert Visit.count() == 0


def test_a_class_that_gains_or_loses_a_ttl_is_told_apart(redis: RedisRepository) -> None:
    class Lasting(Entity, table_name="pass"):
        name: str = Field(unique=True)

    class Passing(Entity, table_name="pass", ttl=3600):
        name: str = Field(unique=True)

    old = Lasting.create(name="old")
    name = redis.store.layout(Lasting.__nitro_mapper__).documents + old.id
    Passing.create(name="new")
    assert 3_590_000 < redis.server.run("PTTL", name) <= 3_600_000
    assert Passing.count() == 2
    Lasting.create(name="newest")
    assert redis.server.run("PTTL", name) == -1
    assert Lasting.count() == 3
    assert disagreements(redis, Lasting) == []


def test_nothing_may_refer_to_rows_that_expire(redis: RedisRepository) -> None:
    class Click(Entity):
        visit_id: str = Field(foreign_key="visit.id")

    with pytest.raises(EntityDefinitionError, match=r"Click\.visit_id refers to Visit, whose rows"):
        Click.create(visit_id="x")


def test_a_backend_without_expiry_refuses_a_class_with_a_ttl() -> None:
    use(MemoryRepository())
    with pytest.raises(Unsupported, match="memory backend does not support ttl, which Visit has"):
        Visit.create(token="a")


@pytest.mark.parametrize("ttl", [0, -1, "1", True, float("inf")])
def test_a_ttl_is_a_number_of_seconds(ttl: Any) -> None:
    with pytest.raises(EntityDefinitionError, match="ttl takes a number of seconds"):

        class Short(Entity, ttl=ttl):
            pass

        del Short


# -- what somebody else wrote ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("nope", "it is no JSON text"),
        ("[]", "it is no JSON object"),
        ('{"id":"s","name":5,"city":"","version":1}', "name is 5, which is no str"),
        ('{"id":"other","name":"a","city":"","version":1}', "it is the row of another key"),
    ],
)
def test_a_spoiled_document_is_an_invalid_row(
    redis: RedisRepository, document: str, problem: str
) -> None:
    Shop.create(id="s", name="a")
    redis.server.run("SET", redis.store.layout(Shop.__nitro_mapper__).documents + "s", document)
    for read in (lambda: Shop.get("s"), Shop.all().all, Shop.where(name="a").all):
        with pytest.raises(InvalidRow, match=f"Row 's' of table 'shop' is not valid: {problem}"):
            read()


# -- connections and settings ---------------------------------------------------------------------


def test_a_connection_that_the_server_closed_is_opened_again(redis: RedisRepository) -> None:
    Shop.create(name="a")
    pool: Any = redis.server._pool
    connection = pool.get_connection()
    connection.send_command("CLIENT", "ID")
    number = connection.read_response()
    pool.release(connection)
    other = RedisRepository(ADDRESS)
    other.server.run("CLIENT", "KILL", "ID", number)
    other.close()
    assert Shop.count() == 1


def test_an_idle_connection_that_a_firewall_forgot_is_opened_again(
    redis: RedisRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    Shop.create(name="a")
    pool: Any = redis.server._pool
    connection = pool.get_connection()
    connection.next_health_check = 0
    pool.release(connection)
    whole, sent = connection.send_command, list[str]()

    def send(*words: Any, **keywords: Any) -> None:
        sent.append(words[0])
        if sent == ["PING"]:
            raise RedisTimeout("nobody answers")
        whole(*words, **keywords)

    monkeypatch.setattr(connection, "send_command", send)
    assert Shop.count() == 1
    assert (sent[0], sent[-1], sent.count("ZCARD")) == ("PING", "ZCARD", 1)


def test_a_connection_that_answered_with_an_error_serves_on(redis: RedisRepository) -> None:
    with pytest.raises(EntityError, match=r"refused a command: wrong number"):
        redis.server.run("INCRBY")
    assert Shop.count() == 0


def test_no_free_connection_is_a_busy_database_after_the_patience(redis: RedisRepository) -> None:
    small = RedisRepository(ADDRESS, pool_size=1, patience=0.1)
    turns = small.server._turns_here()
    assert turns.acquire()
    with as_default(small), pytest.raises(DatabaseBusy, match="1 connections to Redis were in use"):
        Shop.count()
    turns.release()
    with as_default(small):
        assert Shop.count() == 0
    small.close()


def test_a_server_that_is_not_there_is_unavailable() -> None:
    nowhere = RedisRepository("redis://:secret@127.0.0.1:1/0", patience=0.5)
    with as_default(nowhere), pytest.raises(DatabaseUnavailable) as raised:
        Shop.count()
    assert "Redis at 127.0.0.1:1 cannot be reached" in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_has_connections_of_its_own(redis: RedisRepository) -> None:
    Shop.create(name="parent")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            Shop.create(name="child")
            code = 0 if Shop.count() == 2 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert sorted(shop.name for shop in Shop.all()) == ["child", "parent"]


async def test_tasks_use_redis_in_threads(redis: RedisRepository) -> None:
    shop = await Shop.acreate(name="a")
    async with transaction():
        await Ware.acreate(shop_id=shop.id)
        assert await Ware.where(shop_id=shop.id).acount() == 1
    assert await Ware.acount() == 1


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("redis://", "names no host"),
        ("redis:/x", "names no host"),
        ("redis://host:abc", "port"),
        ("redis://host:70000", "port"),
        ("redis://host/first", "'first' is none"),
        ("redis://host/0?prefix=a{b}", "prefix"),
        ("redis://host/0?colour=red", "does not understand"),
    ],
)
def test_an_address_that_cannot_work_is_refused(address: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        configure(address)


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(MissingExtra, match=r"pip install 'nitro-kit\[redis\]'"):
        configure("redis://127.0.0.1/0")


def test_a_class_chooses_redis_while_the_default_is_another(
    redis: RedisRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nitro_runtime.entities.settings import settings as chosen

    class Basket(Entity, backend="redis"):
        note: str = ""

    use(MemoryRepository())
    monkeypatch.setattr(chosen, "named", {})
    monkeypatch.delenv("NITRO_REDIS_URL", raising=False)
    with pytest.raises(ConfigurationError, match="set NITRO_REDIS_URL"):
        Basket.count()
    monkeypatch.setenv("NITRO_REDIS_URL", ADDRESS)
    Basket.create(note="x")
    assert cast("RedisRepository", Basket.repository).store.prefix == redis.store.prefix
    assert Shop.repository.name == "memory"
    cast("RedisRepository", Basket.repository).close()


def test_a_foreign_key_to_another_backend_is_not_checked(redis: RedisRepository) -> None:
    class Person(Entity):
        name: str = ""

    class Login(Entity, backend="redis"):
        person_id: str = Field(foreign_key="person.id")

    register_backend(redis)
    with as_default(MemoryRepository()):
        Login.create(person_id="somebody")
        assert (Login.count(), Person.count()) == (1, 0)


def test_a_moment_is_found_by_another_zone(redis: RedisRepository) -> None:
    class Event(Entity):
        at: datetime = Field(index=True)

    Event.create(at=datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert Event.where(at=datetime.fromisoformat("2026-03-01T14:00:00+02:00")).count() == 1
    assert Event.where(at__gt=datetime.fromisoformat("2026-03-01T13:00:00+02:00")).count() == 1
