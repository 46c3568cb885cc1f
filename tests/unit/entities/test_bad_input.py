"""What people get wrong: each a sentence that says what is wrong and what to write."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from nitro_runtime.entities import (
    Entity,
    Field,
    Repository,
    belongs_to,
    col,
    has_many,
    many_to_many,
)
from nitro_runtime.errors import (
    ConfigurationError,
    EntityDefinitionError,
    EntityError,
    InvalidQuery,
    NitroError,
    NotFound,
    StaleEntity,
)


@pytest.fixture(autouse=True)
def on_each_backend(backend: Repository) -> Repository:
    return backend


class Mood(Enum):
    GLAD = "glad"


class Genre(Entity, table_name="bad_genre"):
    name: str = ""


class Writer(Entity, table_name="bad_writer"):
    name: str = ""

    books = has_many("Novel", "writer_id")


class Novel(Entity, table_name="bad_novel"):
    title: str = Field(default="x", max_length=80)
    price: Decimal = Decimal(0)
    pages: int = Field(default=0, ge=0)
    at: datetime | None = None
    mood: Mood = Mood.GLAD
    tags: list[str] = Field(default_factory=list[str])
    code: UUID | None = None
    loud: bool = False
    writer_id: str | None = Field(default=None, foreign_key="bad_writer.id")

    writer = belongs_to(Writer)
    genres = many_to_many(Genre)


class Lost(Entity, backend="memroy"):
    name: str = ""


class Part(Entity, table_name="bad_part"):
    book: str = Field(primary_key=True)
    number: int = Field(primary_key=True)


LOOKUPS = (
    "exact, eq, ne, gt, gte, lt, lte, in, between, isnull, contains, icontains, startswith, like"
)
Case = tuple[Callable[[], object], type[NitroError], str]


def named(cases: list[Case]) -> list[Any]:
    return [pytest.param(*case, id=case[2][:60]) for case in cases]


QUESTIONS: list[Case] = [
    (lambda: Novel.where(titel="x"), InvalidQuery, "Novel has no field 'titel'. Did you mean 'title'?"),
    (lambda: Novel.first(titel="x"), InvalidQuery, "Novel has no field 'titel'. Did you mean 'title'?"),
    (lambda: Novel.count(titel="x"), InvalidQuery, "Novel has no field 'titel'. Did you mean 'title'?"),
    (
        lambda: Novel.where(title__icontain="x"),
        InvalidQuery,
        f"'title__icontain': there is no lookup 'icontain'; the lookups are {LOOKUPS}. "
        "Did you mean 'icontains'?",
    ),
    (lambda: Novel.where(title__="x"), InvalidQuery, "'title__' names no lookup after its two underscores."),
    (lambda: Novel.where(**{"__title": "x"}), InvalidQuery, "'__title' names no field before its two underscores."),
    (lambda: Novel.where(writer__nmae="x"), InvalidQuery, "Writer has no field 'nmae'. Did you mean 'name'?"),
    (
        lambda: Novel.where(writer__name__gtt="x"),
        InvalidQuery,
        f"'name__gtt': there is no lookup 'gtt'; the lookups are {LOOKUPS}. Did you mean 'gt'?",
    ),
    (
        lambda: Writer.where(books="x"),
        InvalidQuery,
        "'books' are many; say what one of them has, as in books__id=...",
    ),
    (
        lambda: Novel.where(writer=Genre()),
        InvalidQuery,
        "writer is compared with a Writer or its key, not with a Genre.",
    ),
    (lambda: Novel.where(genres=Writer()), EntityError, "genres are Genre entities, not Writer."),
    (lambda: Novel.all().order_by("titel"), InvalidQuery, "Novel has no field 'titel'. Did you mean 'title'?"),
    (lambda: Novel.all().order_by("tags"), InvalidQuery, "Novel.tags has no order to sort by."),
    (lambda: Novel.all().order_by(5), InvalidQuery, "order_by takes field names such as '-price', not 5."),
    (lambda: Novel.all().order_by(Writer.name), InvalidQuery, "Writer.name cannot sort rows of Novel."),
    (lambda: Novel.all().values("titel"), InvalidQuery, "Novel has no field 'titel'. Did you mean 'title'?"),
    (lambda: Novel.all().include("writr"), InvalidQuery, "Novel has no relation 'writr'. Did you mean 'writer'?"),
    (lambda: Novel.all().search("x", "pages"), InvalidQuery, "Novel.pages is not a text to search in."),
    (lambda: Novel.where(Writer.name == "x"), InvalidQuery, "Writer.name cannot choose rows of Novel."),
    (lambda: Novel.all().limit(-1), InvalidQuery, "limit takes a whole number from 0, not -1."),
    (lambda: Novel.all().page(1, 0), InvalidQuery, "size takes a whole number from 1, not 0."),
    (lambda: Novel.all().limit(1).where(pages=1), InvalidQuery, "Narrow a query before limit() or offset(), not after."),
    (lambda: bool(Novel.pages > 5), InvalidQuery, "A criterion has no truth value: join criteria with & | ~, not and, or, not."),
    (
        lambda: Novel.where("title"),  # type: ignore[arg-type] # pyright: ignore
        InvalidQuery,
        "'title' is not a criterion; compare a field of the class, as in Product.price > 10.",
    ),
    (
        lambda: col(Novel().title),
        InvalidQuery,
        "col() takes a field of an entity class, as in col(Product.name), not 'x'.",
    ),
]  # fmt: skip


def compared(name: str, kind: str, value: str) -> str:
    return f"Novel.{name} is compared with a value of the type {kind}, not with {value}."


VALUES: list[Case] = [
    (lambda: Novel.where(pages="many"), InvalidQuery, compared("pages", "int", "'many'")),
    (lambda: Novel.where(pages__gt=[1]), InvalidQuery, compared("pages", "int", "[1]")),
    (lambda: Novel.where(pages__in=[1, "x"]), InvalidQuery, compared("pages", "int", "'x'")),
    (lambda: Novel.where(pages__between=(1, "x")), InvalidQuery, compared("pages", "int", "'x'")),
    (lambda: Novel.where(price="dear"), InvalidQuery, compared("price", "Decimal", "'dear'")),
    (lambda: Novel.where(at="never"), InvalidQuery, compared("at", "datetime", "'never'")),
    (lambda: Novel.where(mood="sad"), InvalidQuery, compared("mood", "Mood", "'sad'")),
    (lambda: Novel.where(code="x"), InvalidQuery, compared("code", "UUID", "'x'")),
    (lambda: Novel.where(loud="perhaps"), InvalidQuery, compared("loud", "bool", "'perhaps'")),
    (lambda: Novel.where(title=5), InvalidQuery, compared("title", "str", "5")),
    (lambda: Novel.where(title__gt=None), InvalidQuery, compared("title", "str", "None")),
    (lambda: Novel.where(col(Novel.pages) > "x"), InvalidQuery, compared("pages", "int", "'x'")),  # type: ignore[operator] # pyright: ignore
    (lambda: Novel.where(pages__in=5), InvalidQuery, "pages__in takes a list of values, not 5."),
    (lambda: Novel.where(pages__in="12"), InvalidQuery, "pages__in takes a list of values, not '12'."),
    (lambda: Novel.where(pages__between=5), InvalidQuery, "pages__between takes two values, not 5."),
    (lambda: Novel.where(title__isnull="x"), InvalidQuery, "title__isnull takes True or False, not 'x'."),
    (
        lambda: Novel.where(pages__contains="x"),
        InvalidQuery,
        "Novel.pages cannot be compared by 'contains', only by eq, ne, gt, gte, lt, lte, in, between, isnull.",
    ),
    (lambda: Novel.where(tags=["x"]), InvalidQuery, "Novel.tags cannot be compared by 'eq', only by isnull."),
    (lambda: Novel.where(col(Novel.pages) > col(Novel.title)), InvalidQuery, "pages and title are of different types."),  # type: ignore[operator] # pyright: ignore
    (
        lambda: Novel.where(col(Novel.title) == Writer.name),
        InvalidQuery,
        "Novel.title is compared with Writer.name, which is no field of the same row.",
    ),
]  # fmt: skip


CHANGES: list[Case] = [
    (lambda: Novel.all().update(), InvalidQuery, "update() needs at least one field to change."),
    (lambda: Novel.all().update(titel=1), InvalidQuery, "Novel has no field 'titel'. Did you mean 'title'?"),
    (lambda: Novel.all().update(id="x"), InvalidQuery, "Novel.id cannot be changed by update()."),
    (lambda: Novel.all().update(pages=col(Novel.title) + "x"), InvalidQuery, "pages cannot be reckoned from title."),
    (lambda: Novel.create().update(titel=1), InvalidQuery, "Novel has no field 'titel'. Did you mean 'title'?"),
    (lambda: Novel.create().increment(titel=1), InvalidQuery, "Novel has no field 'titel'. Did you mean 'title'?"),
    (lambda: Novel.create().increment(title=1), InvalidQuery, "Novel.title is not a number that can be incremented."),
    (lambda: Novel.create().increment(pages="x"), InvalidQuery, "pages cannot be changed by 'x'."),
    (lambda: Novel().increment(pages=1), EntityError, "This Novel is new: save it before anything else."),
    (lambda: Novel().delete(), EntityError, "This Novel is new: save it before anything else."),
    (
        lambda: Novel.create(writer="x"),
        EntityError,
        "writer takes a Writer, not 'x'; a key alone is given to the field of the foreign key.",
    ),
    (
        lambda: setattr(Novel(), "writer", Genre()),
        EntityError,
        "writer takes a Writer, not Genre; a key alone is given to the field of the foreign key.",
    ),
    (
        lambda: Novel.create_many([5]),  # type: ignore[list-item] # pyright: ignore
        InvalidQuery,
        "Rows of Novel are given as a list of dictionaries of its values, not 5.",
    ),
    (
        lambda: Novel.upsert_many("title", {"title": "x"}),  # type: ignore[arg-type] # pyright: ignore
        InvalidQuery,
        "Rows of Novel are given as a list of dictionaries of its values, not 'title'.",
    ),
]  # fmt: skip


KEYS: list[Case] = [
    (lambda: Novel.get("nope"), Novel.NotFound, "There is no Novel with id 'nope'."),
    (lambda: Novel.get(None), Novel.NotFound, "There is no Novel with id None."),
    (lambda: Novel.get(5), Novel.NotFound, "There is no Novel with id 5."),
    (lambda: Novel.get(["x"]), Novel.NotFound, "There is no Novel with id ['x']."),
    (lambda: Novel.all().one(), Novel.NotFound, "No Novel fits the query."),
    (lambda: Novel().reload(), Novel.NotFound, "There is no Novel with id "),
    (lambda: Novel.get(title="x"), InvalidQuery, "Novel.get takes id; for other fields use first() or where()."),
    (lambda: Novel.get(), InvalidQuery, "Novel.get takes id; for other fields use first() or where()."),
    (lambda: Part.get(("a", 1)), Part.NotFound, "There is no Part with id ('a', 1)."),
    (
        lambda: Part.get("a"),
        InvalidQuery,
        "The key of Part has several fields: give a tuple (book, number), or each by name, not 'a'.",
    ),
    (lambda: Part.get(book="a"), InvalidQuery, "Part.get takes book and number; for other fields use first() or where()."),
]  # fmt: skip


CLASSES: list[Case] = [
    (lambda: Lost.create(), ConfigurationError, "There is no backend 'memroy'; there are "),
    (lambda: Lost.repository, ConfigurationError, "There is no backend 'memroy'; there are "),
    (
        lambda: Entity.all(),
        EntityDefinitionError,
        "Entity has no table of its own: use a class that is derived from it, such as `class Product(Entity):`.",
    ),
    (
        lambda: Entity.get("1"),
        EntityDefinitionError,
        "Entity has no table of its own: use a class that is derived from it, such as `class Product(Entity):`.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("work", "kind", "sentence"), named([*QUESTIONS, *VALUES, *CHANGES, *KEYS, *CLASSES])
)
def test_a_mistake_is_told_by_one_sentence(
    work: Callable[[], object], kind: type[NitroError], sentence: str
) -> None:
    with pytest.raises(kind) as error:
        work()
    if sentence[-1] in ".?":
        assert str(error.value) == sentence
    else:
        assert str(error.value).startswith(sentence)


async def test_coroutines_are_told_the_same() -> None:
    with pytest.raises(Novel.NotFound) as missing:
        await Novel.aget("nope")
    assert str(missing.value) == "There is no Novel with id 'nope'."
    with pytest.raises(InvalidQuery):
        await Novel.afirst(titel="x")
    made = await Novel.acreate()
    await made.adelete()
    with pytest.raises(StaleEntity, match="was deleted"):
        await made.asave()


def test_what_is_missing_is_of_the_class_and_of_all_classes() -> None:
    with pytest.raises(NotFound) as error:
        Novel.get("nope")
    assert isinstance(error.value, Novel.NotFound)
    assert isinstance(error.value, LookupError)
    assert (error.value.entity, error.value.key, error.value.status) == ("Novel", "nope", 404)
    for raised in (
        NotFound("Novel", "x"),
        NotFound("Novel"),
        StaleEntity("Novel", 1, deleted=True),
    ):
        assert str(pickle.loads(pickle.dumps(raised))) == str(raised)  # noqa: S301


def test_a_save_of_what_somebody_else_deleted_does_not_bring_it_back() -> None:
    made = Novel.create()
    Novel.get(made.id).delete()
    made.pages = 5
    with pytest.raises(StaleEntity) as error:
        made.save()
    assert str(error.value) == (
        f"Novel {made.id!r} was changed or deleted since it was loaded; reload it and try again."
    )
    assert Novel.count() == 0


def test_a_bulk_update_names_the_field_that_is_wrong() -> None:
    for values, place in (
        ({"pages": "x"}, "pages"),
        ({"pages": -1}, "pages"),
        ({"tags": [1]}, "tags"),
    ):
        with pytest.raises(ValidationError) as error:
            Novel.all().update(**values)
        assert error.value.title == "Novel"
        assert error.value.errors()[0]["loc"][0] == place


def test_an_id_is_never_empty() -> None:
    for wrong in ("", None, 5):
        with pytest.raises(ValidationError) as error:
            Novel(id=wrong)  # type: ignore[arg-type] # pyright: ignore
        assert error.value.errors()[0]["loc"] == ("id",)


def test_an_abstract_class_has_nothing_of_an_entity() -> None:
    class Named(Entity, abstract=True):
        name: str = ""

    assert not hasattr(Named, "__entity__")
    for verb in (
        lambda: Named.all(),
        lambda: Named.table,
        lambda: Named.Input,
        lambda: Named.get("1"),
    ):
        with pytest.raises(EntityDefinitionError) as error:
            verb()
        assert str(error.value) == (
            "Named has no table of its own: use a class that is derived from it, such as "
            "`class Product(Named):`."
        )


def test_a_misspelt_attribute_of_a_class_is_named() -> None:
    entity: Any = Novel
    with pytest.raises(AttributeError) as error:
        entity.gett("1")
    assert str(error.value) == "Novel has no attribute 'gett'."
    assert (error.value.name, error.value.obj) == ("gett", Novel)
