"""What is PostgreSQL's own: its errors, its sequences, its types, tables that others made."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import Enum
from typing import Any, NoReturn

import psycopg
import pytest
import sqlalchemy as sa
from pydantic import ValidationError
from services import POSTGRES, own_database
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from waiting import until

from nitro_runtime import schema
from nitro_runtime.entities import Entity, Field, MemoryRepository, configure, transaction, use
from nitro_runtime.entities.sql.network import NetworkRepository
from nitro_runtime.errors import (
    BrokenReference,
    ConfigurationError,
    DatabaseBusy,
    DatabaseUnavailable,
    Duplicate,
    EntityError,
    InvalidRow,
    MissingColumn,
    MissingTable,
)

Missing = Callable[[str], NoReturn]


class Shelf(Entity, unique_together=[("room", "place")]):
    code: str = Field(unique=True)
    room: str = ""
    place: int = 0


class Book(Entity):
    id: int | None = Field(default=None, primary_key=True)  # pyright: ignore[reportIncompatibleVariableOverride] # a key of its own kind
    title: str = Field(default="", max_length=40)
    shelf_id: str | None = Field(default=None, foreign_key="shelf.id")
    copies: int = 0


@pytest.fixture(scope="module")
def database(missing: Missing) -> Iterator[str]:
    if not POSTGRES.answers:
        missing(POSTGRES.missing)
    with own_database(POSTGRES) as address:
        yield address


@pytest.fixture
def address(database: str) -> Iterator[str]:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    for entity in (Shelf, Book):  # other modules have classes of these names
        schema.register_entity(entity.__entity__.name, entity)
        schema.register_entity(entity.__entity__.table, entity)
    configure(database, patience=2.0)
    yield database
    use(MemoryRepository())


@pytest.fixture
def admin(address: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


# -- addresses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["postgres", "postgresql", "postgresql+psycopg"])
def test_an_address_is_understood_as_people_write_it(address: str, written: str) -> None:
    configure(address.replace("postgresql", written, 1))
    Shelf.create(code="a")
    assert Shelf.count() == 1


def test_a_schema_can_be_chosen_in_the_address(
    address: str, admin: psycopg.Connection[Any]
) -> None:
    admin.execute("CREATE SCHEMA apart")
    configure(f"{address}?options=-csearch_path%3Dapart")
    Shelf.create(code="a")
    assert admin.execute("SELECT code FROM apart.shelf").fetchall() == [("a",)]


def test_a_host_that_is_not_there_is_told(address: str) -> None:
    configure("postgresql://someone:hidden@nowhere.invalid/x")
    with pytest.raises((ConfigurationError, DatabaseUnavailable)) as refused:
        Shelf.count()
    assert "nowhere.invalid" in str(refused.value)
    assert "hidden" not in str(refused.value)


def test_an_engine_of_another_driver_is_refused(address: str) -> None:
    engine = create_async_engine(make_url(address).set(drivername="postgresql+psycopg"))
    with pytest.raises(ConfigurationError, match="give configure\\(\\) the address"):
        configure(engine=engine)


# -- errors -------------------------------------------------------------------------------------


def test_a_unique_violation_names_its_fields(address: str) -> None:
    Shelf.create(code="a", room="x", place=1)
    with pytest.raises(Duplicate) as one:
        Shelf.create(code="a", room="x", place=2)
    with pytest.raises(Duplicate) as two:
        Shelf.create(code="b", room="x", place=1)
    with pytest.raises(Duplicate) as key:
        Shelf.create(id=Shelf.first().id, code="c")  # pyright: ignore[reportOptionalMemberAccess]
    assert [one.value.field, two.value.field, key.value.field] == ["code", "room, place", "id"]


def test_an_index_that_nitro_did_not_make_is_told_by_its_columns(
    address: str, admin: psycopg.Connection[Any]
) -> None:
    Book.create(title="a")
    admin.execute("CREATE UNIQUE INDEX theirs ON book (title, copies)")
    with pytest.raises(Duplicate) as refused:
        Book.create(title="a")
    assert refused.value.field == "title, copies"


def test_a_foreign_key_that_points_at_nothing_is_refused(address: str) -> None:
    with pytest.raises(BrokenReference, match="Book cannot be stored"):
        Book.create(shelf_id="nowhere")
    shelf = Shelf.create(code="a")
    Book.create(shelf_id=shelf.id)
    with pytest.raises(BrokenReference):
        shelf.delete()


def test_a_missing_table_says_the_command(address: str) -> None:
    configure(address, create_tables=False)
    for verb in (Shelf.count, lambda: Shelf.create(code="a")):
        with pytest.raises(MissingTable, match=r"no table 'shelf'.*nitro db upgrade"):
            verb()


def test_a_missing_column_says_the_command(address: str, admin: psycopg.Connection[Any]) -> None:
    Shelf.create(code="a")
    admin.execute("ALTER TABLE shelf DROP COLUMN room")
    for verb in (Shelf.all().all, lambda: Shelf.create(code="b")):
        with pytest.raises(MissingColumn, match=r"no column 'room'.*nitro db upgrade"):
            verb()


def test_a_missing_table_in_a_transaction_leaves_it_usable(address: str) -> None:
    configure(address, create_tables=False)
    with transaction():
        with pytest.raises(MissingTable):
            Shelf.count()
        with pytest.raises(MissingTable):
            Shelf.create(code="a")


def test_a_table_that_went_with_its_transaction_is_created_again(address: str) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        shelf = Shelf.create(code="a")
        Book.create(shelf_id=shelf.id)
        assert Book.count() == 1
        raise ZeroDivisionError
    with transaction():
        assert Book.count() == 0
        Book.create(title="b")
    assert Book.count() == 1


def test_a_number_beyond_its_column_is_an_error_as_elsewhere(address: str) -> None:
    made = Book.create(copies=2**62)
    with pytest.raises(EntityError, match="greater than a database keeps"):
        Book.all().update(copies=Book.copies * 4)
    assert Book.get(made.id).copies == 2**62
    with pytest.raises(ValidationError, match="copies"):
        Book.create(copies=2**63)
    assert Book.find(2**70) is None


def test_a_text_that_a_smaller_column_cannot_hold_is_a_clear_error(
    address: str, admin: psycopg.Connection[Any]
) -> None:
    Book.create(title="a")
    admin.execute("ALTER TABLE book ALTER title TYPE varchar(3)")
    with pytest.raises(EntityError, match="The database refused a Book: value too long"):
        Book.create(title="abcdef")


def test_a_text_with_a_nul_is_refused_and_found_nowhere(address: str) -> None:
    with pytest.raises(ValidationError, match="keeps no text with a NUL"):
        Book.create(title="a\0b")
    made = Book.create(title="ab")
    with pytest.raises(ValidationError, match="keeps no text with a NUL"):
        made.update(title="\0")
    assert Book.count(title="a\0b") == 0
    assert Book.count(title__gt="a\0b") == 1
    assert Book.count(title__in=["ab", "\0"]) == 1


def test_a_deadlock_is_busy_for_one_and_nothing_for_the_other(address: str) -> None:
    one, two = Shelf.create(code="a"), Shelf.create(code="b", room="b")
    barrier, ends = threading.Barrier(2), list[str]()

    def change(first: Shelf, second: Shelf) -> None:
        try:
            with transaction():
                Shelf.where(id=first.id).update(place=Shelf.place + 1)
                barrier.wait()
                Shelf.where(id=second.id).update(place=Shelf.place + 1)
            ends.append("stored")
        except DatabaseBusy as error:
            ends.append(str(error))

    threads = [threading.Thread(target=change, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "stored" in ends
    assert any("deadlock detected" in end for end in ends)
    assert [shelf.place for shelf in Shelf.all()] == [1, 1]


def test_a_lock_timeout_is_busy(address: str, admin: psycopg.Connection[Any]) -> None:
    made = Shelf.create(code="a")
    configure(f"{address}?options=-clock_timeout%3D100")
    with admin.transaction():
        admin.execute("SELECT * FROM shelf FOR UPDATE")
        with pytest.raises(DatabaseBusy, match="lock timeout"):
            made.update(place=3)


def test_a_check_that_fails_at_the_commit_undoes_the_transaction(
    address: str, admin: psycopg.Connection[Any]
) -> None:
    Shelf.create(code="a")
    admin.execute("ALTER TABLE shelf ADD UNIQUE (place) DEFERRABLE INITIALLY DEFERRED")
    with pytest.raises(Duplicate), transaction():
        Shelf.create(code="b", room="b")
    assert Shelf.count() == 1


def test_a_row_that_others_spoiled_is_told_by_its_key(
    address: str, admin: psycopg.Connection[Any]
) -> None:
    made = Book.create(title="a")
    admin.execute("ALTER TABLE book ALTER copies DROP NOT NULL")
    admin.execute("UPDATE book SET copies = NULL")
    with pytest.raises(InvalidRow, match=f"Row {made.id} of table 'book' is not valid"):
        Book.get(made.id)


# -- keys ---------------------------------------------------------------------------------------


def test_keys_are_counted_on_past_those_that_were_given(address: str) -> None:
    first = Book.create(title="a")
    Book.create(id=first.id + 1, title="b")  # pyright: ignore[reportOptionalOperand]
    Book.create(id=first.id + 2, title="c")  # pyright: ignore[reportOptionalOperand]
    made = Book.create(title="d")
    with transaction():
        Book.create(id=made.id + 1, title="e")  # pyright: ignore[reportOptionalOperand]
        many = Book.create_many([{"title": "f"}, {"title": "g"}])
    assert [book.title for book in Book.all()] == ["a", "b", "c", "d", "e", "f", "g"]
    assert [book.title for book in Book.where(id__in=[b.id for b in many])] == ["f", "g"]


def test_a_key_that_is_there_already_is_a_duplicate(address: str) -> None:
    made = Book.create(title="a")
    with pytest.raises(Duplicate) as refused:
        Book.create(id=made.id)
    assert refused.value.field == "id"


# -- locks --------------------------------------------------------------------------------------


def test_a_locked_row_waits_for_the_transaction_that_locked_it(
    address: str, admin: psycopg.Connection[Any]
) -> None:
    made = Shelf.create(code="a")
    ends: list[int] = []

    def change() -> None:
        with transaction():
            shelf = Shelf.get(made.id).lock()
            shelf.update(place=shelf.place + 1)
            ends.append(shelf.place)

    with transaction():
        shelf = Shelf.get(made.id).lock()
        thread = threading.Thread(target=change)
        thread.start()
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        until(lambda: admin.execute(waiting).fetchall(), "the other to wait for the lock")
        shelf.update(place=10)
    thread.join()
    assert ends == [11]


def test_a_transaction_whose_statement_failed_unforeseen_stores_nothing(address: str) -> None:
    Shelf.create(code="a")
    configure(f"{address}?options=-cstatement_timeout%3D200", patience=2.0)
    with pytest.raises(EntityError, match="nothing of it could be stored"), transaction():
        Shelf.create(code="b", room="b")
        with pytest.raises(DatabaseBusy, match="The database stopped a statement"):
            _run_slowly()
    assert Shelf.count() == 1


def _run_slowly() -> None:
    """Fails in the transaction in a way that no savepoint was made for."""
    from nitro_runtime.entities.transactions import current_transaction

    active = current_transaction()
    assert active is not None
    (repository,) = active.handles
    assert isinstance(repository, NetworkRepository)
    repository._remember("SELECT pg_sleep(5)")
    repository._fetch(Shelf.__nitro_mapper__, "SELECT pg_sleep(5)", ())


# -- columns of one's own -------------------------------------------------------------------------


class Mood(Enum):
    CALM = "calm"
    WILD = "wild"


class Own(Entity):
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    price: Decimal = Field(default=Decimal("1.50"), sa_type=sa.Numeric(10, 2))
    code: str = Field(default="x", sa_type=sa.String(5))
    weight: float = Field(default=1.5, sa_type=sa.REAL)
    small: int = Field(default=3, sa_type=sa.SmallInteger)
    mood: Mood = Field(default=Mood.CALM, sa_type=sa.Enum(Mood))
    words: list[str] = Field(default_factory=lambda: ["x"], sa_type=ARRAY(sa.Text))


def test_types_of_postgres_serve_as_columns(address: str) -> None:
    made = Own.create(data={"a": [1, 2.5, None]})
    assert Own.get(made.id) == made
    made.update(mood=Mood.WILD, words=["p", "q"])
    assert Own.where(mood__in=[Mood.WILD]).one().words == ["p", "q"]
    assert Own.count(price__gt=Decimal("1.499"), small__lt=10**9, weight=1.5) == 1
    assert Own.count(code="x" * 6) == 0
    Own.all().update(price=Own.price * 3)
    made.reload()
    made.increment(price=Decimal("0.25"), small=2)
    assert (made.price, made.small) == (Decimal("4.75"), 5)
