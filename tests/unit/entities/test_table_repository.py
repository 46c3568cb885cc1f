"""Whole tables: what a subclass has to say, and rules that do not look through all rows."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from nitro_runtime.entities import (
    Entity,
    Field,
    MemoryRepository,
    TableRepository,
    transaction,
    use,
)
from nitro_runtime.entities.table_rows import Rows, Table
from nitro_runtime.errors import BrokenReference, Duplicate
from nitro_runtime.schema import known_entities


class Owner(Entity):
    name: str = Field(unique=True)


class Pet(Entity):
    number: int | None = Field(default=None, primary_key=True)
    tag: str = Field(unique=True)
    owner_id: str | None = Field(default=None, foreign_key="owner.id", ondelete="CASCADE")


class Marked(Entity):
    marks: list[int] | None = Field(default=None, unique=True)


class Ledger(TableRepository):
    """Remembers what it was given to keep."""

    name = "ledger"

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, Table] = {}
        self.kept: list[list[str]] = []
        self.full = False

    def table(self, name: str) -> Table:
        return self.tables.get(name, {})

    def keep(self, changed: Mapping[str, Table]) -> None:
        if self.full:
            raise OSError("no space left")
        self.kept.append(sorted(changed))
        self.tables.update({name: dict(rows) for name, rows in changed.items()})


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    repository = Ledger()
    with known_entities((Owner, Pet, Marked)):
        use(repository)
        yield repository
        use(MemoryRepository())


def test_a_transaction_is_kept_at_once_and_what_changes_nothing_not_at_all(ledger: Ledger) -> None:
    with transaction():
        ada = Owner.create(name="Ada")
        Pet.create(tag="a", owner_id=ada.id)
        Pet.create(tag="b", owner_id=ada.id)
        assert ledger.kept == []
    assert ledger.kept == [["owner", "pet"]]
    assert Pet.where(tag="z").delete() == Pet.where(tag="z").update(tag="y") == 0
    with transaction():
        assert Owner.count() == 1
    assert len(ledger.kept) == 1
    ada.delete()
    assert ledger.kept[1:] == [["owner", "pet"]]
    assert Pet.count() == 0


def test_what_could_not_be_kept_is_not_there(ledger: Ledger) -> None:
    Owner.create(name="Ada")
    ledger.full = True
    with pytest.raises(OSError, match="no space"):
        Owner.create(name="Grace")
    with pytest.raises(OSError, match="no space"), transaction():
        Owner.create(name="Grace")
    ledger.full = False
    assert [owner.name for owner in Owner.all()] == ["Ada"]
    Owner.create(name="Grace")
    assert Owner.count() == 2


def test_a_statement_that_fails_keeps_nothing_of_itself(ledger: Ledger) -> None:
    with transaction():
        Owner.create(name="Ada")
        with pytest.raises(Duplicate):
            Owner.create_many([{"name": "Grace"}, {"name": "Ada"}])
        with pytest.raises(BrokenReference):
            Pet.create(tag="a", owner_id="nobody")
    assert ([o.name for o in Owner.all()], Pet.count()) == (["Ada"], 0)
    assert ledger.kept == [["owner"]]


def test_a_number_is_not_given_out_twice(ledger: Ledger) -> None:
    first, second = Pet.create_many([{"tag": "a"}, {"tag": "b"}])
    second.delete()
    assert (first.number, Pet.create(tag="c").number) == (1, 3)
    assert Pet.create(number=10, tag="d").number == 10
    assert Pet.create(tag="e").number == 11
    assert len(ledger.kept) == 5


def test_lists_may_be_unique_too(ledger: Ledger) -> None:
    Marked.create(marks=[1, 2])
    Marked.create(marks=[2, 1])
    Marked.create()
    Marked.create()
    with pytest.raises(Duplicate):
        Marked.create(marks=[1, 2])
    assert len(ledger.kept) == 4


def test_an_index_has_what_is_there_in_every_copy_of_a_table() -> None:
    rows = Rows({1: {"a": "x", "b": 1}, 2: {"a": "y", "b": 1}})
    assert rows.having(("a",), ("x",)) == [1]
    copy = rows.copy()
    del copy[1]
    copy.put(3, {"a": "x", "b": 2})
    copy.put(2, {"a": "z", "b": 1})
    assert [copy.having(("a",), (value,)) for value in "xyz"] == [[3], [], [2]]
    assert [rows.having(("a",), (value,)) for value in "xyz"] == [[1], [2], []]
    assert copy.having(("a", "b"), ("x", 2)) == [3]
    assert rows.having(("b",), (1,)) == [1, 2]
    assert rows.having(("a", "b"), ("x", 2)) == []


def test_an_index_of_values_that_come_and_go_does_not_grow_for_ever() -> None:
    rows = Rows({1: {"a": -1}})
    for number in range(5_000):
        assert rows.having(("a",), (number,)) == []
        rows = rows.copy()
        rows.put(1, {"a": number})
    assert rows.having(("a",), (4_999,)) == [1]
    assert len(rows._indexes[("a",)]) < 1_500


def seconds(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def test_the_rules_do_not_look_through_all_rows_for_each_of_ten_thousand(ledger: Ledger) -> None:
    ada = Owner.create(name="Ada")

    def store(first: int, count: int) -> None:
        Pet.create_many({"tag": f"t{i}", "owner_id": ada.id} for i in range(first, first + count))

    few = seconds(lambda: store(0, 1_000))
    many = seconds(lambda: store(1_000, 9_000))
    assert many < 9 * few * 6, "nine times as many take about nine times as long, not eighty"
    assert Pet.count(owner_id=ada.id) == 10_000
    assert ledger.kept == [["owner"], ["pet"], ["pet"]]


def test_one_row_is_stored_without_a_copy_of_its_table() -> None:
    repository = MemoryRepository()
    with known_entities((Owner, Pet)):
        use(repository)
        ada = Owner.create(name="Ada")
        table = repository.tables["owner"]
        ada.update(name="Ada Lovelace")
        grace = Owner.create(name="Grace")
        with pytest.raises(Duplicate):
            Owner.create(name="Grace")
        assert repository.tables["owner"] is table
        with pytest.raises(ZeroDivisionError), transaction():
            grace.update(name="Hopper")
            grace.update(name="G. Hopper")
            with pytest.raises(KeyError), transaction():
                ada.delete()
                Owner.create(name="Mary")
                raise KeyError
            Owner.create(name="Rosa")
            assert [owner.name for owner in Owner.all()] == ["Ada Lovelace", "G. Hopper", "Rosa"]
            raise ZeroDivisionError
        assert repository.tables["owner"] is table
        assert [owner.name for owner in Owner.all()] == ["Ada Lovelace", "Grace"]
