"""An entity is always valid, by every means that pydantic has, wherever its values come from."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Literal, NamedTuple, Self, TypeVar
from uuid import UUID, uuid4

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    PrivateAttr,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic import Field as PydanticField
from pydantic_core import core_schema
from sqlalchemy import Column, String, Text, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field as SQLModelField
from sqlmodel import SQLModel

from nitro_runtime.entities import Entity, Field, Repository, belongs_to, connect
from nitro_runtime.errors import EntityDefinitionError, InvalidQuery, InvalidRow

T = TypeVar("T")


@pytest.fixture(autouse=True)
def on_each_backend(backend: Repository) -> Repository:
    return backend


def refused(work: Callable[[], object], *names: str) -> None:
    """Runs what must be refused, at exactly these fields."""
    with pytest.raises(ValidationError) as error:
        work()
    places = {str(each["loc"][0]) if each["loc"] else "" for each in error.value.errors()}
    assert places == set(names)


# -- validators ---------------------------------------------------------------------------------


class Checked(Entity):
    before: int = 1
    after: str = "a"
    wrapped: int = 1
    plain: str = "p"
    low: int = 0
    high: int = 10

    @field_validator("before", mode="before")
    @classmethod
    def words(cls, value: object) -> object:
        return {"one": 1, "two": 2}.get(str(value), value)

    @field_validator("after")
    @classmethod
    def lower(cls, value: str) -> str:
        return value.lower()

    @field_validator("wrapped", mode="wrap")
    @classmethod
    def lenient(cls, value: object, handler: ValidatorFunctionWrapHandler) -> int:
        try:
            return handler(value)
        except ValidationError:
            return -1

    @field_validator("plain", mode="plain")
    @classmethod
    def any_text(cls, value: object) -> str:
        return str(value)

    @field_validator("high")
    @classmethod
    def above(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("low", 0):
            raise ValueError("high is below low")
        return value


def test_validators_of_fields_work_at_construction_assignment_and_update() -> None:
    made = Checked.create(before="two", after="LOUD", wrapped="x", plain=5)
    assert (made.before, made.after, made.wrapped, made.plain) == (2, "loud", -1, "5")
    made.before = "one"  # type: ignore[assignment] # pyright: ignore
    made.after = "MORE"
    made.save()
    made.update(wrapped="y", plain=6)
    found = Checked.get(made.id)
    assert (found.before, found.after, found.wrapped, found.plain) == (1, "more", -1, "6")
    refused(lambda: Checked(before="three"), "before")  # type: ignore[arg-type] # pyright: ignore
    refused(lambda: Checked(low=5, high=4), "high")
    refused(lambda: setattr(made, "high", -1), "high")
    refused(lambda: made.update(high=-1), "high")
    assert made.high == 10
    made.update(low=20, high=30)
    assert (made.low, made.high) == (20, 30)


class Period(Entity):
    start: int = 0
    end: int = 1
    length: int = 0
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def from_pair(cls, values: Any) -> Any:  # whatever was given
        if isinstance(values, dict) and "pair" in values:
            rest = {k: v for k, v in values.items() if k != "pair"}
            return {**rest, "start": values["pair"][0], "end": values["pair"][1]}
        return values

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.start > self.end:
            raise ValueError("ends before it starts")
        self.length = self.end - self.start
        return self


def test_validators_of_the_whole_work_before_and_after_and_may_assign() -> None:
    made = Period.create(pair=(2, 5))  # type: ignore[call-arg] # pyright: ignore
    assert (made.start, made.end, made.length) == (2, 5, 3)
    made.end = 9
    assert made.length == 7
    refused(lambda: setattr(made, "start", 99), "")
    assert (made.start, made.length, made.changed) == (2, 7, {"end": (5, 9), "length": (3, 7)})
    made.save()
    assert Period.get(made.id).length == 7
    refused(lambda: made.update(start=50, end=40), "")
    made.update(start=50, end=60)
    assert Period.get(made.id).length == 10


def test_constraints_and_validators_in_annotations_work() -> None:

    class Noted(Entity):
        code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]+$", to_upper=True)] = "A"
        short: Annotated[str, StringConstraints(strip_whitespace=True, max_length=3)] = ""
        twice: Annotated[int, BeforeValidator(lambda v: int(v) * 2)] = 0
        shown: Annotated[str, PlainValidator(str)] = ""
        later: Annotated[int, AfterValidator(lambda v: v + 1)] = 0
        safe: Annotated[int, WrapValidator(lambda v, handler: handler(abs(v)))] = 0
        amount: Annotated[Decimal, PydanticField(gt=0, max_digits=5, decimal_places=2)] = Decimal(1)
        shorts: list[Annotated[str, StringConstraints(strip_whitespace=True, max_length=3)]] = (
            Field(default_factory=list)
        )

    made = Noted.create(code="ab", short=" x ", twice=4, shown=7, later=1, safe=-3, shorts=[" y "])  # type: ignore[arg-type] # pyright: ignore
    assert (made.code, made.short, made.twice, made.shown, made.later, made.safe, made.shorts) == (
        "AB", "x", 8, "7", 2, 3, ["y"],
    )  # fmt: skip
    assert vars(Noted.get(made.id)) == vars(made)
    refused(lambda: setattr(made, "short", "long"), "short")
    refused(lambda: made.update(amount="123.456"), "amount")
    refused(lambda: made.update(code="a1"), "code")
    made.shorts.append("much too long")
    refused(made.save, "shorts")


# -- what is beside the fields ------------------------------------------------------------------


class Rich(Entity):
    KIND: ClassVar[str] = "rich"

    given: str = "Ada"
    family: str = "Byron"
    _seen: int = PrivateAttr(default=0)
    _log: list[str] = PrivateAttr(default_factory=list)
    _bare: str = "bare"

    @computed_field
    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    @cached_property
    def initials(self) -> str:
        self._log.append("reckoned")
        return self.given[:1] + self.family[:1]

    @property
    def loud(self) -> str:
        return self.name.upper()


def test_properties_are_reckoned_and_never_stored() -> None:
    made = Rich.create()
    assert (made.name, made.initials, made.loud, Rich.KIND) == (
        "Ada Byron",
        "AB",
        "ADA BYRON",
        "rich",
    )
    made.update(given="Bea")
    found = Rich.get(made.id)
    assert (found.name, found.initials) == ("Bea Byron", "BB")
    assert (found.initials, found._log) == ("BB", ["reckoned"])
    assert found.changed == {}
    found.save()
    assert found.model_dump()["name"] == "Bea Byron"
    assert list(Rich.__entity__.fields) == ["id", "given", "family", "version"]
    assert "name" not in found.signals["rich"]
    found.reload()
    assert found.initials == "BB"


def test_private_attributes_have_their_defaults_on_loaded_entities_too() -> None:
    made = Rich.create()
    made._seen = 5
    made._log.append("x")
    assert (made._seen, made._log, made._bare) == (5, ["x"], "bare")
    for one in (Rich.get(made.id), Rich.all().one(), Rich.where(given="Ada").first()):
        assert one is not None
        assert (one._seen, one._log, one._bare) == (0, [], "bare")
        one._log.append("own")
        one._seen += 1
        assert one.changed == {}
        assert one.save()._seen == 1
    assert made._log == ["x"]
    made.reload()
    assert made._seen == 5
    for twin in (copy.deepcopy(made), pickle.loads(pickle.dumps(made)), made.model_copy(deep=True)):  # noqa: S301
        assert (twin._seen, twin._log) == (5, ["x"])
        assert twin._log is not made._log


def test_model_post_init_runs_for_made_and_for_loaded_entities() -> None:
    class Prepared(Entity):
        name: str = "x"
        _upper: str = ""

        def model_post_init(self, context: Any, /) -> None:
            self._upper = self.name.upper()

    made = Prepared.create(name="tea")
    assert (made._upper, Prepared.get(made.id)._upper) == ("TEA", "TEA")
    assert [one._upper for one in Prepared.all()] == ["TEA"]


# -- inheritance --------------------------------------------------------------------------------


def test_bases_and_mixins_pass_on_fields_validators_and_settings() -> None:
    class Named(SQLModel):
        name: str = SQLModelField(default="x", max_length=5)

        @field_validator("name")
        @classmethod
        def lower(cls, value: str) -> str:
            return value.lower()

    class Priced(BaseModel):
        price: Decimal = PydanticField(default=Decimal(1), ge=0)

        def dear(self) -> bool:
            return self.price > 10

    class Base(Entity, abstract=True, timestamps=True):
        owner: str = Field(default="me", index=True)

        @model_validator(mode="after")
        def owned(self) -> Self:
            if not self.owner:
                raise ValueError("nobody owns it")
            return self

    class Thing(Named, Priced, Base):
        size: int = Field(default=1, gt=0)

    class Special(Thing):
        size: int = Field(default=100, gt=50)

    for entity, size in ((Thing, 1), (Special, 100)):
        made = entity.create(name="TEA")
        assert (made.name, made.price, made.size, made.owner, made.dear()) == (
            "tea", 1, size, "me", False,
        )  # fmt: skip
        assert entity.get(made.id) == made
        refused(lambda e=entity: e(name="longer"), "name")
        refused(lambda e=entity: e(owner=""), "")
        refused(lambda made=made: made.update(price=-1), "price")
    refused(lambda: Special(size=10), "size")
    assert set(Thing.table.c.keys()) == {
        "id", "name", "price", "owner", "size", "version", "created_at", "updated_at",
    }  # fmt: skip
    assert Special.count() == Thing.count() == 1


def test_a_generic_mixin_gives_its_field_the_type_of_the_class() -> None:
    class Valued(BaseModel, Generic[T]):
        value: T

    class Counted(Valued[int], Entity):
        pass

    class Box(Entity, Generic[T], abstract=True):
        value: T

        def doubled(self) -> tuple[T, T]:
            return self.value, self.value

    class Worded(Box[list[str]]):
        pass

    class Loose(Box):  # type: ignore[type-arg] # pyright: ignore
        pass

    assert Counted.create(value="5").value == 5  # type: ignore[arg-type] # pyright: ignore
    assert Worded.get(Worded.create(value=["a"]).id).value == ["a"]
    refused(lambda: Counted(value="x"), "value")  # type: ignore[arg-type] # pyright: ignore
    refused(lambda: Worded(value="x"), "value")  # type: ignore[arg-type] # pyright: ignore
    assert Counted.where(Counted.value > 4).count() == 1
    assert Worded(value=["a"]).doubled() == (["a"], ["a"])
    assert Worded.__entity__.table == "worded"
    with pytest.raises(EntityDefinitionError) as error:
        _ = Loose.__entity__
    assert str(error.value) == (
        "Loose.value is of the type T, which stands for no type yet: write `value: ...` in Loose, "
        "or derive it from Base[...] with a type."
    )


# -- forward references -------------------------------------------------------------------------


class Timber(Entity):
    name: str = ""
    above_id: str | None = Field(default=None, foreign_key="timber.id")
    leaf: Leaf | None = None
    leaves: list[Leaf] = Field(default_factory=list)

    above = belongs_to("Timber")


class Leaf(BaseModel):
    size: int = PydanticField(default=1, ge=0)


def test_names_defined_later_are_found() -> None:
    root = Timber.create(name="root", leaf={"size": "3"}, leaves=[Leaf(), {"size": 2}])  # type: ignore[arg-type, list-item] # pyright: ignore
    found = Timber.get(root.id)
    assert (found.leaf, found.leaves) == (Leaf(size=3), [Leaf(), Leaf(size=2)])
    child = Timber.create(name="child", above=root)
    assert child.above is root
    refused(lambda: Timber(leaf={"size": -1}), "leaf")  # type: ignore[arg-type] # pyright: ignore


def test_a_name_that_is_never_defined_is_a_sentence_at_every_verb() -> None:
    class Dangling(Entity):
        other: Nowhere  # type: ignore[name-defined] # noqa: F821 # pyright: ignore

    sentence = "Dangling uses 'Nowhere' in an annotation, which is not defined."
    for verb in (
        lambda: Dangling(other=1),
        lambda: Dangling.create(other=1),
        lambda: Dangling.get("x"),
        lambda: Dangling.all(),
        lambda: Dangling.where(other=1),
        lambda: Dangling.table,
        lambda: Dangling.Input,
        lambda: Dangling.__entity__,
    ):
        with pytest.raises(EntityDefinitionError) as error:
            verb()
        assert str(error.value) == sentence


def test_a_class_defined_twice_in_a_console_is_the_second_one() -> None:
    scope: dict[str, Any] = {"Entity": Entity, "__name__": "__console__"}
    exec("class Note(Entity):\n    text: str = 'a'", scope)  # noqa: S102
    first = scope["Note"]
    made = first.create()
    exec("class Note(Entity):\n    text: str = 'a'\n    more: int = 5", scope)  # noqa: S102
    second = scope["Note"]
    assert second is not first
    assert second(text="b").more == 5
    assert made != second(id=made.id)
    assert second.__entity__.fields["more"].default == 5


# -- kinds of values ----------------------------------------------------------------------------


class Shade(Enum):
    LIGHT = "light"
    DARK = "dark"


class Point(NamedTuple):
    x: int
    y: int


class Money:
    """A type of its own, known to pydantic alone."""

    def __init__(self, cents: int) -> None:
        self.cents = cents

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and other.cents == self.cents

    def __hash__(self) -> int:
        return hash(self.cents)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return core_schema.no_info_plain_validator_function(
            lambda value: value if isinstance(value, cls) else cls(int(value)),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda m: m.cents),
        )


class Nested(BaseModel):
    label: str
    deep: dict[str, list[int]] = PydanticField(default_factory=dict)


class Kinds(Entity):
    choice: Literal["a", "b"] = "a"
    number: Literal[1, 2] = 1
    mixed: int | str = 0
    maybe: int | None = None
    shade: Shade = Shade.DARK
    nested: Nested | None = None
    either: Nested | list[int] | None = None
    table_of: dict[str, Nested] = Field(default_factory=dict)
    models: list[Nested] = Field(default_factory=list)
    tags: set[str] = Field(default_factory=set)
    frozen: frozenset[int] = frozenset()
    pair: tuple[int, str] = (1, "a")
    many: tuple[date, ...] = ()
    money: Money | None = None
    point: Point | None = None
    anything: Any = None
    path: Path | None = None
    key: UUID | None = None
    raw: bytes = b""


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("choice", "b", "b"),
        ("number", 2, 2),
        ("mixed", "x", "x"),
        ("mixed", 5, 5),
        ("maybe", "7", 7),
        ("shade", "light", Shade.LIGHT),
        ("nested", {"label": "x", "deep": {"a": ["1"]}}, Nested(label="x", deep={"a": [1]})),
        ("either", {"label": "x"}, Nested(label="x")),
        ("either", ["1", 2], [1, 2]),
        ("table_of", {"a": {"label": "x"}}, {"a": Nested(label="x")}),
        ("models", [{"label": "x"}, Nested(label="y")], [Nested(label="x"), Nested(label="y")]),
        ("tags", ["a", "b", "a"], {"a", "b"}),
        ("frozen", [1, 1], frozenset({1})),
        ("pair", ["3", "x"], (3, "x")),
        ("many", ["2024-01-02"], (date(2024, 1, 2),)),
        ("money", 5, Money(5)),
        ("point", [1, 2], Point(1, 2)),
        ("anything", {"a": [1, None, "x"]}, {"a": [1, None, "x"]}),
        ("path", "/tmp/x", Path("/tmp/x")),  # noqa: S108
        ("key", "00000000-0000-0000-0000-000000000001", UUID(int=1)),
        ("raw", "é", "é".encode()),
    ],
)
def test_values_of_every_kind_are_kept_as_what_they_are(name: str, given: Any, kept: Any) -> None:
    made = Kinds.create(**{name: given})
    assert getattr(made, name) == kept
    for found in (Kinds.get(made.id), Kinds.all().one(), copy.deepcopy(made)):
        assert getattr(found, name) == kept
        assert type(getattr(found, name)) is type(kept)
        assert found.changed == {}
    again = Kinds.create()
    again.update(**{name: given})
    assert getattr(again.reload(), name) == kept


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("choice", "c"),
        ("number", 3),
        ("mixed", [1]),
        ("maybe", "x"),
        ("shade", "blue"),
        ("nested", {"lable": "x"}),
        ("either", {"label": 5}),
        ("table_of", {"a": 1}),
        ("models", [{"label": "x"}, {}]),
        ("tags", "a"),
        ("pair", [1]),
        ("many", ["never"]),
        ("money", "x"),
        ("point", [1, "y"]),
        ("key", "x"),
    ],
)
def test_values_of_a_wrong_kind_are_refused_everywhere(name: str, wrong: Any) -> None:
    refused(lambda: Kinds(**{name: wrong}), name)
    made = Kinds.create()
    refused(lambda: setattr(made, name, wrong), name)
    refused(lambda: made.update(**{name: wrong}), name)
    refused(lambda: Kinds.create_many([{name: wrong}]), name)
    assert made.changed == {}


def test_a_change_in_place_is_seen_checked_and_stored() -> None:
    made = Kinds.create(nested={"label": "x"}, models=[{"label": "a"}], anything={"a": [1]})  # type: ignore[arg-type, list-item] # pyright: ignore
    assert made.nested is not None
    made.nested.label = "y"
    made.models.append(Nested(label="b"))
    made.tags.add("t")
    made.anything["a"].append(2)
    assert set(made.changed) == {"nested", "models", "tags", "anything"}
    made.save()
    found = Kinds.get(made.id)
    assert found.nested is not None
    assert (found.nested.label, len(found.models), found.tags, found.anything) == (
        "y", 2, {"t"}, {"a": [1, 2]},
    )  # fmt: skip
    made.nested.label = 5  # type: ignore[assignment] # pyright: ignore
    refused(made.save, "nested")


def test_text_of_any_length_and_other_column_types_work() -> None:
    class Page(Entity):
        body: str = Field(default="", sa_type=Text)
        code: str = Field(default="", sa_type=String(4), nullable=False)
        note: str | None = Field(default=None, sa_column_kwargs={"comment": "a note"})

    made = Page.create(body="x" * 100_000)
    assert Page.get(made.id).body == "x" * 100_000
    assert Page.__entity__.fields["body"].multiline
    assert getattr(Page.table.c.code.type, "length", None) == 4
    assert Page.table.c.note.comment == "a note"
    assert (Page.table.c.note.nullable, Page.table.c.code.nullable) == (True, False)


def test_a_column_object_is_refused_with_what_to_write() -> None:
    class Columned(Entity):
        name: str = SQLModelField(default="", sa_column=Column(String(5)))

    with pytest.raises(EntityDefinitionError) as error:
        _ = Columned.__entity__
    assert str(error.value) == (
        "Columned.name: sa_column=Column(...) belongs to one mapped class; write what is special of "
        "the column as Field(sa_type=..., unique=..., index=..., sa_column_kwargs={...})."
    )


def test_defaults_and_their_factories_are_made_anew_and_checked() -> None:
    numbers = iter(range(100))

    class Made(Entity):
        number: int = Field(default_factory=lambda: next(numbers))
        tags: list[str] = []  # noqa: RUF012 # as people write it
        wrong: int = Field(default_factory=lambda: "x")  # type: ignore[arg-type,return-value]

    refused(Made, "wrong")
    one, two = Made(wrong=1), Made(wrong=1)
    one.tags.append("a")
    assert (two.tags, two.number - one.number) == ([], 1)


# -- pydantic's own ways ------------------------------------------------------------------------


class Plain(Entity):
    name: str = Field(default="x", max_length=5)
    stock: int = 0
    hidden: str = Field(default="s", secret=True)


def test_extra_values_are_refused_everywhere() -> None:
    refused(lambda: Plain(nmae="x"), "nmae")  # type: ignore[call-arg] # pyright: ignore
    refused(lambda: Plain.model_validate({"nmae": 1}), "nmae")
    made = Plain.create()
    with pytest.raises(InvalidQuery, match=r"Did you mean 'name'\?"):
        made.update(nmae="x")
    with pytest.raises(ValueError, match="nmae"):
        made.nmae = "x"  # type: ignore[attr-defined] # pyright: ignore


def test_model_validate_makes_new_entities_that_are_whole() -> None:
    for made in (
        Plain.model_validate({"name": "a"}),
        Plain.model_validate_json('{"name": "a"}'),
        TypeAdapter(Plain).validate_python({"name": "a"}),
        TypeAdapter(list[Plain]).validate_python([{"name": "a"}])[0],
    ):
        assert made.is_new
        made.save()
        assert Plain.get(made.id).update(stock=3).stock == 3
    refused(lambda: Plain.model_validate({"name": "too long"}), "name")
    assert Plain.model_validate(made) is made


def test_a_dump_makes_the_same_entity_again_without_what_is_secret() -> None:
    made = Plain.create(stock=3, hidden="h")
    assert made.model_dump() == {"id": made.id, "name": "x", "stock": 3, "version": 1}
    twin = Plain.model_validate(made.model_dump())
    assert (twin, twin.hidden, twin.is_new) == (made, "s", True)
    assert Plain.model_validate_json(made.model_dump_json()) == made
    assert "hidden" not in repr(made)
    assert Plain.get(made.id).hidden == "h"


def test_an_entity_with_secrets_is_no_json() -> None:
    class Holder(Entity):
        plain: list[Plain] = Field(default_factory=list)

    with pytest.raises(EntityDefinitionError) as error:
        Holder.create()
    assert str(error.value) == (
        "Holder.plain holds Plain as JSON, which leaves its secret fields out; refer to it instead: "
        '`plain_id: str = Field(foreign_key="...")`.'
    )


def test_model_copy_with_changes_is_checked_like_any_assignment() -> None:
    made = Plain.create()
    twin = made.model_copy(update={"stock": "5"})
    assert (twin.stock, twin.changed, made.stock) == (5, {"stock": (0, 5)}, 0)
    twin.save()
    assert Plain.get(made.id).stock == 5
    refused(lambda: made.model_copy(update={"stock": "x"}), "stock")
    with pytest.raises(InvalidQuery, match="stok"):
        made.model_copy(update={"stok": 1})
    other = made.model_copy(update={"id": "other"})
    assert (other.id, other != made) == ("other", True)


def test_model_construct_does_not_make_half_an_entity() -> None:
    made = Plain.model_construct(name="a")
    assert (made.stock, made.version, len(made.id) > 10, made.is_new) == (0, 1, True, True)
    made.save()
    assert Plain.get(made.id).name == "a"
    assert Plain.model_construct(name="much too long").name == "much too long"
    refused(Plain.model_construct(name="much too long").save, "name")


def test_model_rebuild_keeps_a_class_working() -> None:
    made = Plain.create()
    Plain.model_rebuild(force=True)
    assert Plain.get(made.id) == made
    refused(lambda: Plain(name="too long"), "name")
    assert Plain.create(name="b").update(stock=1).stock == 1


def test_an_alias_is_another_name_at_construction() -> None:
    class Aliased(Entity):
        name: str = Field(default="x", alias="fullName")
        size: int = PydanticField(default=1, validation_alias=AliasChoices("size", "width"))

    made = Aliased.create(fullName="a", width=3)
    assert Aliased.create(name="b", size=4).name == "b"
    found = Aliased.get(made.id)
    assert (found.name, found.size) == ("a", 3)
    made.update(name="c", size=5)
    made.name = "d"
    made.save()
    assert Aliased.where(name="d", size__gt=4).one() == made
    assert Aliased.Input.model_validate({"fullName": "z", "width": 2}).model_dump() == {
        "name": "z",
        "size": 2,
    }
    refused(lambda: made.update(size="x"), "size")


def test_serializers_shape_what_is_sent_and_never_what_is_stored() -> None:
    class Shown(Entity):
        amount: Decimal = Decimal("1.50")

        @field_serializer("amount")
        def rounded(self, value: Decimal) -> str:
            return f"{value:.1f} EUR"

    class Whole(Entity):
        name: str = "x"

        @model_serializer
        def short(self) -> dict[str, str]:
            return {"n": self.name}

    made = Shown.create()
    assert made.model_dump()["amount"] == "1.5 EUR"
    assert Shown.get(made.id).amount == Decimal("1.50")
    assert Whole.get(Whole.create().id).model_dump() == {"n": "x"}


def test_settings_of_a_class_may_be_added_to() -> None:
    class Strict(Entity):
        model_config = ConfigDict(strict=True, str_strip_whitespace=True)

        name: str = ""
        size: int = 0

    refused(lambda: Strict(size="5"), "size")  # type: ignore[arg-type] # pyright: ignore
    refused(lambda: Strict(colour=1), "colour")  # type: ignore[call-arg] # pyright: ignore
    made = Strict.create(name=" a ", size=5)
    assert Strict.get(made.id).name == "a"


# -- keys ---------------------------------------------------------------------------------------


def test_keys_of_every_kind_are_checked() -> None:
    class Counted(Entity):
        id: int | None = Field(default=None, primary_key=True)  # type: ignore[assignment] # pyright: ignore

    class Unique(Entity):
        id: UUID = Field(default_factory=uuid4, primary_key=True)  # type: ignore[assignment] # pyright: ignore

    class Natural(Entity):
        code: str = Field(primary_key=True, max_length=3)

    assert [Counted.create().id, Counted.create().id] == [1, 2]
    assert Unique.get(str(Unique.create().id))
    assert Natural.create(code="abc").code == "abc"
    refused(lambda: Natural(code="abcd"), "code")
    refused(lambda: Unique(id="x"), "id")  # type: ignore[arg-type] # pyright: ignore
    assert Natural.find("abcd") is None
    assert Counted.find("x") is None


@pytest.mark.parametrize(
    ("annotation", "arguments"),
    [
        (list[int], {"primary_key": True}),
        (dict[str, int], {"primary_key": True}),
        (float, {"primary_key": True}),
        (str | None, {"primary_key": True, "default": None}),
        (Nested, {"primary_key": True}),
    ],
    ids=str,
)
def test_a_class_without_a_usable_key_is_refused_by_a_sentence(
    annotation: Any,
    arguments: dict[str, Any],
) -> None:
    kind: Any = type(Entity)
    made = kind(
        "Keyless",
        (Entity,),
        {
            "__module__": __name__,
            "__annotations__": {"code": annotation},
            "code": Field(**arguments),
        },
    )
    with pytest.raises(EntityDefinitionError, match=r"^Keyless\.code cannot be a key: "):
        _ = made.__entity__


# -- rows that others have spoiled --------------------------------------------------------------


class Spoiled(Entity):
    name: str = Field(default="x", max_length=5)
    stock: int = Field(default=0, ge=0)
    shade: Shade = Shade.DARK
    nested: Nested | None = None
    tags: list[int] = Field(default_factory=list)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("stock", "'many'"),
        ("stock", "NULL"),
        ("shade", "'blue'"),
        ("tags", "'not json'"),
        ("tags", "'[\"x\"]'"),
        ("nested", "'{\"lable\": 1}'"),
        ("name", "x'ff'"),
    ],
)
def test_a_row_that_somebody_spoiled_is_not_loaded(
    column: str, value: str, backend: Repository
) -> None:
    if backend.name == "memory":
        pytest.skip("nobody else writes to the memory of this process")
    made = Spoiled.create(name="y")
    with connect() as connection:
        try:
            connection.execute(text(f"UPDATE spoiled SET {column} = {value}"))  # noqa: S608
        except IntegrityError:
            pytest.skip("the table itself refuses it")
        connection.commit()
    for read in (lambda: Spoiled.get(made.id), lambda: Spoiled.all().all(), made.reload):
        with pytest.raises(InvalidRow) as error:
            read()
        assert error.value.table == "spoiled"
        assert column in error.value.problem


def test_a_text_must_match_the_pattern_of_its_field() -> None:
    class Contact(Entity):
        mail: str = Field(max_length=40, regex=r"^[^@\s]+@[^@\s]+$")
        site: str | None = Field(default=None, regex=r"^https?://\S+$")

    assert Contact.__entity__.fields["mail"].pattern == r"^[^@\s]+@[^@\s]+$"
    contact = Contact(mail="ann@example.org", site="https://example.org")
    with pytest.raises(ValidationError, match="pattern"):
        contact.mail = "nobody"
    with pytest.raises(ValidationError, match="pattern"):
        Contact(mail="ann@example.org", site="javascript:alert(1)")
    assert contact.mail == "ann@example.org"
