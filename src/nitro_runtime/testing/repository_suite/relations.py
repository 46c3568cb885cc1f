# ruff: noqa: S101 # a suite of tests asserts
"""Relations to one: foreign keys, what a deletion does, lookups across, and loading along."""

from __future__ import annotations

from typing import Any

import pytest

from nitro_runtime.entities import QuerySet, col
from nitro_runtime.errors import BrokenReference, Duplicate, EntityError, InvalidQuery, NotLoaded
from nitro_runtime.testing.coroutines import in_a_loop
from nitro_runtime.testing.queries import assert_queries
from nitro_runtime.testing.repository_suite.models import (
    Category,
    Contract,
    Country,
    Label,
    Owner,
    Passport,
    Photo,
    Product,
    Remark,
    Ticket,
)
from nitro_runtime.testing.repository_suite.suite import Suite, needs


def names(query: QuerySet[Any]) -> list[str]:
    """Returns the names of the rows, as they come."""
    return [one.name for one in query]


@needs("references")
class References(Suite):
    """A foreign key points at something, whatever is stored or deleted."""

    def test_a_foreign_key_must_point_at_something(self) -> None:
        """Whichever verb stores it."""
        with pytest.raises(BrokenReference):
            Product.create(name="Tea", category_id="nope")
        tea = Product.create(name="Tea")
        with pytest.raises(BrokenReference):
            tea.update(category_id="nope")
        with pytest.raises(BrokenReference):
            Product.create_many([{"name": "Cup"}, {"name": "Pot", "category_id": "nope"}])
        with pytest.raises(BrokenReference):
            Product.all().update(category_id="nope")
        assert [(p.name, p.category_id, p.version) for p in Product.all()] == [("Tea", None, 1)]

    def test_what_is_referred_to_is_not_deleted(self) -> None:
        """Neither alone nor with others; the error names it."""
        drinks, empty = Category.create(name="Drinks"), Category.create(name="Empty")
        tea = Product.create(name="Tea", category=drinks)
        with pytest.raises(BrokenReference, match=r"Category cannot be .*deleted"):
            drinks.delete()
        with pytest.raises(BrokenReference):
            Category.all().delete()
        assert Category.count() == 2
        empty.delete()
        tea.update(category=None)
        drinks.delete()
        assert Category.count() == 0

    def test_a_restricted_deletion_is_refused(self) -> None:
        """By a key that is no id too."""
        Country.create_many([{"code": "pt"}, {"code": "es"}])
        contract = Contract.create(country_code="pt")
        with pytest.raises(BrokenReference):
            Country.get("pt").delete()
        with pytest.raises(BrokenReference):
            Country.all().delete()
        assert Country.count() == 2
        contract.update(country_code="es")
        Country.get("pt").delete()
        with pytest.raises(BrokenReference):
            Contract.create(country_code="pt")

    def test_a_deletion_sets_the_keys_of_children_to_null(self) -> None:
        """Theirs alone, and through many at once."""
        parent, other = Category.create(name="Drinks"), Category.create(name="Food")
        child = Category.create(name="Tea", parent=parent)
        Category.create(name="Bread", parent=other)
        parent.delete()
        assert Category.get(child.id).parent_id is None
        assert Category.where(name="Food").delete() == 1
        assert [(c.name, c.parent_id) for c in Category.all()] == [("Tea", None), ("Bread", None)]

    def test_a_deletion_goes_on_to_what_belongs_to_it(self) -> None:
        """As deep as it goes, and no further."""
        tea, cup = Product.create(name="Tea"), Product.create(name="Cup")
        photos = [Photo.create(title=p.name, product=p) for p in (tea, tea, cup)]
        Label.create_many({"photo_id": photo.id} for photo in photos)
        tea.delete()
        assert [photo.title for photo in Photo.all()] == ["Cup"]
        assert [label.photo_id for label in Label.all()] == [photos[2].id]
        assert Product.all().delete() == 1
        assert (Photo.count(), Label.count()) == (0, 0)

    def test_an_entity_may_point_at_itself(self) -> None:
        """And go, all the same."""
        loop = Category.create(name="Loop")
        loop.update(parent=loop)
        assert loop.reload().parent == loop
        loop.delete()
        assert Category.count() == 0

    def test_rows_stored_together_may_point_at_one_another(self) -> None:
        """Those that are pointed at come first."""
        Category.create_many([{"id": "a", "name": "a"}, {"id": "b", "name": "b", "parent_id": "a"}])
        assert Category.get("b").parent_id == "a"

    def test_a_number_that_is_counted_up_is_pointed_at(self) -> None:
        """As soon as it is known."""
        ticket = Ticket.create(title="a")
        Remark.create(ticket=ticket)
        assert Remark.where(ticket=ticket).one().ticket_id == ticket.id
        with pytest.raises(BrokenReference):
            Remark.create(ticket_id=(ticket.id or 0) + 1)

    @needs("unique")
    def test_the_only_one_that_points_here_is_found(self) -> None:
        """A second one is refused."""
        ada = Owner.create(name="Ada")
        assert ada.passport is None
        passport = Passport.create(owner=ada)
        assert Owner.get(ada.number).passport == passport
        assert Owner(name="new").passport is None
        with pytest.raises(Duplicate):
            Passport.create(owner_id=ada.number or 0)
        with pytest.raises(BrokenReference):
            ada.delete()

    @needs("unique")
    def test_the_only_one_is_loaded_along_and_never_in_a_coroutine(self) -> None:
        """It says what to write there."""
        ada, grace = Owner.create(name="Ada"), Owner.create(name="Grace")
        Passport.create(owner=grace)
        found = Owner.all().include("passport.owner").all()
        assert [owner.passport and owner.passport.owner.name for owner in found] == [None, "Grace"]
        self._loads_in_a_coroutine(ada)

    @in_a_loop
    async def _loads_in_a_coroutine(self, ada: Owner) -> None:
        owner = await Owner.aget(ada.number)
        with pytest.raises(NotLoaded):
            _ = owner.passport
        await owner.aload("passport")
        assert owner.passport is None


@needs("references")
class Relations(Suite):
    """What belongs to what is read, included and asked for."""

    @pytest.fixture
    def shop(self) -> None:
        """Three levels of categories, with products in them and outside."""
        everything = Category.create(name="Everything")
        drinks = Category.create(name="Drinks", parent=everything)
        tea = Category.create(name="Tee", parent=drinks)
        Category.create(name="Empty")
        rows = [("Green", 5, tea), ("Black", 0, tea), ("Water", 9, drinks), ("Misc", 1, everything)]
        for name, stock, category in rows:
            Product.create(name=name, stock=stock, category=category)
        Product.create(name="Loose", stock=3)

    @pytest.mark.usefixtures("shop")
    @pytest.mark.parametrize(
        ("lookups", "found"),
        [
            ({"category__name": "Tee"}, ["Green", "Black"]),
            ({"category__name__ne": "Tee"}, ["Water", "Misc"]),
            ({"category__name__icontains": "TEE"}, ["Green", "Black"]),
            ({"category__name__in": ["Tee", "Drinks"]}, ["Green", "Black", "Water"]),
            ({"category__name__in": []}, []),
            ({"category__name__startswith": "E"}, ["Misc"]),
            ({"category__name": "Empty"}, []),
            ({"category__parent__name": "Drinks"}, ["Green", "Black"]),
            ({"category__parent__name__icontains": "RINK"}, ["Green", "Black"]),
            ({"category__parent__parent__name": "Everything"}, ["Green", "Black"]),
            ({"category__parent_id__isnull": True}, ["Misc"]),
            ({"category__parent__isnull": True}, ["Misc"]),
            ({"category__isnull": True}, ["Loose"]),
            ({"category": None}, ["Loose"]),
            ({"category__name": "Tee", "stock__gt": 0}, ["Green"]),
        ],
        ids=str,
    )
    def test_lookups_go_across_relations(self, lookups: dict[str, Any], found: list[str]) -> None:
        """As deep as they lead."""
        assert names(Product.where(**lookups)) == found
        assert Product.count(**lookups) == len(found)

    @pytest.mark.usefixtures("shop")
    def test_the_negation_across_a_relation_is_the_complement(self) -> None:
        """Whoever has no relation is not in it, and so fulfils the negation."""
        inside = Product.where(category__name="Tee").query.criterion
        deeper = Product.where(category__parent__name="Drinks").query.criterion
        assert inside is not None
        assert deeper is not None
        assert names(Product.where(~inside)) == ["Water", "Misc", "Loose"]
        assert names(Product.where(~deeper)) == ["Water", "Misc", "Loose"]
        assert names(Product.where(~~inside)) == ["Green", "Black"]
        assert names(Product.where(~inside & (col(Product.stock) > 2))) == ["Water", "Loose"]
        assert names(Product.where(inside | (col(Product.stock) == 3))) == [
            "Green",
            "Black",
            "Loose",
        ]
        unknown = Product.where(category__parent__name__ne="x").query.criterion
        assert unknown is not None
        assert names(Product.where(~unknown)) == ["Misc", "Loose"]

    @pytest.mark.usefixtures("shop")
    def test_rows_are_changed_and_deleted_by_what_they_belong_to(self) -> None:
        """As they are found."""
        assert Product.where(category__name="Tee").update(stock=100) == 2
        assert Product.where(category__parent__name="Drinks", stock=100).delete() == 2
        assert names(Product.all()) == ["Water", "Misc", "Loose"]

    @pytest.mark.usefixtures("shop")
    def test_rows_are_found_by_what_belongs_to_them(self) -> None:
        """Each once."""
        assert names(Category.where(products__stock__gte=0)) == ["Everything", "Drinks", "Tee"]
        assert names(Category.where(children__name="Tee")) == ["Drinks"]
        assert names(Category.where(children__products__name="Water")) == ["Everything"]

    def test_a_relation_is_asked_for_by_entity_and_by_key(self) -> None:
        """Nobody belongs to what is not stored yet."""
        drinks = Category.create(name="Drinks")
        Product.create(name="Tea", category=drinks)
        Product.create(name="Loose")
        assert names(Product.where(category=drinks)) == ["Tea"]
        assert names(Product.where(category=drinks.id)) == ["Tea"]
        assert names(Product.where(category__in=[drinks])) == ["Tea"]
        fresh = Ticket()
        Remark.create()
        assert fresh.remarks.all() == []
        assert Remark.where(ticket=fresh).all() == []
        with pytest.raises(EntityError, match="Save the Ticket before"):
            Remark.create(ticket=fresh)

    @pytest.mark.parametrize(
        "lookups",
        [
            {"category__nme": "x"},
            {"category__name__foo": 1},
            {"category__parent__x": 1},
            {"products": 1},
        ],
        ids=str,
    )
    def test_an_unknown_name_across_a_relation_is_refused(self, lookups: dict[str, Any]) -> None:
        """By a sentence."""
        with pytest.raises(InvalidQuery):
            Product.where(**lookups)

    def test_relations_load_when_they_are_read_and_along_when_they_are_included(self) -> None:
        """In both directions, as deep as asked."""
        drinks = Category.create(name="Drinks", parent=Category.create(name="All"))
        Product.create(name="Tea", category=drinks)
        Product.create(name="Loose")
        assert Product.where(name="Tea").one().category == drinks
        tea, loose = Product.all().include("category.parent").all()
        with assert_queries(0):
            assert (tea.category.parent.name, loose.category) == ("All", None)
        with assert_queries(1):
            assert names(drinks.products) == ["Tea"]
        every = Category.all().include("products", "children").all()
        with assert_queries(0):
            assert [names(category.products) for category in every] == [[], ["Tea"]]
            assert [names(category.children) for category in every] == [["Drinks"], []]
        with pytest.raises(InvalidQuery):
            Product.all().include("categry")

    def test_a_page_of_many_rows_takes_a_constant_number_of_queries(self) -> None:
        """Two hundred rows with what they belong to, and what belongs to them."""
        made = Category.create_many({"name": str(i)} for i in range(200))
        Product.create_many({"name": c.name, "category_id": c.id} for c in made)
        with assert_queries(at_most=3):
            page = Product.all().include("category").page(1, 200)
            assert [p.category.name for p in page] == [str(i) for i in range(200)]
        with assert_queries(at_most=3):
            page = Category.all().include("products").page(1, 200)
            assert [names(c.products) for c in page] == [[str(i)] for i in range(200)]

    @in_a_loop
    async def test_asynchronous_code_loads_relations_before_it_reads_them(self) -> None:
        """It says what to write."""
        drinks = await Category.acreate(name="Drinks")
        made = await Product.acreate(name="Tea", category_id=drinks.id)
        with pytest.raises(NotLoaded, match=r"include\('category'\)"):
            _ = made.category
        await made.aload("category")
        assert made.category == drinks
        (found,) = await Product.all().include("category").aall()
        assert found.category == drinks
        assert [p.name async for p in drinks.products] == ["Tea"]
        assert [p.name async for p in Product.where(category__name="Drinks")] == ["Tea"]
