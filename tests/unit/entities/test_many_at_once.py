"""Verbs over many entities, and verbs that many call at once: update_many, upsert, upsert_many, lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from nitro_runtime.context import Change
from nitro_runtime.entities import (
    Entity,
    Field,
    MemoryRepository,
    Repository,
    configure,
    register_backend,
    transaction,
)
from nitro_runtime.entities.repository import Query
from nitro_runtime.errors import Duplicate, EntityError, InvalidQuery, StaleEntity, Unsupported


@pytest.fixture(autouse=True)
def on_each_backend(backend: Repository) -> Repository:
    return backend


class Item(Entity):
    sku: str | None = Field(default=None, unique=True)
    name: str = Field(default="", max_length=10)
    shop: int | None = None
    stock: int = Field(default=0, ge=0)


# -- update_many --------------------------------------------------------------------------------


def test_update_many_stores_what_has_changed_and_says_how_much(changes: list[Change]) -> None:
    made = Item.create_many({"sku": str(n)} for n in range(4))
    del changes[:]
    for one in made[:3]:
        one.stock = 5
    assert Item.update_many(made) == 3
    assert Item.count(stock=5) == 3
    assert [one.version for one in made] == [2, 2, 2, 1]
    assert changes == [Change("updated", "item")]
    assert Item.update_many(made) == 0
    assert Item.update_many([]) == 0
    assert len(changes) == 1


order: list[str] = []


class Turn(Entity):
    def after_save(self) -> None:
        order.append(self.id)

    place: int = 0


def test_update_many_stores_in_the_order_of_keys_so_that_two_never_wait_for_each_other() -> None:
    made = Turn.create_many({"id": key} for key in ("b", "c", "a"))
    del order[:]
    for one in made:
        one.place = 1
    assert Turn.update_many(made) == 3
    assert order == ["a", "b", "c"]


def test_update_many_stores_all_or_nothing(changes: list[Change]) -> None:
    made = Item.create_many({"sku": str(n)} for n in range(3))
    Item.get(made[2].id).update(name="else")
    del changes[:]
    for one in made:
        one.stock = 5
    with pytest.raises(StaleEntity):
        Item.update_many(made)
    assert Item.count(stock=5) == 0
    assert [(one.version, one.stock) for one in made] == [(1, 5)] * 3
    made[2].reload()
    made[1].sku = "0"
    with pytest.raises(Duplicate):
        Item.update_many(made)
    assert Item.count(stock=5) == 0
    assert changes == []
    made[1].sku = "1"
    assert Item.update_many(made) == 2
    vars(made[0])["stock"] = -1
    with pytest.raises(ValidationError):
        Item.update_many(made)


def test_update_many_takes_stored_entities_of_its_own_class() -> None:
    with pytest.raises(EntityError) as refused:
        Item.update_many([Item()])
    assert str(refused.value) == (
        "update_many() takes stored entities, and one Item is new: "
        "store it with save() or create_many()."
    )
    with pytest.raises(InvalidQuery, match=r"Item.update_many\(\) takes its entities, not 'x'"):
        Item.update_many(["x"])  # type: ignore[list-item] # pyright: ignore


# -- upsert -------------------------------------------------------------------------------------


attempts: list[str] = []


class Seat(Entity):
    def before_save(self) -> None:
        attempts.append(self.place)

    place: str = Field(unique=True)
    holder: str | None = Field(default=None, unique=True)


def test_upsert_tries_once_only_where_the_values_of_another_are_in_the_way() -> None:
    Seat.create(place="1", holder="Ann")
    Seat.create(place="2")
    del attempts[:]
    with pytest.raises(Duplicate):
        Seat.upsert(match="place", place="2", holder="Ann")
    assert attempts == ["2"]


def test_upsert_many_makes_and_changes_in_the_order_of_the_rows(changes: list[Change]) -> None:
    known = Item.create(sku="b", name="Tea", stock=3)
    del changes[:]
    found = Item.upsert_many(
        "sku",
        [
            {"sku": "a", "name": "one"},
            {"sku": "b", "name": "two"},
            {"sku": "a", "stock": 9},
        ],
    )
    assert [(one.sku, one.name, one.stock) for one in found] == [
        ("a", "one", 9),
        ("b", "two", 3),
        ("a", "one", 9),
    ]
    assert found[0] is found[2]
    assert found[1] == known
    assert sorted((one.sku, one.name, one.stock) for one in Item.all()) == [
        ("a", "one", 9),
        ("b", "two", 3),
    ]
    assert changes == [Change("created", "item"), Change("updated", "item")]
    assert Item.upsert_many("sku", [{"sku": "b", "name": "two"}])[0].version == 2
    assert Item.upsert_many("sku", []) == []
    assert len(changes) == 2


def test_upsert_many_matches_by_several_fields_and_by_a_missing_value() -> None:
    Item.create(name="a", shop=1)
    Item.create(name="a")
    Item.upsert_many(
        ["name", "shop"],
        [{"name": "a", "shop": n, "stock": 1} for n in (None, 1, 2)],
    )
    assert [(one.shop, one.stock) for one in Item.all().order_by("shop")] == [
        (None, 1),
        (1, 1),
        (2, 1),
    ]


def test_upsert_many_takes_more_rows_than_one_statement() -> None:
    Item.create_many({"sku": f"{n}"} for n in range(0, 250, 2))
    Item.upsert_many("sku", ({"sku": f"{n}", "stock": 1} for n in range(250)))
    assert Item.count(stock=1) == Item.count() == 250


def test_upsert_many_stores_all_or_nothing() -> None:
    Item.create(sku="a")
    with pytest.raises(ValidationError):
        Item.upsert_many("sku", [{"sku": "a", "stock": 1}, {"sku": "b", "stock": -1}])
    with pytest.raises(InvalidQuery) as refused:
        Item.upsert_many("sku", [{"sku": "a"}, {"stock": 1}])
    assert str(refused.value) == "upsert_many() needs a value for sku."
    assert Item.where(stock=0).one().sku == "a"


def test_upsert_needs_the_values_of_fields_that_exist() -> None:
    for match, sentence in (
        ("sku", "upsert() needs a value for sku."),
        ("skuu", "Item has no field 'skuu'. Did you mean 'sku'?"),
        ((), "upsert() needs the name of at least one field to match by."),
    ):
        with pytest.raises(InvalidQuery) as refused:
            Item.upsert(match, name="x")
        assert str(refused.value) == sentence


def test_upsert_says_which_other_unique_field_is_taken() -> None:
    Item.create(sku="a", name="x")
    with pytest.raises(Duplicate) as refused:
        Item.upsert("name", name="y", sku="a")
    assert refused.value.field == "sku"
    assert Item.count() == 1


def at_once(work: Callable[[int], object], count: int = 8) -> list[BaseException]:
    """Runs the work in threads that begin together, and returns what they raised."""
    gate, raised = threading.Barrier(count), list[BaseException]()

    def run(number: int) -> None:
        gate.wait()
        try:
            work(number)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_many_that_upsert_the_same_all_succeed_and_make_one() -> None:
    def work(number: int) -> None:
        for step in range(5):
            Item.upsert("sku", sku=f"sku {step}", stock=number)
            Item.upsert_many("sku", [{"sku": f"sku {step}", "shop": number}])

    assert at_once(work) == []
    assert Item.count() == 5


def test_many_that_find_or_make_the_same_get_one_and_the_same() -> None:
    seen: list[tuple[str, bool]] = []

    def work(_: int) -> None:
        made, new = Item.get_or_create(sku="same", defaults={"stock": 1})
        seen.append((made.id, new))

    assert at_once(work) == []
    assert Item.count() == 1
    assert len({key for key, _ in seen}) == 1
    assert [new for _, new in seen].count(True) == 1


class Racing(MemoryRepository):
    """A backend where somebody else stores a row between looking for it and making it."""

    name = "racing"

    def __init__(self) -> None:
        super().__init__()
        self.rival: dict[str, Any] | None = None

    def select(self, mapper: Any, query: Query) -> list[dict[str, Any]]:
        found = super().select(mapper, query)
        rival, self.rival = self.rival, None
        if rival is not None:
            self.insert(mapper, [mapper.entity(**rival).model_dump()])
        return found


class Raced(Entity, backend="racing"):
    sku: str = Field(unique=True)
    stock: int = 0


def test_who_was_slower_changes_what_the_faster_one_made() -> None:
    repository = Racing()
    register_backend(repository)
    repository.rival = {"sku": "a", "stock": 1}
    made = Raced.upsert("sku", sku="a", stock=2)
    assert (made.stock, made.version) == (2, 1)
    assert Raced.count() == 1
    repository.rival = {"sku": "b", "stock": 1}
    found, new = Raced.get_or_create(sku="b", defaults={"stock": 5})
    assert (found.sku, new) == ("b", False)
    repository.rival = {"sku": "c", "stock": 1}
    assert Raced.upsert_many("sku", [{"sku": "c", "stock": 7}])[0].stock == 7
    assert Raced.count() == 3


# -- locks --------------------------------------------------------------------------------------


def test_a_lock_reads_the_row_anew_and_keeps_others_out(backend: Repository) -> None:
    if "lock" not in backend.capabilities:
        pytest.skip("the backend has no locks")
    made = Item.create(sku="a")
    Item.get(made.id).update(stock=5)
    made.name = "unsaved"
    with transaction():
        assert made.lock() is made
        assert (made.stock, made.name, made.changed) == (5, "", {})
        assert Item.where(sku="a").lock().one() == made
        assert Item.all().lock().values("sku") == [{"sku": "a"}]
        assert Item.all().lock().count() == 1
        assert Item.all().lock().update(shop=1) == 1
    made.reload().delete()
    with transaction(), pytest.raises(Item.NotFound):
        made.lock()


def test_many_that_lock_lose_nothing(backend: Repository) -> None:
    if "lock" not in backend.capabilities:
        pytest.skip("the backend has no locks")
    key = Item.create(sku="a").id

    def work(_: int) -> None:
        for _ in range(10):
            with transaction():
                made = Item.get(key).lock()
                made.update(stock=made.stock + 1)

    assert at_once(work) == []
    assert Item.get(key).stock == 80


async def test_coroutines_lock_too(backend: Repository) -> None:
    if "lock" not in backend.capabilities:
        pytest.skip("the backend has no locks")
    made = await Item.acreate(sku="a")
    async with transaction():
        await made.alock()
        assert await Item.where(sku="a").lock().aone() == made
        await made.aupdate(stock=1)
    assert await Item.aupdate_many([made]) == 0
    assert (await Item.aupsert_many("sku", [{"sku": "a", "stock": 2}]))[0].stock == 2


def test_a_lock_without_a_transaction_or_without_the_capability_is_a_clear_error(
    backend: Repository,
) -> None:
    made = Item.create(sku="a")
    assert Item.all().lock().query.lock
    if "lock" in backend.capabilities:
        for verb in (made.lock, Item.all().lock().all, Item.all().lock().first):
            with pytest.raises(EntityError) as refused:
                verb()
            assert str(refused.value) == (
                "A lock lasts until a transaction ends, and none is open: put `with transaction():`, "
                "or `async with transaction():`, around what needs it."
            )
    else:
        with transaction(), pytest.raises(Unsupported, match="does not support lock"):
            made.lock()


# -- increments ---------------------------------------------------------------------------------


class Adjusted(MemoryRepository):
    """A backend that changes one row by itself."""

    name = "adjusted"
    capabilities = MemoryRepository.capabilities | {"adjust"}

    def adjust(
        self, mapper: Any, key: Any, query: Query, changes: Any, check: Callable[[Any], object]
    ) -> dict[str, Any] | None:
        with transaction():
            chosen = Query(mapper.identity(key) & query.criterion)
            if not super().update_where(mapper, chosen, changes):
                return None
            row = self.get(mapper, key)
            check(row)
            return row

    def update_where(self, mapper: Any, query: Query, changes: Any) -> int:
        raise AssertionError("adjust() does it")


class Counter(Entity, backend="adjusted"):
    hits: int = Field(default=0, ge=0)
    even: int = Field(default=0, multiple_of=2)


def test_increment_goes_through_adjust_where_there_is_one() -> None:
    register_backend(Adjusted())
    made = Counter.create(hits=1)
    made.increment(hits=2, even=4)
    assert (made.hits, made.even, made.version, made.changed) == (3, 4, 2, {})
    for wrong in ({"hits": -9}, {"even": 1}):
        with pytest.raises(ValidationError):
            made.increment(**wrong)
    assert (Counter.get(made.id).hits, Counter.get(made.id).even) == (3, 4)
    Counter.get(made.id).delete()
    with pytest.raises(StaleEntity):
        made.increment(hits=1)


def test_increment_needs_a_stored_entity_and_a_field() -> None:
    with pytest.raises(EntityError) as refused:
        Item().increment(stock=1)
    assert str(refused.value) == "This Item is new: save it before anything else."
    with pytest.raises(InvalidQuery) as refused:
        Item.create().increment()
    assert str(refused.value) == ("increment() needs at least one field, as in increment(stock=1).")


def test_the_repository_of_a_class_is_the_one_configured_now() -> None:
    first = Item.repository
    second = configure("memory")
    assert Item.repository is second is not first
    assert Item().repository is second
    made = Item.create(sku="a")
    assert Item.repository.get(Item.mapper, made.id) == vars(made)
