"""What is done in fewer steps for the usual case must be the same as in the unusual one."""

from copy import copy

import pytest
from pydantic import ValidationError

from nitro_runtime.entities import Entity
from nitro_runtime.entities.fields import Field

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
