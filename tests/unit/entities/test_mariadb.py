"""MariaDB itself: its connections, settings, errors and locks; what is the same everywhere is in the suite."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, NoReturn

import pymysql
import pytest
import sqlalchemy as sa
from pydantic import ValidationError
from services import MARIADB, own_database
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateIndex

from nitro_runtime.entities import (
    Entity,
    Field,
    MemoryRepository,
    Repository,
    belongs_to,
    configure,
    many_to_many,
    transaction,
    use,
)
from nitro_runtime.entities.sql.mariadb import MariaDB
from nitro_runtime.entities.transactions import current_transaction
from nitro_runtime.errors import (
    BrokenReference,
    ConfigurationError,
    DatabaseBusy,
    DatabaseUnavailable,
    Duplicate,
    EntityError,
    MissingColumn,
    MissingTable,
)
from nitro_runtime.schema import known_entities

definitions = ExitStack()
definitions.enter_context(known_entities())


class Shelf(Entity, table_name="shelf"):
    name: str = Field(max_length=80, unique=True)
    parent_id: str | None = Field(default=None, foreign_key="shelf.id", ondelete="SET NULL")

    parent = belongs_to("Shelf")


class Book(Entity, table_name="book", unique_together=(("author", "title"),)):
    title: str = Field(max_length=80)
    author: str = Field(default="", max_length=80, index=True)
    stock: int = 0
    price: Decimal = Field(default=Decimal(1), max_digits=6, decimal_places=2)
    body: str | None = None
    shelf_id: str | None = Field(default=None, foreign_key="shelf.id")

    shelf = belongs_to("Shelf")


class Ticket(Entity, table_name="ticket", version=False):
    id: int | None = Field(default=None, primary_key=True)  # type: ignore[assignment]
    title: str = ""


definitions.close()


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with known_entities((Shelf, Book, Ticket)):
        yield


@pytest.fixture(scope="module")
def address(missing: Callable[[str], NoReturn]) -> Iterator[str]:
    if not MARIADB.answers:
        missing(MARIADB.missing)
    with own_database(MARIADB) as address:
        yield address


@pytest.fixture
def database(address: str) -> Iterator[Any]:
    repository: Any = configure(address, pool_size=4, patience=2.0)
    yield repository
    use(MemoryRepository())
    with behind(address) as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        cursor.execute("SHOW TABLES")
        for (table,) in cursor.fetchall():
            cursor.execute(f"DROP TABLE `{table}`")


@contextmanager
def behind(address: str, **options: Any) -> Generator[Any]:
    """A cursor of a connection of one's own."""
    url = make_url(address)
    connection = pymysql.connect(
        host=url.host, port=url.port or 3306, user=url.username, password=url.password or "",
        database=url.database, autocommit=True, **options,
    )  # fmt: skip
    try:
        yield connection.cursor()
    finally:
        connection.close()


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until, "it did not happen in 10 seconds"
        threading.Event().wait(0.005)


def somebody_waits(address: str) -> bool:
    with behind(address) as cursor:
        cursor.execute("SELECT COUNT(*) FROM information_schema.innodb_lock_waits")
        return bool(cursor.fetchone()[0])


# -- errors ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("database")
def test_a_unique_violation_names_the_fields() -> None:
    Shelf.create(id="a", name="A")
    with pytest.raises(Duplicate) as by_name:
        Shelf.create(name="A")
    with pytest.raises(Duplicate) as by_key:
        Shelf.create(id="a", name="for key 'uq_shelf_name'")
    Book.create(title="T", author="A")
    with pytest.raises(Duplicate) as together:
        Book.create(title="T", author="A")
    assert [e.value.field for e in (by_name, by_key, together)] == ["name", "id", "author, title"]


def test_a_unique_key_that_somebody_else_made_names_its_fields(database: Any, address: str) -> None:
    Book.create(title="T", author="A")
    with behind(address) as cursor:
        cursor.execute("CREATE UNIQUE INDEX made_elsewhere ON book (stock, price)")
    with pytest.raises(Duplicate) as refused:
        Book.create(title="U", author="A")
    assert refused.value.field == "stock, price"


@pytest.mark.usefixtures("database")
def test_references_are_checked() -> None:
    with pytest.raises(BrokenReference):
        Book.create(title="T", shelf_id="nowhere")
    shelf = Shelf.create(name="A")
    Book.create(title="T", shelf_id=shelf.id)
    with pytest.raises(BrokenReference):
        shelf.delete()


def test_what_a_database_lacks_is_named(database: Any, address: str) -> None:
    Book.create(title="T")
    with behind(address) as cursor:
        cursor.execute("ALTER TABLE book DROP COLUMN stock")
    with pytest.raises(MissingColumn, match="stock"):
        Book.first()
    use(MemoryRepository())
    configure(address, create_tables=False)
    with pytest.raises(MissingTable, match="ticket"):
        Ticket.first()


@pytest.mark.usefixtures("database")
def test_a_sum_that_leaves_its_column_is_refused() -> None:
    made = Book.create(title="T", stock=2**62)
    with pytest.raises(EntityError, match="64 bits"):
        made.increment(stock=2**62)
    with pytest.raises((EntityError, ValueError)):
        Book.all().update(price=Book.price + Decimal(9999))
    assert (made.reload().stock, made.price) == (2**62, Decimal("1.00"))


def test_a_statement_that_is_too_long_is_refused_and_the_connection_is_still_good(
    database: Any,
) -> None:
    Book.create(title="T")
    link = database.pool.take()
    with pytest.raises(EntityError, match="max_allowed_packet"):
        Book.create(title="U", body="x" * link.cursor._limit)
    database.pool.give(link)
    assert Book.count() == 1


@pytest.mark.parametrize(
    ("part", "value", "error"),
    [
        ("username", "nobody_of_that_name", ConfigurationError),
        ("database", "no_such_database", ConfigurationError),
        ("port", 1, DatabaseUnavailable),
    ],
)
def test_a_server_that_does_not_let_us_in_is_named(
    address: str, part: str, value: Any, error: type[Exception]
) -> None:
    url = make_url(address).set(**{part: value})
    configure(url.render_as_string(hide_password=False))
    with pytest.raises(error, match="MariaDB"):
        Book.count()
    use(MemoryRepository())


# -- settings -------------------------------------------------------------------------------------


def test_an_engine_with_other_settings_behaves_alike(address: str) -> None:
    engine = sa.create_engine(
        make_url(address).set(drivername="mysql+pymysql"),
        isolation_level="SERIALIZABLE",
        connect_args={
            "charset": "latin1",
            "init_command": "SET sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES', time_zone = '+07:00'",
        },
    )
    configure(engine=engine)
    try:
        made = Book.create(title="\\'\"ä€ 😀 %s", body="\\")
        assert Book.get(made.id) == made
        assert Book.where(title__contains="\\'").count() == 1
        with pytest.raises(ValidationError, match="255"):
            Book.create(title="x", id="x" * 300)
        with engine.begin() as connection:
            connection.execute(sa.text("DROP TABLE book"))
    finally:
        use(MemoryRepository())
        engine.dispose()


def test_an_engine_that_counts_only_changed_rows_is_refused(address: str) -> None:
    url = make_url(address)
    engine = sa.create_engine(
        "mysql+pymysql://",
        creator=lambda: pymysql.connect(
            host=url.host, port=url.port or 3306, user=url.username, database=url.database
        ),
    )
    configure(engine=engine)
    try:
        with pytest.raises(ConfigurationError, match="FOUND_ROWS"):
            Book.count()
    finally:
        use(MemoryRepository())
        engine.dispose()


@pytest.mark.parametrize(
    ("told", "name", "returns_keys"),
    [
        ("5.5.5-10.11.6-MariaDB-0+deb12u1", "MariaDB", True),
        ("11.4.2-MariaDB", "MariaDB", True),
        ("8.0.36", "MySQL", False),
        ("8.4.0-commercial", "MySQL", False),
    ],
)
def test_the_kind_of_server_is_known_by_its_version(
    told: str, name: str, returns_keys: bool
) -> None:
    server = MariaDB()
    server._learn(SimpleNamespace(get_server_info=lambda: told))
    assert (server.name, server.dialect.insert_returning) == (name, returns_keys)


@pytest.mark.parametrize("told", ["5.5.5-10.4.32-MariaDB", "5.7.44-log", "8.0.11"])
def test_a_server_that_is_too_old_is_refused(told: str) -> None:
    with pytest.raises(ConfigurationError, match="needs MariaDB"):
        MariaDB()._learn(SimpleNamespace(get_server_info=lambda: told))


def test_mysql_is_not_told_to_make_an_index_unless_it_exists() -> None:
    (index,) = Book.table.indexes
    statement = CreateIndex(index, if_not_exists=True)
    mariadb = str(statement.compile(dialect=mysql.dialect(is_mariadb=True)))
    assert mariadb == "CREATE INDEX IF NOT EXISTS ix_book_author ON book (author)"
    plain = str(statement.compile(dialect=mysql.dialect()))
    assert plain.endswith("CREATE INDEX ix_book_author ON book (author)")


@pytest.mark.parametrize("name", ["mysql+pymysql", "mariadb+pymysql"])
def test_a_transaction_of_the_application_is_joined(database: Any, address: str, name: str) -> None:
    engine = sa.create_engine(make_url(address).set(drivername=name))
    configure(engine=engine)
    with engine.connect() as connection:
        with transaction(connection):
            made = Ticket.create_many([{"title": "a"}, {"title": "b"}])
            kept = Book.create(title="T", price=Decimal("1E+1"))
        found = connection.execute(sa.select(sa.func.count()).select_from(Ticket.table)).scalar()
        assert (found, len({t.id for t in made}), Book.count()) == (2, 2, 0)
        connection.commit()
        with transaction(connection):
            kept.update(stock=7)
        connection.rollback()
    assert (Ticket.count(), Book.get(kept.id).stock) == (2, 0)
    assert Ticket.create(title="c").id not in {t.id for t in made}
    use(MemoryRepository())
    engine.dispose()


# -- statements -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("database")
def test_keys_are_counted_up_in_the_order_of_the_rows() -> None:
    made = Ticket.create_many([{"title": "a"}, {"title": "b"}, {"id": 40, "title": "c"}])
    made += Ticket.create_many([{"title": str(i)} for i in range(2_000)])
    assert len({ticket.id for ticket in made}) == 2_003
    assert {t.id: t.title for t in Ticket.all()} == {t.id: t.title for t in made}
    assert [t.id for t in made[3:]] == sorted(t.id or 0 for t in made[3:])
    assert Ticket.create(id=0, title="zero").id == 0


@pytest.mark.usefixtures("database")
def test_a_table_is_changed_by_what_it_says_itself() -> None:
    root = Shelf.create(name="root")
    for name in "abc":
        Shelf.create(name=name, parent_id=root.id)
    assert Shelf.where(parent__name="root").order_by("name").limit(2).update(parent_id=root.id) == 2
    assert Shelf.where(parent__name="root").order_by("name").offset(2).delete() == 1
    assert Shelf.where(parent__name="root").delete() == 2
    assert [shelf.name for shelf in Shelf.all()] == ["root"]


@pytest.mark.usefixtures("database")
def test_a_row_that_is_not_changed_is_found() -> None:
    Ticket.create(id=1, title="a")
    assert Ticket.where(id=1).update(title="a") == 1


def test_ten_thousand_keys_are_one_question(database: Any) -> None:
    from nitro_runtime.testing import assert_queries

    Ticket.create_many([{"id": i} for i in range(1, 11)])
    with assert_queries(1):
        assert Ticket.where(Ticket.id.in_(range(1, 10_001))).count() == 10  # type: ignore[union-attr]
    assert Ticket.where(title__in=["", "\\'"]).count() == 10


@pytest.mark.usefixtures("database")
def test_tables_that_a_transaction_needs_are_made_without_ending_it() -> None:
    class Topic(Entity, table_name="topic"):
        name: str = Field(default="", max_length=80)

        related = many_to_many("Topic")

    with pytest.raises(RuntimeError), transaction():
        shelf = Shelf.create(name="A")
        Book.create(title="T", shelf_id=shelf.id)  # its table refers to one just written to
        raise RuntimeError
    assert (Shelf.count(), Book.count()) == (0, 0)
    with transaction():
        topic = Topic.create(name="A")
        topic.related.add(Topic.create(name="B"))
    assert topic.related.count() == 1


@pytest.mark.usefixtures("database")
def test_several_rows_are_stored_together_or_not_at_all_within_a_transaction() -> None:
    Shelf.create(name="taken")
    with transaction():
        Shelf.create(name="before")
        with pytest.raises(Duplicate):
            Shelf.create_many([{"name": str(i) * 80} for i in range(9)] + [{"name": "taken"}])
        with pytest.raises(Duplicate):
            Shelf.create(name="taken")
        Shelf.create(name="after")
    assert sorted(shelf.name for shelf in Shelf.all()) == ["after", "before", "taken"]


# -- locks ----------------------------------------------------------------------------------------


def test_after_a_deadlock_the_transaction_is_over(database: Any) -> None:
    first, second = Book.create(title="1"), Book.create(title="2")
    start = threading.Barrier(2)
    errors: list[Exception] = []
    later: list[Exception] = []

    def change(one: Book, other: Book) -> None:
        try:
            with transaction():
                Book.where(id=one.id).update(stock=Book.stock + 1)
                start.wait()
                try:
                    Book.where(id=other.id).update(stock=Book.stock + 1)
                except DatabaseBusy as error:
                    errors.append(error)
                    Book.create(title="must not be stored by itself")
        except EntityError as error:
            later.append(error)

    threads = [
        threading.Thread(target=change, args=pair) for pair in ((first, second), (second, first))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == len(later) == 1
    assert [book.stock for book in Book.all().order_by("title")] == [1, 1]


def test_a_transaction_whose_deadlock_was_caught_stores_nothing(database: Any) -> None:
    made = Book.create(title="1")
    with pytest.raises(EntityError, match="nothing of it"), transaction():
        made.update(stock=5)
        database.server._undone.add(database._unit(current_transaction()).link.connection)
        with pytest.raises(DatabaseBusy):
            Book.count()
    assert made.reload().stock == 0
    assert Book.count() == 1


async def test_the_event_loop_goes_on_while_a_row_is_locked(database: Any, address: str) -> None:
    made = await Book.acreate(title="1")
    with behind(address) as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM book FOR UPDATE")
        task = asyncio.create_task(made.aupdate(stock=1))
        stalls: list[float] = []
        while not await asyncio.to_thread(somebody_waits, address):
            before = time.perf_counter()
            await asyncio.sleep(0)
            stalls.append(time.perf_counter() - before)
        assert not task.done()
        assert max(stalls, default=0) < 0.5
        cursor.execute("ROLLBACK")
        await task
    assert (await Book.aget(made.id)).stock == 1


async def test_a_task_that_waits_for_a_lock_can_be_cancelled(database: Any, address: str) -> None:
    made = await Book.acreate(title="1")
    with behind(address) as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM book FOR UPDATE")
        task = asyncio.create_task(made.aupdate(stock=1))
        while not await asyncio.to_thread(somebody_waits, address):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)
        cursor.execute("ROLLBACK")
    assert (await Book.aget(made.id)).stock == 0
    await Book.where(id=made.id).aupdate(stock=2)


# -- broken connections ---------------------------------------------------------------------------


def killed(address: str) -> None:
    """Ends every other connection to the database."""
    with behind(address) as cursor:
        cursor.execute(
            "SELECT id FROM information_schema.processlist "
            "WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        )
        for (number,) in cursor.fetchall():
            cursor.execute(f"KILL {number}")

    def gone() -> bool:
        with behind(address) as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM information_schema.processlist "
                "WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            )
            return cursor.fetchone()[0] == 0

    wait_for(gone)


def test_connections_that_broke_while_idle_are_replaced(database: Any, address: str) -> None:
    Book.create(title="1")
    killed(address)
    assert Book.count() == 1
    killed(address)
    Book.create(title="2")
    assert Book.count() == 2


def test_a_transaction_whose_connection_broke_says_so_and_stores_nothing(
    database: Any, address: str
) -> None:
    Book.create(title="1")
    with pytest.raises(DatabaseUnavailable), transaction():
        Book.create(title="2")
        killed(address)
        Book.create(title="3")
    assert [book.title for book in Book.all()] == ["1"]


def test_fifty_threads_race_for_one_value(database: Repository) -> None:
    Shelf.create(name="before")
    start = threading.Barrier(50)
    outcomes: list[str] = []

    def create() -> None:
        start.wait()
        try:
            Shelf.create(name="the one")
            outcomes.append("made")
        except Duplicate as error:
            outcomes.append(error.field)

    threads = [threading.Thread(target=create) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", *["name"] * 49]
