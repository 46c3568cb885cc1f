"""Entities whose key has several fields: what a backend does not see of them."""

from __future__ import annotations

import copy
import pickle

import pytest

from nitro_runtime.context import Change
from nitro_runtime.entities import Entity, Field, Repository, belongs_to, has_many, many_to_many
from nitro_runtime.errors import EntityDefinitionError, EntityError, InvalidQuery
from nitro_runtime.views import Card, Form, Table


@pytest.fixture(autouse=True)
def on_each_backend(backend: Repository) -> Repository:
    return backend


class Purchase(Entity):
    name: str = ""

    lines = has_many("PurchaseLine", "order_id")


class PurchaseLine(Entity):
    order_id: str = Field(primary_key=True, foreign_key="purchase.id", ondelete="CASCADE")
    line: int = Field(primary_key=True)
    title: str = ""
    amount: int = Field(default=0, ge=0)

    order = belongs_to("Purchase")


def test_two_objects_are_the_same_entity_when_all_parts_of_the_key_are() -> None:
    first, other = PurchaseLine(order_id="a", line=1), PurchaseLine(order_id="a", line=2)
    assert first == PurchaseLine(order_id="a", line=1, title="else")
    assert first != other
    assert len({first, other, PurchaseLine(order_id="a", line=1)}) == 2


def test_pickles_and_copies_are_the_same_entity() -> None:
    made = PurchaseLine.create(order=Purchase.create(id="a"), line=1)
    for twin in (
        pickle.loads(pickle.dumps(made)),  # noqa: S301
        copy.copy(made),
        copy.deepcopy(made),
        made.model_copy(),
    ):
        assert twin == made
        assert hash(twin) == hash(made)
        assert twin.changed == {}


def test_signals_changes_and_the_description_have_all_parts(changes: list[Change]) -> None:
    Purchase.create(id="a")
    made = PurchaseLine.create(order_id="a", line=1)
    assert made.signals == {
        "purchase_line": {"order_id": "a", "line": 1, "title": "", "amount": 0, "version": 1}
    }
    assert changes[-1] == Change("created", "purchase_line", made)
    info = PurchaseLine.__entity__
    assert info.key == ("order_id", "line")
    assert [name for name, field in info.fields.items() if field.key] == ["order_id", "line"]
    assert set(PurchaseLine.Input.model_fields) == {"order_id", "line", "title", "amount"}


def test_a_part_of_the_key_may_be_a_foreign_key() -> None:
    order = Purchase.create(id="a", name="first")
    made = PurchaseLine.create(order=order, line=1, title="Tea")
    PurchaseLine.create(order=Purchase.create(id="b"), line=1)
    assert made.order is order
    assert PurchaseLine.where(order=order).one() == made
    assert PurchaseLine.where(order__name="first").one() == made
    assert Purchase.where(lines__title="Tea").one() == order
    assert order.lines.one() == made
    assert PurchaseLine.where(order_id="a").include("order").one().order == order
    loaded = Purchase.all().include("lines").order_by("id").all()
    assert [[one.line for one in each.lines] for each in loaded] == [[1], [1]]
    order.delete()
    assert PurchaseLine.find(("a", 1)) is None


def test_no_part_of_a_stored_key_is_changed() -> None:
    Purchase.create(id="a")
    made = PurchaseLine.create(order_id="a", line=1)
    made.line = 2
    with pytest.raises(InvalidQuery) as refused:
        made.save()
    assert str(refused.value) == "The key of a stored PurchaseLine cannot be changed."
    assert made.reload().line == 1
    with pytest.raises(PurchaseLine.NotFound) as missing:
        PurchaseLine.get(("a", 7))
    assert str(missing.value) == "There is no PurchaseLine with id ('a', 7)."


def test_upsert_many_and_update_many_match_by_the_whole_key() -> None:
    Purchase.create(id="a")
    rows = [{"order_id": "a", "line": n, "title": str(n)} for n in (1, 2)]
    made = PurchaseLine.upsert_many(["order_id", "line"], rows)
    again = PurchaseLine.upsert_many(["order_id", "line"], [{**rows[0], "amount": 3}])
    assert again == made[:1]
    made[1].amount = 4
    assert PurchaseLine.update_many(made) == 1
    assert [(one.line, one.amount) for one in PurchaseLine.all()] == [(1, 3), (2, 4)]


async def test_coroutines_take_such_keys_too() -> None:
    await Purchase.acreate(id="a")
    made = await PurchaseLine.acreate(order_id="a", line=1)
    assert await PurchaseLine.aget(("a", 1)) == made
    assert await PurchaseLine.aget(order_id="a", line=1) == made
    assert await PurchaseLine.afind(("a", 2)) is None


def test_views_show_such_entities() -> None:
    order = Purchase.create(id="a,b")
    made = PurchaseLine.create(order=order, line=1, title="Tea")
    assert 'id="purchase-line-a,b-1"' in str(Table.from_entity(PurchaseLine))
    assert 'action="/purchase-lines/a%2Cb,1"' in str(Form.from_entity(made))
    assert 'id="purchase-line-card-a,b-1"' in str(Card.from_entity(made))


def test_relations_that_such_a_key_cannot_carry_are_refused() -> None:
    class Parcel(Entity):
        purchase_line_id: str = ""

        purchase_line = belongs_to("PurchaseLine")

    class Box(Entity):
        lines = many_to_many("PurchaseLine")

    class Shelf(Entity):
        row: int = Field(primary_key=True)
        place: int = Field(primary_key=True)

        boxes = has_many("Box")

    for entity, sentence in (
        (
            Parcel,
            "Parcel.purchase_line: the key of PurchaseLine has several fields (order_id, line), and a "
            "relation has one foreign key; give PurchaseLine a key of one field, or write a method "
            "that asks by where(...).",
        ),
        (Box, "Box.lines: the key of PurchaseLine has several fields (order_id, line), and a"),
        (Shelf, "Shelf.boxes: the key of Shelf has several fields (row, place), and a relation"),
    ):
        with pytest.raises(EntityDefinitionError) as refused:
            _ = entity.__entity__
        assert str(refused.value).startswith(sentence)


def test_a_target_that_is_defined_later_is_refused_when_it_is_used() -> None:
    class Early(Entity):
        late_id: str | None = None

        late = belongs_to("Late")

    assert Early.create().late is None

    class Late(Entity):  # pyright: ignore[reportUnusedClass]
        a: int = Field(primary_key=True)
        b: int = Field(primary_key=True)

    with pytest.raises(EntityError, match=r"several fields \(a, b\)"):
        Early.where(late__a=1)
