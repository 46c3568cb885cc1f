"""What is done in fewer steps for the usual case must be the same as in the unusual one."""

from copy import copy
from typing import Any, Self

import pytest
from pydantic import ValidationError

from nitro_runtime.entities import Entity
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
