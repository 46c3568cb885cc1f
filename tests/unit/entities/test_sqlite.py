"""What is SQLite's own: its file, its connections, its failures."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect

from nitro_runtime import schema
from nitro_runtime.entities import (
    Entity,
    Field,
    MemoryRepository,
    QuerySet,
    Repository,
    build_tables,
    configure,
    connect,
    create_tables,
    transaction,
    use,
)
from nitro_runtime.entities.settings import settings
from nitro_runtime.entities.sql.sqlite import SqliteDatabase
from nitro_runtime.entities.sql.sqlite_repository import SqliteRepository
from nitro_runtime.errors import (
    ConfigurationError,
    DatabaseBusy,
    DatabaseUnavailable,
    InvalidRow,
    MissingColumn,
    MissingTable,
)
from nitro_runtime.testing import assert_queries


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.db"


@pytest.fixture(autouse=True)
def database(path: Path) -> Iterator[Repository]:
    yield configure(f"sqlite:///{path}", patience=0.2)
    use(MemoryRepository())


class Book(Entity):
    title: str = Field(search=True)
    pages: int = 1
    out: datetime | None = None


def raw(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=0)


def test_the_file_is_in_wal_mode_and_foreign_keys_are_checked(path: Path) -> None:
    Book.create(title="A")
    with connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    cursor = settings.default.database.lane().cursor  # type: ignore[union-attr]
    assert cursor.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert cursor.execute("PRAGMA synchronous").fetchone() == (1,)


def test_a_missing_table_reads_as_empty_and_is_created_by_the_first_write(path: Path) -> None:
    assert Book.count() == 0
    assert Book.find("x") is None
    Book.create(title="A")
    assert Book.count() == 1


def test_a_table_created_in_a_transaction_goes_with_its_rollback() -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        Book.create(title="A")
        raise ZeroDivisionError
    assert Book.count() == 0
    Book.create(title="B")
    assert Book.count() == 1


def test_without_table_creation_a_missing_table_names_the_command(path: Path) -> None:
    configure(f"sqlite:///{path}", create_tables=False)
    with pytest.raises(MissingTable, match="nitro db upgrade"):
        Book.count()
    with pytest.raises(MissingTable):
        Book.create(title="A")
    create_tables(Book)
    assert Book.count() == 0


def test_a_missing_column_is_named(path: Path) -> None:
    db = raw(path)
    db.execute("CREATE TABLE book (id TEXT PRIMARY KEY, title TEXT, version INTEGER)")
    db.close()
    with pytest.raises(MissingColumn, match="'pages'"):
        Book.count(pages=1)
    with pytest.raises(MissingColumn):
        Book.create(title="A")


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [("pages", "many", "pages"), ("title", None, "title"), ("out", "soon", "out")],
)
def test_a_row_that_does_not_fit_is_named(
    path: Path, column: str, value: object, problem: str
) -> None:
    book = Book.create(title="A")
    db = raw(path)
    db.execute("PRAGMA writable_schema = ON")
    db.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE name = 'book'")
    db.close()
    db = raw(path)
    db.execute(f"UPDATE book SET {column} = ?", (value,))  # noqa: S608
    db.close()
    with pytest.raises(InvalidRow, match=problem) as invalid:
        Book.get(book.id)
    assert (invalid.value.table, invalid.value.key) == ("book", book.id)


def test_another_writer_is_waited_for_and_then_named(path: Path) -> None:
    Book.create(title="A")
    db = raw(path)
    db.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy):
        Book.create(title="B")
    with pytest.raises(DatabaseBusy), transaction():
        pass
    db.execute("COMMIT")
    db.close()
    Book.create(title="B")


async def test_a_coroutine_waits_for_another_process_without_stopping_the_loop(path: Path) -> None:
    import asyncio

    await Book.acreate(title="A")
    configure(f"sqlite:///{path}", patience=5)
    db = raw(path)
    db.execute("BEGIN IMMEDIATE")
    waiting = [asyncio.create_task(store(title)) for title in ("B", "C")]
    ticks = 0
    while ticks < 20:
        await asyncio.sleep(0.001)
        ticks += 1
    assert not any(task.done() for task in waiting)
    db.execute("COMMIT")
    db.close()
    await asyncio.gather(*waiting)
    assert sorted([b.title async for b in Book.all()]) == ["A", "B", "C"]


async def store(title: str) -> None:
    if title == "B":
        await Book.acreate(title=title)
        return
    async with transaction():
        await Book.acreate(title=title)


def test_after_a_failed_commit_nothing_of_it_is_stored_later(path: Path) -> None:
    Book.create(title="A")

    class Page(Entity):
        book_id: str = Field(foreign_key="book.id")

    create_tables(Page)
    with pytest.raises(sqlite3.IntegrityError), transaction():
        Book.create(title="B")
        unit = settings.default.database  # type: ignore[union-attr]
        from nitro_runtime.entities.transactions import current_transaction

        active = current_transaction()
        assert active is not None
        (handle,) = active.handles.values()
        # A check that is deferred to the commit makes the commit itself fail.
        handle.lane.cursor.execute("PRAGMA defer_foreign_keys = ON")  # type: ignore[attr-defined]
        handle.lane.cursor.execute(  # type: ignore[attr-defined]
            "INSERT INTO page (id, book_id, version) VALUES ('x', 'nope', 1)"
        )
        assert unit is not None
    Book.create(title="C")
    with transaction():
        Book.create(title="D")
    assert [b.title for b in Book.all()] == ["A", "C", "D"]
    assert Page.count() == 0


def test_each_thread_has_its_own_connection(path: Path) -> None:
    Book.create(title="A")
    seen: list[object] = []

    def read() -> None:
        seen.append(settings.default.database.lane())  # type: ignore[union-attr]
        seen.append(Book.count())

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in seen if not isinstance(one, int)}) == 3
    assert [one for one in seen if isinstance(one, int)] == [1, 1, 1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="This system cannot fork.")
def test_a_forked_child_opens_its_own_connections(path: Path) -> None:
    code = (
        "import os, sys\n"
        "from nitro_runtime.entities import Entity, configure\n"
        f"configure('sqlite:///{path}')\n"
        "class Note(Entity):\n"
        "    text: str\n"
        "Note.create(text='parent')\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    Note.create(text='child')\n"
        "    os._exit(0)\n"
        "assert os.waitpid(pid, 0)[1] == 0\n"
        "Note.create(text='after')\n"
        "print([n.text for n in Note.all()])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['parent', 'child', 'after']"


def test_an_address_without_a_path_is_a_private_database() -> None:
    configure("sqlite://")
    Book.create(title="A")
    result: list[int] = []
    thread = threading.Thread(target=lambda: result.append(Book.count()))
    thread.start()
    thread.join()
    assert result == [1]
    configure("sqlite://")
    assert Book.count() == 0


def test_an_engine_of_the_application_shares_its_file(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    configure(engine=engine)
    Book.create(title="A")
    assert inspect(engine).get_table_names() == ["book"]
    engine.dispose()
    with pytest.raises(ConfigurationError):
        configure(engine=create_engine("sqlite://"))


@pytest.mark.parametrize(
    "address", ["nonsense", "postgresql://localhost/x", "sqlite:////no/such/folder/x.db"]
)
def test_an_address_that_cannot_work_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError):
        configure(address)
        Book.create(title="A")


def test_the_environment_names_the_database(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NITRO_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setattr(settings, "default", None)
    monkeypatch.setattr(settings, "generation", settings.generation + 1)
    Book.create(title="A")
    db = raw(path)
    assert db.execute("SELECT title, title_search FROM book").fetchall() == [("A", "a")]
    db.close()


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_transaction_may_be_what_first_needs_the_database(
    kind: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NITRO_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setattr(settings, "default", None)
    monkeypatch.setattr(settings, "generation", settings.generation + 1)

    async def make() -> None:
        async with transaction():
            await Book.acreate(title="A")

    if kind == "async":
        asyncio.run(make())
    else:
        with transaction():
            Book.create(title="A")
    assert Book.count() == 1


def test_an_unknown_backend_is_refused_with_a_suggestion() -> None:
    class Cart(Entity, backend="memry"):
        item: str = ""

    with pytest.raises(ConfigurationError, match="'memory'"):
        Cart.create()


def test_a_class_may_choose_memory_beside_a_database(path: Path) -> None:
    class Cart(Entity, backend="memory"):
        item: str = ""

    with transaction():
        Cart.create()
        Book.create(title="A")
    assert (Cart.count(), Book.count()) == (1, 1)
    with pytest.raises(ZeroDivisionError), transaction():
        Cart.create()
        Book.create(title="B")
        raise ZeroDivisionError
    assert (Cart.count(), Book.count()) == (1, 1)


@pytest.fixture
def alone() -> None:
    """This module's entities and no others, whichever tests ran before."""
    schema._entities.clear()
    for name in (Book.__entity__.name, Book.__entity__.table):
        schema.register_entity(name, Book)


@pytest.mark.usefixtures("alone")
def test_tables_are_listed_for_migrations() -> None:
    # another module's table of this name may be listed instead: it was defined later
    assert "book" in build_tables().tables
    assert Book.table.c.keys() == [
        "id",
        "title",
        "pages",
        "out",
        "version",
        "title_search",
    ]


# -- a disk that is full ------------------------------------------------------------------------

FILL_THE_DISK = """
import resource, signal, sys
from nitro_runtime.entities import Entity, configure, transaction
from nitro_runtime.errors import DatabaseUnavailable

class Page(Entity):
    text: str = ""

configure(sys.argv[1])
Page.create()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
stored = 1
try:
    for _ in range(100):
        Page.create(text="x" * 5_000)
        stored += 1
except DatabaseUnavailable as error:
    print(error)
try:
    with transaction():
        for _ in range(100):
            Page.create(text="y" * 5_000)
except DatabaseUnavailable as error:
    print(error)
print(Page.count() == stored)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Files have no limit there.")
def test_a_file_that_cannot_grow_is_told_and_keeps_what_was_acknowledged(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK, f"sqlite:///{path}.full"],
        capture_output=True,
        text=True,
        check=True,
    )
    sentence = "The database file cannot be written: disk I/O error."
    assert done.stdout.splitlines() == [sentence, sentence, "True"]


def test_a_database_that_may_not_grow_says_so(database: Repository) -> None:
    Book.create(title="a")
    assert isinstance(database, SqliteRepository)
    database.database.lane().cursor.execute("PRAGMA max_page_count = 1")
    with pytest.raises(DatabaseUnavailable, match="cannot be written: database or disk is full"):
        Book.create(title="x" * 100_000)
    assert Book.count() == 1


# -- pages ------------------------------------------------------------------------------------------


def titles(query: QuerySet[Book], number: int, size: int = 3) -> list[str]:
    return [book.title for book in query.page(number, size)]


@pytest.fixture
def shelf() -> None:
    Book.create_many([Book(title=f"Book {n:02}", pages=n % 3) for n in range(20)])


@pytest.mark.usefixtures("shelf")
def test_a_page_and_the_count_are_two_statements_at_most() -> None:
    by_pages = Book.all().order_by("-pages").then_stored(newest=True)
    for query in (by_pages, by_pages.search("book"), by_pages.where(title__gt="A", pages__gt=0)):
        for number in (1, 2, 99):
            with assert_queries(2):
                query.page(number, size=3)
    with assert_queries(1):
        assert by_pages.search("nowhere").page().total == 0


@pytest.mark.usefixtures("shelf")
def test_rows_beyond_what_is_held_at_once_are_counted_instead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    query = Book.all().search("book").then_stored(newest=True)
    found = [titles(query, number) for number in (1, 4, 7)]
    monkeypatch.setattr("nitro_runtime.entities.sql.sqlite_pages.MOST_NUMBERS", 19)
    assert [titles(query, number) for number in (1, 4, 7)] == found
    assert query.page(1, 3).total == 20


def test_a_view_and_a_table_without_row_numbers_have_pages_too(path: Path) -> None:
    class Plain(Entity, version=False):
        title: str = Field(search=True)

    class Odd(Entity, version=False):
        title: str
        RowID: int = 0

    db = raw(path)
    db.execute(
        "CREATE TABLE plain (id TEXT PRIMARY KEY, title TEXT, title_search TEXT) WITHOUT ROWID"
    )
    for entity in (Plain, Odd):
        entity.create_many([{"title": f"{n}"} for n in range(5)])
        query: QuerySet[Any] = entity.all().then_stored(newest=True)
        assert [each.title for each in query.page(2, 2)] == ["2", "1"]
        assert [each.title for each in query.where(title__gt="0").page(9, 3)] == ["1"]
    db.execute("ALTER TABLE plain RENAME TO stored")
    db.execute("CREATE VIEW plain AS SELECT * FROM stored")
    db.close()
    configure(f"sqlite:///{path}")  # which knows nothing of the file yet
    assert [each.title for each in Plain.all().then_stored().page(3, 2)] == ["4"]


@pytest.mark.usefixtures("alone")
def test_all_tables_are_created_at_once(path: Path) -> None:
    create_tables()
    with connect() as connection:
        assert inspect(connection).has_table("book")


def test_threads_that_make_a_new_file_at_once_do_not_get_in_each_others_way(
    tmp_path: Path,
) -> None:
    failed: list[DatabaseBusy] = []
    for number in range(150):
        made = SqliteDatabase(str(tmp_path / f"{number}.db"), durable=False, patience=1.0)
        together = threading.Barrier(4)

        def open_it(made: SqliteDatabase = made, together: threading.Barrier = together) -> None:
            together.wait()
            try:
                made.lane()
            except DatabaseBusy as error:
                failed.append(error)

        threads = [threading.Thread(target=open_it) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        made.close()
    assert failed == []
