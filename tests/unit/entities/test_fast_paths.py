"""What is done in fewer steps for the usual case must be the same as in the unusual one."""

from copy import copy
from decimal import Decimal
from typing import Any, Self

import pytest
from pydantic import ValidationError, model_validator

from nitro_runtime.entities import Entity, transaction
from nitro_runtime.entities.fields import Field
from nitro_runtime.errors import InvalidQuery

pytestmark = pytest.mark.usefixtures("backend")


class Plank(Entity):
    name: str = Field(min_length=1)
    length: int = 0


def test_changing_what_names_the_set_fields_of_one_loaded_entity_changes_no_other() -> None:
    Plank.create_many([{"name": "a"}, {"name": "b"}])
    one, other = Plank.all().order_by("name")
    one.model_fields_set.clear()
    assert one.model_fields_set == other.model_fields_set == {"id", "name", "length", "version"}
    changed = one.model_copy(update={"length": 3})
    assert copy(one).model_fields_set == changed.model_fields_set == other.model_fields_set
    with pytest.raises(ValidationError):
        one.name = ""
    assert other.model_dump(exclude_unset=True) == dict(other)


class Beam(Entity):
    name: str
    _note: str = "own"

    def __new__(cls, *arguments: Any, **values: Any) -> Self:
        made = super().__new__(cls, *arguments, **values)
        object.__setattr__(made, "__related__", {"seen": len(values)})
        return made


class Post(Entity):
    name: str

    def __init__(self, name: str, **values: Any) -> None:
        Entity.__init__(self, **{"name": name.upper()}, **values)


def test_a_constructor_of_the_class_itself_is_called_and_may_take_positions() -> None:
    assert Post("oak").name == "OAK"
    assert Post("ash").save().is_new is False


def test_what_makes_the_bare_object_may_be_the_classes_own() -> None:
    beam = Beam(name="b")
    assert beam.__related__ == {"seen": 1}
    assert beam._note == "own"


def test_a_constructor_that_is_replaced_later_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(Plank, "__init__", lambda self, **values: seen.extend(values))
    Plank(name="a")
    assert seen == ["name"]


def test_positions_are_refused_as_by_any_model() -> None:
    with pytest.raises(TypeError):
        Plank("a")  # pyright: ignore[reportCallIssue]


def test_a_value_that_is_of_its_type_already_is_compared_as_one_that_is_made_so() -> None:
    Plank.create_many([{"name": "ä", "length": 1}, {"name": "1", "length": 2}, {"name": "c"}])
    assert [one.name for one in Plank.where(length=2)] == ["1"]
    assert [one.name for one in Plank.where(length="2")] == ["1"]
    assert Plank.count(name="ä") == Plank.where(Plank.name == "ä").count() == 1
    assert Plank.count() == Plank.all().count() == 3
    for wrong in ({"length": "two"}, {"name": 1}, {"name": "\ud800"}):
        with pytest.raises(InvalidQuery):
            Plank.count(**wrong)
    assert Plank.where(length=2).where(name="c").count() == 0
    assert [one.name for one in Plank.all().order_by("-length").where(version=1)] == ["1", "ä", "c"]


class Checked(Entity):
    name: str
    note: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _strip(cls, values: dict[str, Any]) -> dict[str, Any]:
        values["name"] = values["name"].strip()
        return values


class Listed(Entity):
    name: str
    tags: list[str] = []  # noqa: RUF012 # pydantic copies it
    price: Decimal = Field(default=Decimal(0), max_digits=8, decimal_places=2)
    ready: bool = False


def test_rows_that_are_stored_together_stay_as_the_caller_gave_them() -> None:
    given = [{"name": " a "}, {"name": " b "}]
    made = Checked.create_many(given)
    assert [one.name for one in made] == ["a", "b"]
    assert given == [{"name": " a "}, {"name": " b "}]


def test_what_is_stored_together_is_as_if_it_was_stored_alone() -> None:
    one = Listed(name="given", tags=["x"], ready=True)
    made = Listed.create_many([{"name": "a", "price": "1.5", "tags": ["y"]}, one, {"name": "c"}])
    assert made[1] is one
    assert [m.changed for m in made] == [{}, {}, {}]
    made[0].tags.append("z")
    made[1].price = Decimal("2.5")
    assert [list(m.changed) for m in made] == [["tags"], ["price"], []]
    made[0].save()
    assert Listed.get(made[0].id).tags == ["y", "z"]
    assert [Listed.get(m.id).ready for m in made] == [False, True, False]
    with pytest.raises(ValidationError):
        Listed.create_many([{"name": "d"}, {"name": "e", "price": "x"}])
    assert Listed.count() == 3


def test_what_a_rollback_takes_back_is_new_again_also_when_stored_together() -> None:
    made: list[Plank] = []
    with pytest.raises(ZeroDivisionError), transaction():
        made += Plank.create_many([{"name": "a"}, {"name": "b"}])
        raise ZeroDivisionError
    assert [one.is_new for one in made] == [True, True]
    assert Plank.create_many([]) == []


def test_numbers_and_texts_that_no_database_keeps_are_refused_by_a_save() -> None:
    plank = Plank.create(name="a")
    plank.length = 2**63
    with pytest.raises(ValidationError, match="less than or equal"):
        plank.save()
    plank.length = -(2**63)
    plank.name = "ü"
    assert Plank.get(plank.save().id).length == -(2**63)
