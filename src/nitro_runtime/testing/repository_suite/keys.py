# ruff: noqa: S101 # a suite of tests asserts
"""Keys: sortable ids, numbers that are counted up, UUIDs, natural ones, and ones of several fields."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from nitro_runtime.entities import Entity, belongs_to
from nitro_runtime.errors import Duplicate, EntityError, InvalidQuery, StaleEntity
from nitro_runtime.testing.repository_suite.models import Asset, Country, Item, Line, Ticket
from nitro_runtime.testing.repository_suite.suite import Suite, needs


class Keys(Suite):
    """Every kind of key is found, kept apart and never changed."""

    def test_ids_made_one_after_the_other_sort_so(self) -> None:
        """Rows come in the order in which they were made."""
        made = [Item.create(name=str(i)).id for i in range(20)]
        assert sorted(made) == made
        assert [item.id for item in Item.all()] == made

    def test_an_id_may_be_given_and_exists_once(self) -> None:
        """A second one is a duplicate, not an update."""
        made = Item.create(id="mine", name="Tea")
        with pytest.raises(Duplicate) as refused:
            Item.create(id="mine", name="Coffee")
        assert (refused.value.entity, refused.value.field) == ("Item", "id")
        assert Item.get("mine").name == made.name == "Tea"
        assert Item.find("Mine") is None
        assert Item.find("mine ") is None

    def test_the_key_of_a_stored_entity_cannot_be_changed(self) -> None:
        """It is another entity then."""
        made = Item.create(name="Tea")
        made.id = "other"
        with pytest.raises((InvalidQuery, StaleEntity)):
            made.save()
        assert Item.find("other") is None

    def test_numbers_are_counted_up(self) -> None:
        """Also for many at once; a number is never given out twice."""
        one, two = Ticket.create(title="a"), Ticket.create(title="b")
        three, four = Ticket.create_many([{"title": "c"}, {"title": "d"}])
        made = [one.id, two.id, three.id, four.id]
        assert all(isinstance(key, int) for key in made)
        first = one.id or 0
        assert made == [first, first + 1, first + 2, first + 3]
        assert Ticket.get(str(two.id)).title == "b"
        assert [t.title for t in Ticket.all()] == ["a", "b", "c", "d"]
        assert (Ticket.find("x"), Ticket.find(10**40), Ticket.find(-1)) == (None, None, None)

    def test_a_number_may_be_given_and_the_next_is_greater(self) -> None:
        """Nothing that is counted up meets it."""
        high = (Ticket.create().id or 0) + 10
        assert Ticket.create(id=high, title="given").id == high
        made = [Ticket.create().id or 0 for _ in range(3)]
        assert len({high, *made}) == 4
        with pytest.raises(Duplicate):
            Ticket.create(id=high)

    def test_a_uuid_is_a_key(self) -> None:
        """As itself or as its text, in any spelling."""
        key = uuid4()
        made = Asset.create(key=key, name="Desk")
        for spelled in (key, str(key), str(key).upper(), key.hex):
            assert Asset.get(spelled) == made
        assert Asset.get(key=key).key == key
        with pytest.raises(Duplicate) as refused:
            Asset.create(key=str(key))
        assert refused.value.field == "key"
        Asset.create(key=UUID(int=1))
        assert [asset.key for asset in Asset.all()] == [UUID(int=1), key]

    @pytest.mark.parametrize(
        "code", ["pt", "PT", "p t", "é", "e\u0301", "🙂", "pt ", "a'b", "a/b:{c}*"]
    )
    def test_a_text_is_a_key(self, code: str) -> None:
        """Whatever is in it."""
        Country.create_many([{"code": "pt-"}, {"code": code, "name": "this"}])
        assert Country.get(code).name == "this"
        assert Country.get(code).update(name="that").name == "that"
        assert Country.get(code=code).name == "that"
        with pytest.raises(Duplicate):
            Country.create(code=code)
        Country.get(code).delete()
        assert [country.code for country in Country.all()] == ["pt-"]

    # -- keys of several fields -----------------------------------------------------------------

    def test_a_key_of_several_fields_is_given_as_a_tuple_or_by_name(self) -> None:
        """In the order in which they are declared."""
        made = Line.create(order_id="a", line=1, title="Tea")
        Line.create_many([{"order_id": "a", "line": 2}, {"order_id": "b", "line": 1}])
        assert Line.get(("a", 1)) == Line.get(order_id="a", line="1") == made
        assert Line.get(("a", "1")).title == "Tea"
        assert Line.find(("a", 3)) is None
        assert Line.find(("a", "x")) is None
        with pytest.raises(Line.NotFound):
            Line.get(("c", 1))
        assert len({made, Line.get(("a", 1)), Line.get(("a", 2))}) == 2

    @pytest.mark.parametrize("key", ["a", ("a",), ("a", 1, 2), 1])
    def test_a_part_of_a_key_is_refused_by_a_sentence(self, key: object) -> None:
        """It cannot tell which one is meant."""
        with pytest.raises(InvalidQuery, match="order_id, line"):
            Line.get(key)
        with pytest.raises(InvalidQuery, match="order_id and line"):
            Line.get(order_id="a")

    def test_an_entity_with_such_a_key_has_every_verb(self) -> None:
        """Saved, updated, reloaded and deleted."""
        made = Line.create(order_id="a", line=1)
        other = Line.create(order_id="a", line=2)
        made.title = "Tea"
        made.save()
        made.update(amount=5)
        assert vars(Line.get(("a", 1))) == vars(made)
        assert (made.version, made.amount, made.reload().title) == (3, 5, "Tea")
        stale = Line.get(("a", 1))
        made.update(amount=1)
        with pytest.raises(StaleEntity):
            stale.update(amount=2)
        with pytest.raises(Duplicate) as refused:
            Line.create(order_id="a", line=1)
        assert refused.value.field == "order_id, line"
        made.delete()
        assert Line.all().all() == [other]

    @needs("adjust or transactions")
    def test_such_an_entity_is_incremented(self) -> None:
        """It alone, and within its bounds."""
        made, other = Line.create_many([{"order_id": "a", "line": n} for n in (1, 2)])
        made.increment(amount=2)
        with pytest.raises(ValidationError):
            made.increment(amount=-4)
        assert (Line.get(("a", 1)).amount, other.reload().amount) == (3, 1)

    def test_rows_with_such_a_key_are_chosen_sorted_and_changed(self) -> None:
        """By either of its fields; neither can be changed."""
        Line.create_many({"order_id": o, "line": n} for o in "ab" for n in (3, 1, 2))
        assert [(x.order_id, x.line) for x in Line.where(order_id="a").order_by("-line")] == [
            ("a", 3),
            ("a", 2),
            ("a", 1),
        ]
        assert Line.where(line__gte=2).order_by("line", "-order_id").limit(3).update(amount=9) == 3
        assert [(x.order_id, x.line) for x in Line.where(amount=9)] == [
            ("a", 2),
            ("b", 2),
            ("b", 3),
        ]
        assert Line.all().order_by("-order_id", "line").limit(2).delete() == 2
        assert Line.count(order_id="b") == 1
        for name in ("order_id", "line"):
            with pytest.raises(InvalidQuery):
                Line.all().update(**{name: 1})

    @needs("transactions")
    def test_one_with_such_a_key_is_upserted(self) -> None:
        """By its key."""
        made = Line.upsert(["order_id", "line"], order_id="a", line=1, title="Tea")
        assert Line.upsert(["order_id", "line"], order_id="a", line=1, title="Cup") == made
        assert [line.title for line in Line.all()] == ["Cup"]

    def test_nothing_belongs_to_an_entity_with_such_a_key(self) -> None:
        """One foreign key holds one value: a sentence says so."""

        class Parcel(Entity, table_name="suite_parcel"):
            line_id: str | None = None
            line = belongs_to("Line")

        with pytest.raises(EntityError, match="several fields"):
            Parcel.where(line__title="x")
