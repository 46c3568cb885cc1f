"""What an entity can do is the same on every backend, in the same order."""

import asyncio
import threading
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from ipaddress import IPv4Address
from typing import Literal
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel, ValidationError

from nitro_runtime.context import Change, after_commit, current_unit
from nitro_runtime.entities import (
    Entity,
    Field,
    Repository,
    belongs_to,
    col,
    has_many,
    retry_stale,
    samples,
    transaction,
)
from nitro_runtime.errors import (
    BrokenReference,
    DatabaseBusy,
    Duplicate,
    EntityError,
    InvalidQuery,
    NotFound,
    NotLoaded,
    StaleEntity,
)

pytestmark = pytest.mark.usefixtures("backend")


class Status(StrEnum):
    DRAFT = "draft"
    LIVE = "live"


class Category(Entity):
    name: str = Field(unique=True)
    parent_id: str | None = Field(default=None, foreign_key="category.id", ondelete="SET NULL")

    parent = belongs_to("Category")
    products = has_many("Product")


class Product(Entity, timestamps=True):
    name: str = Field(max_length=80, search=True)
    price: Decimal = Field(default=Decimal(1), max_digits=10, decimal_places=2, ge=0)
    stock: int = Field(default=0, ge=0, le=1000)
    status: Status = Status.DRAFT
    category_id: str | None = Field(default=None, foreign_key="category.id")
    description: str | None = None
    tags: list[int] = Field(default_factory=list)

    category = belongs_to("Category")


@pytest.fixture(autouse=True)
def known() -> None:
    """The classes above are found by name in every test, whatever others defined."""
    from nitro_runtime.schema import register_entity

    for entity in (Category, Product):
        register_entity(entity.__name__, entity)
        register_entity(entity.__entity__.table, entity)


# -- one entity ---------------------------------------------------------------------------------


def test_a_created_entity_is_found_with_the_values_it_was_given() -> None:
    made = Product.create(name="Tea", price="2.5", tags=[1, 2])
    found = Product.get(made.id)
    assert (found.name, found.price, found.tags, found.status) == (
        "Tea",
        Decimal("2.50"),
        [1, 2],
        Status.DRAFT,
    )
    assert found == made
    assert found is not made


def test_get_takes_the_key_by_position_and_by_name() -> None:
    made = Product.create(name="Tea")
    assert Product.get(id=made.id) == Product.get(made.id) == made


def test_get_of_an_unknown_id_raises_the_class_own_not_found() -> None:
    with pytest.raises(Product.NotFound, match=r"no Product with id 'nope'"):
        Product.get("nope")
    assert issubclass(Product.NotFound, NotFound)
    assert Product.NotFound is not Category.NotFound
    assert Product.find("nope") is None
    assert Product.find(12) is None


def test_save_stores_only_what_changed_and_counts_the_version() -> None:
    made = Product.create(name="Tea")
    assert not made.is_new
    made.stock = 5
    assert made.changed == {"stock": (0, 5)}
    made.save()
    assert (made.version, made.changed) == (2, {})
    made.save()
    assert made.version == 2
    assert Product.get(made.id).stock == 5


def test_a_list_changed_in_place_is_seen_and_checked_by_save() -> None:
    made = Product.create(name="Tea", tags=[1])
    made.tags.append(3)
    made.save()
    assert Product.get(made.id).tags == [1, 3]
    made.tags.append("x")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValidationError):
        made.save()
    assert Product.get(made.id).tags == [1, 3]


def test_what_is_stored_is_not_shared_with_the_entity() -> None:
    made = Product.create(name="Tea", tags=[1])
    made.tags.append(2)
    Product.get(made.id).tags.append(9)
    assert Product.get(made.id).tags == [1]


def test_a_stale_save_and_a_stale_delete_are_refused() -> None:
    first = Product.create(name="Tea")
    second = Product.get(first.id)
    first.update(stock=1)
    second.stock = 2
    with pytest.raises(StaleEntity):
        second.save()
    with pytest.raises(StaleEntity):
        second.delete()
    assert second.version == 1
    assert Product.get(first.id).stock == 1


def test_a_version_that_was_posted_is_the_one_that_guards() -> None:
    made = Product.create(name="Tea")
    made.update(stock=1)
    fresh = Product.get(made.id)
    fresh.version = 1
    fresh.stock = 7
    with pytest.raises(StaleEntity):
        fresh.save()


def test_a_deleted_entity_is_gone() -> None:
    made = Product.create(name="Tea")
    made.delete()
    assert Product.count() == 0
    with pytest.raises(StaleEntity):
        made.delete()


def test_reload_forgets_unsaved_values() -> None:
    made = Product.create(name="Tea")
    made.name = "Coffee"
    assert made.reload().name == "Tea"
    assert made.changed == {}


def test_increment_adds_in_the_database_and_keeps_other_changes() -> None:
    made = Product.create(name="Tea", stock=1)
    other = Product.get(made.id)
    other.increment(stock=5)
    made.name = "Coffee"
    made.increment(stock=2)
    assert made.stock == 8
    assert made.changed == {"name": ("Tea", "Coffee")}
    assert Product.get(made.id).stock == 8


def test_increment_adds_decimals_exactly() -> None:
    made = Product.create(name="Tea", price="0.10")
    made.increment(price=Decimal("0.20"))
    assert Product.get(made.id).price == Decimal("0.30")


def test_increment_beyond_a_bound_changes_nothing() -> None:
    made = Product.create(name="Tea", stock=1)
    with pytest.raises(ValidationError):
        made.increment(stock=-2)
    with pytest.raises(ValidationError):
        made.increment(stock=1000)
    assert Product.get(made.id).stock == 1


def test_a_unique_violation_names_the_field() -> None:
    Category.create(name="Tea")
    with pytest.raises(Duplicate) as refused:
        Category.create(name="Tea")
    assert refused.value.field == "name"
    other = Category.create(name="Coffee")
    with pytest.raises(Duplicate):
        other.update(name="Tea")
    assert Category.count() == 2


def test_an_id_that_exists_is_a_duplicate() -> None:
    made = Product.create(name="Tea")
    with pytest.raises(Duplicate) as refused:
        Product.create(id=made.id, name="Coffee")
    assert refused.value.field == "id"


def test_a_foreign_key_must_point_at_something() -> None:
    with pytest.raises(BrokenReference):
        Product.create(name="Tea", category_id="nope")
    drinks = Category.create(name="Drinks")
    Product.create(name="Tea", category=drinks)
    with pytest.raises(BrokenReference):
        drinks.delete()
    assert Category.count() == 1


def test_deleting_a_parent_sets_the_key_of_its_children_to_null() -> None:
    parent = Category.create(name="Drinks")
    child = Category.create(name="Tea", parent=parent)
    parent.delete()
    assert Category.get(child.id).parent_id is None


def test_timestamps_are_kept_in_utc() -> None:
    before = datetime.now(UTC)
    made = Product.create(name="Tea")
    assert before <= made.created_at <= datetime.now(UTC)
    made.update(stock=1)
    found = Product.get(made.id)
    assert found.created_at == made.created_at
    assert found.created_at < found.updated_at
    assert found.updated_at.tzinfo is UTC


def test_a_copy_knows_that_it_is_stored() -> None:
    made = Product.create(name="Tea")
    copy = made.model_copy(deep=True)
    copy.update(stock=3)
    assert Product.get(made.id).stock == 3


# -- many entities ------------------------------------------------------------------------------


def names(query: object) -> list[str]:
    return [product.name for product in query]  # type: ignore[attr-defined]


def fill() -> None:
    Product.create_many(
        [
            {"name": "Green Tea", "price": "3.50", "stock": 5, "status": "live"},
            {"name": "black tea", "price": "2.00", "stock": 0, "description": "Strong"},
            {"name": "Espresso", "price": "10.00", "stock": 9, "status": "live"},
            {"name": "ÜBERTEE", "price": "0.99", "stock": 5, "description": "Grün"},
        ]
    )


def test_criteria_and_lookups_choose_the_same() -> None:
    fill()
    assert names(Product.where(Product.price > 2)) == ["Green Tea", "Espresso"]
    assert names(Product.where(price__gt="2")) == ["Green Tea", "Espresso"]
    assert names(Product.where((Product.stock == 5) & (Product.price < 1))) == ["ÜBERTEE"]
    assert names(Product.where((Product.stock == 0) | (Product.price == 10))) == [
        "black tea",
        "Espresso",
    ]
    assert names(Product.where(~(col(Product.stock) == 5))) == ["black tea", "Espresso"]
    assert names(Product.where(col(Product.stock).in_([0, 9]))) == ["black tea", "Espresso"]
    assert names(Product.where(stock__between=(1, 8))) == ["Green Tea", "ÜBERTEE"]
    assert names(Product.where(status=Status.LIVE)) == names(Product.where(status="live"))
    assert names(Product.where(stock__in=[])) == []


def test_text_is_found_by_parts_in_any_case_of_any_language() -> None:
    fill()
    assert names(Product.where(name__contains="Tea")) == ["Green Tea"]
    assert names(Product.where(name__icontains="TEA")) == ["Green Tea", "black tea"]
    assert names(Product.where(name__icontains="übert")) == ["ÜBERTEE"]
    assert names(Product.where(description__icontains="GRÜ")) == ["ÜBERTEE"]
    assert names(Product.where(name__startswith="b")) == ["black tea"]
    assert names(Product.where(col(Product.name).like("%_tea"))) == ["black tea"]


def test_a_missing_value_is_neither_equal_nor_unequal() -> None:
    fill()
    assert names(Product.where(description__ne="Strong")) == ["ÜBERTEE"]
    assert names(Product.where(~(col(Product.description) == "Strong"))) == ["ÜBERTEE"]
    assert names(Product.where(description=None)) == ["Green Tea", "Espresso"]
    assert names(Product.where(description__isnull=False)) == ["black tea", "ÜBERTEE"]
    assert names(Product.where(col(Product.description).is_(None))) == ["Green Tea", "Espresso"]
    assert names(Product.where(description__in=[None, "Strong"])) == [
        "Green Tea",
        "black tea",
        "Espresso",
    ]


def test_rows_come_by_key_and_otherwise_in_the_order_asked_for() -> None:
    fill()
    assert names(Product.all()) == ["Green Tea", "black tea", "Espresso", "ÜBERTEE"]
    assert names(Product.all().order_by("-price")) == [
        "Espresso",
        "Green Tea",
        "black tea",
        "ÜBERTEE",
    ]
    assert names(Product.all().order_by("stock", "-name")) == [
        "black tea",
        "ÜBERTEE",
        "Green Tea",
        "Espresso",
    ]
    assert names(Product.all().order_by("description", "name")) == [
        "Espresso",
        "Green Tea",
        "ÜBERTEE",
        "black tea",
    ]


def test_search_wants_every_word_in_one_of_the_fields() -> None:
    fill()
    assert names(Product.all().search("tea green")) == ["Green Tea"]
    assert names(Product.all().search("TEE")) == ["ÜBERTEE"]
    assert names(Product.all().search("strong black", "name", "description")) == ["black tea"]
    assert len(Product.all().search("  ").all()) == 4


def test_pages_are_cut_and_counted() -> None:
    fill()
    page = Product.all().order_by("price").page(2, size=3)
    assert (names(page), page.total, page.pages, page.has_next) == (["Espresso"], 4, 2, False)
    assert Product.all().page(99, size=3).number == 2
    assert names(Product.all().order_by("price").offset(1).limit(2)) == ["black tea", "Green Tea"]
    assert Product.all().limit(2).count() == 2
    assert Product.all().offset(3).count() == 1


def test_first_one_count_exists_and_values() -> None:
    fill()
    first = Product.first(stock=5)
    assert first is not None
    assert first.name == "Green Tea"
    assert Product.first(stock=77) is None
    assert Product.where(stock=9).one().name == "Espresso"
    with pytest.raises(Product.NotFound, match="No Product fits the query"):
        Product.where(stock=77).one()
    with pytest.raises(EntityError):
        Product.where(stock=5).one()
    assert Product.count(stock=5) == 2
    assert Product.exists(stock=9)
    assert not Product.exists(stock=77)
    assert Product.where(stock=9).values("name", "price") == [
        {"name": "Espresso", "price": Decimal("10.00")}
    ]


def test_many_are_changed_at_once_and_their_versions_counted() -> None:
    fill()
    assert Product.where(stock=5).update(stock=Product.stock + 1, status="live") == 2
    changed = Product.where(stock=6).all()
    assert [(p.version, p.status) for p in changed] == [(2, Status.LIVE)] * 2
    assert Product.all().order_by("price").limit(1).update(name="Ünique") == 1
    assert names(Product.where(name__icontains="ÜNI")) == ["Ünique"]


def test_a_bulk_update_checks_values_against_their_fields() -> None:
    fill()
    with pytest.raises(ValidationError):
        Product.all().update(stock=-1)
    with pytest.raises(InvalidQuery):
        Product.all().update(nope=1)
    with pytest.raises(InvalidQuery):
        Product.all().update(id="x")


def test_many_are_deleted_at_once() -> None:
    fill()
    assert Product.where(stock=5).delete() == 2
    assert Product.all().order_by("-price").limit(1).delete() == 1
    assert names(Product.all()) == ["black tea"]


def test_create_many_stores_all_or_none() -> None:
    with pytest.raises(Duplicate):
        Category.create_many([{"name": "a"}, {"name": "b"}, {"name": "a"}])
    assert Category.count() == 0


def test_get_or_create_and_upsert() -> None:
    tea, made = Category.get_or_create(name="Tea")
    again, made_again = Category.get_or_create(name="Tea")
    assert (made, made_again, again) == (True, False, tea)
    product = Product.upsert("name", name="Cup", stock=1)
    assert Product.upsert("name", name="Cup", stock=2) == product
    assert Product.get(product.id).stock == 2


@pytest.mark.parametrize(
    "lookups",
    [
        {"nam": "x"},
        {"name__foo": "x"},
        {"stock": "many"},
        {"stock__contains": "1"},
        {"tags": [1]},
        {"name__in": "abc"},
        {"stock__between": 1},
        {"description__isnull": "yes"},
        {"status": "sold"},
        {"name": 5},
    ],
)
def test_a_question_that_makes_no_sense_is_refused(lookups: dict[str, object]) -> None:
    with pytest.raises(InvalidQuery):
        Product.where(**lookups)


def test_an_unknown_order_is_refused_with_a_suggestion() -> None:
    with pytest.raises(InvalidQuery, match="Did you mean 'price'"):
        Product.all().order_by("-prise")
    with pytest.raises(InvalidQuery):
        Product.all().order_by("tags")


def test_numbers_no_database_holds_are_compared_all_the_same() -> None:
    fill()
    assert Product.count(stock__lt=10**30) == 4
    assert Product.count(stock__gt=10**30) == 0
    assert Product.count(stock=10**30) == 0
    assert Product.count(price__gt=Decimal("1.995")) == 3
    assert Product.count(price=Decimal("2.001")) == 0
    assert Product.count(~(col(Product.price) == Decimal("2.001"))) == 4
    assert Product.count(price__lte=Decimal("2.009")) == 2


# -- relations ----------------------------------------------------------------------------------


def test_relations_load_when_read_and_in_one_query_when_included() -> None:
    drinks = Category.create(name="Drinks", parent=Category.create(name="All"))
    Product.create(name="Tea", category=drinks)
    Product.create(name="Loose")
    tea, loose = Product.all().include("category.parent").all()
    assert tea.__related__["category"].name == "Drinks"
    assert tea.category.__related__["parent"].name == "All"
    assert loose.category is None
    assert Product.get(tea.id).category == drinks
    assert names(drinks.products) == ["Tea"]
    assert [names(c.products) for c in Category.all().include("products")] == [[], ["Tea"]]
    assert names(Product.where(category=drinks)) == ["Tea"]
    with pytest.raises(InvalidQuery):
        Product.all().include("categry")


async def test_asynchronous_code_must_load_relations_before_it_reads_them() -> None:
    drinks = await Category.acreate(name="Drinks")
    made = await Product.acreate(name="Tea", category_id=drinks.id)
    with pytest.raises(NotLoaded, match=r"include\('category'\)"):
        _ = made.category
    await made.aload("category")
    assert made.category == drinks
    assert [p.name async for p in drinks.products] == ["Tea"]


# -- announcements and transactions -------------------------------------------------------------


def test_saves_are_announced_with_the_entity_after_the_commit(changes: list[Change]) -> None:
    made = Product.create(name="Tea")
    made.update(stock=1)
    made.save()
    made.increment(stock=1)
    made.delete()
    assert [(c.kind, c.topic, c.entity) for c in changes] == [
        ("created", "product", made),
        ("updated", "product", made),
        ("updated", "product", made),
        ("deleted", "product", made),
    ]


def test_changes_of_many_are_announced_once(changes: list[Change]) -> None:
    fill()
    Product.all().update(stock=1)
    Product.where(stock=77).update(stock=1)
    Product.all().delete()
    assert [(c.kind, c.entity) for c in changes] == [
        ("created", None),
        ("updated", None),
        ("deleted", None),
    ]


def test_a_transaction_is_stored_and_announced_at_its_end(changes: list[Change]) -> None:
    with transaction():
        made = Product.create(name="Tea")
        made.update(stock=4)
        assert Product.get(made.id).stock == 4
        assert changes == []
    assert len(changes) == 2
    assert Product.get(made.id).stock == 4
    assert current_unit() is None


def test_a_failed_transaction_leaves_nothing_behind(changes: list[Change]) -> None:
    kept = Product.create(name="Kept")
    made = Product(name="Tea")
    changes.clear()
    with pytest.raises(ZeroDivisionError), transaction():
        made.save()
        kept.update(stock=9)
        after_commit(lambda: pytest.fail("ran after a rollback"))
        raise ZeroDivisionError
    assert Product.count() == 1
    assert changes == []
    assert (made.is_new, kept.version) == (True, 1)
    made.save()
    assert kept.reload().stock == 0


def test_an_inner_transaction_undoes_only_its_own_part(changes: list[Change]) -> None:
    inner = Product(name="Inner")
    with transaction():
        outer = Product.create(name="Outer")
        with pytest.raises(ZeroDivisionError), transaction():
            inner.save()
            outer.update(stock=5)
            raise ZeroDivisionError
        with transaction():
            Product.create(name="Third")
    assert names(Product.all()) == ["Outer", "Third"]
    assert [c.entity.name for c in changes] == ["Outer", "Third"]
    assert (inner.is_new, outer.version, outer.reload().stock) == (True, 1, 0)


def test_a_refused_statement_leaves_the_transaction_usable() -> None:
    with transaction():
        Category.create(name="Tea")
        with pytest.raises(Duplicate):
            Category.create(name="Tea")
        Category.create(name="Coffee")
    assert Category.count() == 2


def test_others_do_not_see_a_transaction_before_its_commit() -> None:
    seen: list[int] = []
    with transaction():
        Product.create(name="Tea")
        thread = threading.Thread(target=lambda: seen.append(Product.count()))
        thread.start()
        thread.join()
    assert seen == [0]
    assert Product.count() == 1


async def test_tasks_queue_for_their_transactions_and_lose_nothing() -> None:
    made = await Product.acreate(name="Tea")

    async def add() -> None:
        async with transaction():
            product = await Product.aget(made.id)
            await asyncio.sleep(0)
            await product.aupdate(stock=product.stock + 1)

    await asyncio.gather(*(add() for _ in range(20)))
    assert (await Product.aget(made.id)).stock == 20


async def test_single_saves_wait_for_another_tasks_transaction() -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with transaction():
            await Product.acreate(name="Held")
            inside.set()
            await go_on.wait()

    holder = asyncio.create_task(hold())
    await inside.wait()
    saver = asyncio.create_task(Product.acreate(name="Second"))
    with pytest.raises(DatabaseBusy):
        Product.create(name="A sync write would stop the loop that the other task needs")
    assert await Product.acount() == 0
    go_on.set()
    await asyncio.gather(holder, saver)
    assert await Product.acount() == 2


async def test_a_task_started_in_a_transaction_works_outside_it(changes: list[Change]) -> None:
    async with transaction():
        await Product.acreate(name="Inside")
        assert await asyncio.create_task(Product.acount()) == 0
        child = asyncio.create_task(Product.acreate(name="Child"))
        await asyncio.sleep(0)
    await child
    assert [c.entity.name for c in changes] == ["Inside", "Child"]


async def test_a_waiting_task_can_be_cancelled() -> None:
    async with transaction():
        waiter = asyncio.create_task(Product.acreate(name="Never"))
        await asyncio.sleep(0)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
    await Product.acreate(name="After")
    assert [p.name async for p in Product.all()] == ["After"]


def test_threads_that_add_lose_nothing() -> None:
    made = Product.create(name="Tea")

    def work() -> None:
        for _ in range(10):
            with transaction():
                product = Product.get(made.id)
                product.update(stock=product.stock + 1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Product.get(made.id).stock == 80


def test_retry_stale_tries_again_with_fresh_values() -> None:
    made = Product.create(name="Tea")
    tries: list[int] = []

    @retry_stale(3)
    def sell() -> int:
        product = Product.get(made.id)
        if not tries:
            Product.get(made.id).update(stock=10)
        tries.append(1)
        return product.update(stock=product.stock + 1).stock

    assert sell() == 11
    assert len(tries) == 2


async def test_every_verb_has_an_asynchronous_twin() -> None:
    made = await Product.acreate(name="Tea")
    await Product.acreate_many([Product(name="Cup"), {"name": "Pot"}])
    made.stock = 3
    await made.asave()
    await made.aupdate(price=4)
    await made.aincrement(stock=1)
    assert (await made.areload()).stock == 4
    assert await Product.afind("nope") is None
    with pytest.raises(Product.NotFound):
        await Product.aget("nope")
    assert (await Product.afirst(stock=4)) == made
    assert await Product.aexists(name="Cup")
    query = Product.where(stock=0)
    assert [p.name for p in await query.aall()] == ["Cup", "Pot"]
    assert (await query.apage(1, size=1)).total == 2
    assert await query.acount() == 2
    assert await query.aexists()
    assert await query.avalues("name") == [{"name": "Cup"}, {"name": "Pot"}]
    assert (await query.limit(1).aone()).name == "Cup"
    assert await query.aupdate(stock=2) == 2
    assert await Product.where(stock=2).adelete() == 2
    tea, created = await Product.aget_or_create(name="Tea")
    assert (tea, created) == (made, False)
    await Product.aupsert("name", name="Tea", stock=8)
    await (await Product.aget(made.id)).adelete()
    assert await Product.acount() == 0


# -- types and keys -----------------------------------------------------------------------------


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Point(BaseModel):
    x: int
    y: Decimal


class Everything(Entity, version=False):
    flag: bool
    whole: int
    real: float
    exact: Decimal
    day: date
    clock: time
    moment: datetime
    span: timedelta
    key: UUID
    raw: bytes
    level: Level
    choice: Literal["a", "b"]
    address: IPv4Address
    point: Point
    numbers: dict[str, list[Decimal]]
    maybe: int | None = None
    points: list[Point] | None = None


def test_values_of_every_type_come_back_as_they_were() -> None:
    values = {
        "flag": True,
        "whole": -(2**62),
        "real": 0.1,
        "exact": Decimal("12345678901234567890.123456789"),
        "day": date(2024, 2, 29),
        "clock": time(23, 59, 59, 999999),
        "moment": datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=5))),
        "span": timedelta(days=-3, microseconds=7),
        "key": uuid4(),
        "raw": b"\0\xff",
        "level": Level.HIGH,
        "choice": "b",
        "address": "10.0.0.1",
        "point": {"x": 1, "y": "0.10"},
        "numbers": {"z": ["1.50"], "a": []},
    }
    made = Everything.create(**values)
    found = Everything.get(made.id)
    assert found.__dict__ == made.__dict__
    assert {name: type(value) for name, value in found.__dict__.items()} == {
        name: type(value) for name, value in made.__dict__.items()
    }
    assert found.moment.isoformat() == "2024-01-01T07:00:00+00:00"
    for name, value in values.items():
        if name not in ("point", "numbers"):
            assert Everything.count(**{name: value}) == 1, name
    assert Everything.count(maybe=None) == 1
    assert Everything.count(span__lt=timedelta(0)) == 1
    assert Everything.first(exact__gt=Decimal("1e19"), exact__lt=Decimal("1e20")) == made


def test_a_class_can_have_an_integer_key_that_counts_up() -> None:
    class Ticket(Entity):
        id: int | None = Field(default=None, primary_key=True)  # type: ignore[assignment]
        title: str

    assert [t.id for t in (Ticket.create(title="a"), Ticket.create(title="b"))] == [1, 2]
    assert [t.id for t in Ticket.create_many([{"title": "c"}, {"title": "d"}])] == [3, 4]
    assert Ticket.get("2").title == "b"
    assert Ticket.find("x") is None
    assert Ticket.find(10**40) is None


def test_a_class_can_have_a_key_of_its_own() -> None:
    class Asset(Entity, version=False):
        key: UUID = Field(primary_key=True)

    class Country(Entity):
        code: str = Field(primary_key=True)
        name: str

    key = uuid4()
    assert Asset.create(key=key) == Asset.get(str(key)) == Asset.get(key=key)
    assert "id" not in Country.__entity__.fields
    Country.create(code="pt", name="Portugal")
    assert Country.get("pt").name == "Portugal"
    with pytest.raises(Duplicate):
        Country.create(code="pt", name="Again")


def test_samples_are_valid_stored_and_never_repeat_unique_values(backend: Repository) -> None:
    categories = Category.create_many(samples(Category, 100))
    assert 10 <= len(categories) == len({c.name for c in categories})
    products = Product.create_many(samples(Product, 50))
    assert len(products) == 50
    assert {p.category_id for p in products} <= {None, *(c.id for c in categories)}
    assert [p.name for p in samples(Product, 5)] == [p.name for p in samples(Product, 5)]
