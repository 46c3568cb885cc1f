"""Relations to one and to many are the same on every backend."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from nitro_runtime import context, schema
from nitro_runtime.entities import (
    Entity,
    Field,
    Repository,
    belongs_to,
    build_tables,
    col,
    has_many,
    has_one,
    many_to_many,
    transaction,
)
from nitro_runtime.entities.queryset import QuerySet
from nitro_runtime.errors import (
    BrokenReference,
    Duplicate,
    EntityDefinitionError,
    EntityError,
    InvalidQuery,
    NotLoaded,
)

pytestmark = pytest.mark.usefixtures("backend")


class Tag(Entity):
    name: str

    products = many_to_many("Product", reverse_of="tags")


class Product(Entity):
    name: str

    tags = many_to_many("Tag")
    related = many_to_many("Product")
    related_by = many_to_many("Product", reverse_of="related")


class Owner(Entity):
    number: int | None = Field(default=None, primary_key=True)
    name: str

    passport = has_one("Passport")
    friends = many_to_many("Owner")


class Passport(Entity):
    owner_id: int = Field(foreign_key="owner.number", unique=True)

    owner = belongs_to("Owner")


class Enrolment(Entity, unique_together=(("pupil_id", "course_id"),)):
    pupil_id: str = Field(foreign_key="pupil.id", ondelete="CASCADE")
    course_id: str = Field(foreign_key="course.id", ondelete="CASCADE")
    mark: int = 0


class Pupil(Entity):
    name: str

    courses = many_to_many("Course", through="Enrolment")


class Course(Entity):
    name: str

    pupils = many_to_many("Pupil", reverse_of="courses")
    enrolments = has_many("Enrolment")


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    """The classes above are found by name in every test, and no others."""
    before = dict(schema._entities)
    schema._entities.clear()
    for entity in (Tag, Product, Owner, Passport, Enrolment, Pupil, Course):
        schema.register_entity(entity.__name__, entity)
        schema.register_entity(entity.__entity__.table, entity)
    yield
    schema._entities.clear()
    schema._entities.update(before)


@pytest.fixture
def tags() -> list[Tag]:
    return Tag.create_many([{"name": "red"}, {"name": "green"}, {"name": "blue"}])


def names(entities: Any) -> list[str]:
    return [entity.name for entity in entities]


# -- many to many -------------------------------------------------------------------------------


def test_others_are_added_once_and_found_from_both_sides(tags: list[Tag]) -> None:
    red, green, _ = tags
    tea, cup = Product.create(name="Tea"), Product.create(name="Cup")
    tea.tags.add(red, green)
    tea.tags.add(green.id, red)
    cup.tags.add(red)
    assert names(tea.tags) == ["red", "green"]
    assert names(red.products) == ["Tea", "Cup"]
    red.products.remove(tea)
    assert names(tea.tags) == ["green"]


def test_it_is_a_query_set_that_can_be_narrowed_sorted_and_counted(tags: list[Tag]) -> None:
    tea = Product.create(name="Tea", tags=tags)  # pyright: ignore[reportCallIssue]
    assert names(tea.tags.order_by("name")) == ["blue", "green", "red"]
    assert names(tea.tags.where(col(Tag.name) != "red").limit(1)) == ["green"]
    assert (tea.tags.count(), tea.tags.exists(), tea.tags.where(name="x").exists()) == (
        3,
        True,
        False,
    )
    assert tea.tags.page(2, 2).total == 3
    assert tea.tags.where(name="red").update(name="crimson") == 1
    assert names(Tag.where(name="crimson")) == ["crimson"]


def test_set_links_exactly_these(tags: list[Tag]) -> None:
    red, green, blue = tags
    tea = Product.create(name="Tea")
    tea.tags.set([red, green])
    tea.tags.set([green, blue.id])
    assert names(tea.tags) == ["green", "blue"]
    tea.tags.clear()
    assert names(tea.tags) == []


def test_an_entity_may_be_made_and_changed_together_with_its_others(tags: list[Tag]) -> None:
    made: Any = Product
    tea = made.create(name="Tea", tags=tags[:2])
    assert names(tea.tags) == ["red", "green"]
    tea.update(name="Green tea", tags=tags[2:])
    assert (Product.get(tea.id).name, names(tea.tags)) == ("Green tea", ["blue"])
    new = made(name="Cup")
    new.tags = tags[:1]
    assert names(new.tags) == ["red"]
    new.save()
    assert names(Product.get(new.id).tags) == ["red"]
    (many,) = made.create_many([{"name": "Pot", "tags": [tags[0].id]}])
    assert names(many.tags) == ["red"]


def test_what_cannot_be_linked_changes_nothing(tags: list[Tag]) -> None:
    made: Any = Product
    with pytest.raises(BrokenReference):
        made.create(name="Tea", tags=[tags[0], "no-such-tag"])
    assert Product.count() == 0
    tea = Product.create(name="Tea")
    tea.tags.set([tags[0]])
    with pytest.raises(BrokenReference):
        tea.update(name="Cup", tags=["no-such-tag"])  # pyright: ignore[reportCallIssue]
    stored = Product.get(tea.id)
    assert (stored.name, names(stored.tags)) == ("Tea", ["red"])


def test_the_wrong_class_a_new_entity_and_an_assignment_are_refused(tags: list[Tag]) -> None:
    tea = Product.create(name="Tea")
    with pytest.raises(EntityError, match="tags are Tag entities, not Product"):
        tea.tags.add(tea)  # pyright: ignore[reportArgumentType]
    with pytest.raises(EntityError, match="Save the Product before its tags"):
        Product(name="Cup").tags.add(tags[0])
    with pytest.raises(EntityError, match=r"product.tags.set\(\[...\]\)"):
        tea.tags = tags  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(InvalidQuery, match="tags"):
        Product.all().include("tag")


@pytest.mark.parametrize("side", ["product", "tag"])
def test_deleting_either_side_removes_the_links(side: str, tags: list[Tag]) -> None:
    tea = Product.create(name="Tea")
    tea.tags.add(tags[0])
    (tea if side == "product" else tags[0]).delete()
    link = Product.tags.link(Product).entity
    assert link.count() == 0
    assert names(tags[0].products if side == "product" else tea.tags) == []


def test_a_rollback_undoes_links(tags: list[Tag]) -> None:
    tea = Product.create(name="Tea")
    with pytest.raises(RuntimeError), transaction():
        tea.tags.add(tags[0])
        assert names(tea.tags) == ["red"]
        raise RuntimeError
    assert names(tea.tags) == []


def test_a_pair_is_linked_once_even_by_hand(tags: list[Tag]) -> None:
    tea = Product.create(name="Tea")
    link = Product.tags.link(Product)
    pair = {link.left: tea.id, link.right: tags[0].id}
    link.entity.create(**pair)
    with pytest.raises(Duplicate) as caught:
        link.entity.create(**pair)
    assert caught.value.field == "product_id, tag_id"


def test_rows_are_found_by_what_they_are_linked_with(tags: list[Tag]) -> None:
    red, green, _ = tags
    made: Any = Product
    made.create(name="Tea", tags=[red])
    made.create(name="Cup", tags=[red, green])
    assert names(Product.where(tags=red)) == ["Tea", "Cup"]
    assert names(Product.where(tags=green.id)) == ["Cup"]
    assert names(Product.where(tags=red).where(name__startswith="C")) == ["Cup"]
    assert Product.where(tags="no-such-tag").count() == 0
    assert Product.where(tags=red).delete() == 2
    assert names(red.products) == []


def test_an_entity_is_linked_with_others_of_its_own_class() -> None:
    tea, cup = Product.create(name="Tea"), Product.create(name="Cup")
    tea.related.add(cup)
    assert (names(tea.related), names(cup.related)) == (["Cup"], [])
    assert (names(tea.related_by), names(cup.related_by)) == ([], ["Tea"])
    one = Owner.create(name="Ada")
    two = Owner.create(name="Grace")
    one.friends.add(two.number, one)
    assert names(one.friends) == ["Ada", "Grace"]


def test_an_entity_of_ones_own_keeps_the_links_and_more() -> None:
    made: Any = Pupil
    ada = made.create(name="Ada", courses=[Course.create(name="Greek")])
    (enrolment,) = Enrolment.all()
    enrolment.update(mark=1)
    assert names(ada.courses) == ["Greek"]
    assert names(Course.first().pupils) == ["Ada"]  # pyright: ignore[reportOptionalMemberAccess]
    ada.courses.add(*Course.all())
    assert [row.mark for row in Enrolment.all()] == [1]


@pytest.mark.parametrize("count", [1, 7])
def test_include_reads_links_with_a_constant_number_of_queries(
    count: int, tags: list[Tag], backend: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Any = Product
    made.create_many([{"name": f"P{i}", "tags": tags[: i % 3]} for i in range(count)])
    asked: list[str] = []
    select = type(backend).select

    def counting(self: Any, mapper: Any, query: Any) -> Any:
        asked.append(mapper.info.table)
        return select(self, mapper, query)

    monkeypatch.setattr(type(backend), "select", counting)
    found = Product.all().include("tags").all()
    assert asked == ["product", "product_tag", *(["tag"] if count > 1 else [])]
    assert [names(product.tags) for product in found] == [
        names(tags[: i % 3]) for i in range(count)
    ]
    assert len(asked) == (3 if count > 1 else 2)


def test_what_was_read_is_read_anew_after_a_change(tags: list[Tag]) -> None:
    tea = Product.create(name="Tea")
    (found,) = Product.all().include("tags").all()
    assert names(found.tags) == []
    found.tags.add(tags[0])
    assert names(found.tags) == ["red"]
    held = found.tags
    held.set(tags[1:])
    assert names(held) == names(Product.get(tea.id).tags) == ["green", "blue"]


def test_coroutines_change_and_read_links(tags: list[Tag]) -> None:
    async def work() -> list[list[str]]:
        made: Any = Product
        tea = await made.acreate(name="Tea", tags=tags[:1])
        seen = [names(await tea.tags.aall())]
        await tea.tags.aadd(tags[1])
        seen.append([tag.name async for tag in tea.tags])
        await tea.tags.aremove(tags[0])
        await tea.aupdate(tags=[*tags[1:], tags[0]])
        await tea.aload("tags")
        seen.append(names(tea.tags))
        await tea.tags.aset([tags[2]])
        seen.append(names(await tea.tags.aall()))
        await tea.tags.aclear()
        return [*seen, names(await tea.tags.aall())]

    assert asyncio.run(work()) == [
        ["red"],
        ["red", "green"],
        ["red", "green", "blue"],
        ["blue"],
        [],
    ]


def test_a_change_of_links_is_announced_as_one_of_their_table(
    tags: list[Tag], changes: list[context.Change]
) -> None:
    tea = Product.create(name="Tea")
    changes.clear()
    tea.tags.set(tags)
    tea.tags.set(tags)
    tea.tags.remove(tags[0])
    assert [(change.kind, change.topic) for change in changes] == [
        ("created", "product_tag"),
        ("deleted", "product_tag"),
    ]


def test_migrations_see_the_tables_between() -> None:
    tables = build_tables().tables
    columns = {column.name: column for column in tables["product_tag"].columns}
    assert list(columns) == ["id", "product_id", "tag_id"]
    assert {key.ondelete for key in tables["product_tag"].foreign_keys} == {"CASCADE"}
    assert columns["tag_id"].index
    assert [c.name for c in tables["product_related"].columns] == ["id", "product_id", "related_id"]
    assert str(tables["owner_friend"].c.friend_id.type) == "BIGINT"


def test_a_relation_whose_other_side_does_not_fit_is_told() -> None:
    class Label(Entity):
        name: str

        goods = many_to_many("Product", reverse_of="name")

    with pytest.raises(
        EntityDefinitionError, match=r"Label\.goods is the other side of Product\.name"
    ):
        _ = Label.create(name="x").goods.count()

    class ProductLabel(Entity):  # pyright: ignore[reportUnusedClass] # known by its name
        name: str

    class Ware(Entity, table_name="product"):
        labels = many_to_many("Label")

    with pytest.raises(EntityDefinitionError, match="through='ProductLabel'"):
        Ware.labels.link(Ware)


# -- one to one ---------------------------------------------------------------------------------


def test_has_one_gives_the_one_that_points_here_or_none() -> None:
    ada = Owner.create(name="Ada")
    assert ada.passport is None
    passport = Passport.create(owner_id=ada.number)  # pyright: ignore[reportArgumentType]
    found = Owner.get(ada.number)
    assert found.passport == passport
    assert Owner(name="new").passport is None
    with pytest.raises(Duplicate):
        Passport.create(owner_id=ada.number)  # pyright: ignore[reportArgumentType]


def test_has_one_is_loaded_by_include_and_never_in_a_coroutine() -> None:
    ada, grace = Owner.create(name="Ada"), Owner.create(name="Grace")
    Passport.create(owner_id=grace.number)  # pyright: ignore[reportArgumentType]
    found = Owner.all().include("passport.owner").all()
    assert [owner.passport and owner.passport.owner.name for owner in found] == [None, "Grace"]

    async def work() -> None:
        owner = await Owner.aget(ada.number)
        with pytest.raises(NotLoaded):
            _ = owner.passport
        await owner.aload("passport")
        assert owner.passport is None

    asyncio.run(work())


# -- fields that together are unique ------------------------------------------------------------


def test_fields_that_together_are_unique_may_each_repeat() -> None:
    pupils = Pupil.create_many([{"name": "Ada"}, {"name": "Grace"}])
    course = Course.create(name="Greek")
    for pupil in pupils:
        Enrolment.create(pupil_id=pupil.id, course_id=course.id)
    with pytest.raises(Duplicate, match="has this pupil_id, course_id already"):
        Enrolment.create(pupil_id=pupils[0].id, course_id=course.id)
    assert isinstance(course.enrolments, QuerySet)
    assert course.enrolments.count() == 2


def test_a_group_of_unknown_fields_is_refused() -> None:
    class Seat(Entity, unique_together=(("row", "number"),)):
        row: int

    with pytest.raises(EntityDefinitionError, match="takes groups of its fields"):
        Seat.create(row=1)
