"""Entities against hand-written SQL and the ORMs: one SQLite file each, the same rows and pragmas.

Each contender has its own copy of one file of 10,000 products, in WAL mode with synchronous NORMAL.
Every peer is used as its own documentation does in a web application: a session for each unit of
work, a held connection where it holds one.
"""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.frame import Comparison
from nitro_runtime.entities import Entity, configure

ROWS = 10_000
COLUMNS = ("id", "name", "category", "price", "stock", "active", "sku", "version")
SCHEMA = """CREATE TABLE product (
    id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR NOT NULL, category VARCHAR NOT NULL,
    price FLOAT NOT NULL, stock BIGINT NOT NULL, active BOOLEAN NOT NULL, sku VARCHAR NOT NULL,
    version BIGINT NOT NULL)"""
SELECT = f"SELECT {', '.join(COLUMNS)} FROM product WHERE id = ?"
INSERT = f"INSERT INTO product ({', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
UPDATE = "UPDATE product SET stock = ?, version = ? WHERE id = ? AND version = ?"
FILTER = f"SELECT {', '.join(COLUMNS)} FROM product WHERE category = ? ORDER BY id"
COUNT = "SELECT count(*) FROM product WHERE category = ?"
DELETE = "DELETE FROM product WHERE id = ?"
KEY = "key-05000"
MANY = 1_000


class Product(Entity):
    """The entity that all others imitate."""

    name: str
    category: str
    price: float
    stock: int = 0
    active: bool = True
    sku: str


@dataclass(frozen=True)
class Peer:
    """One way to do the seven things.

    Attributes:
        get: Reads the product with the key.
        create: Stores a new product.
        update: Reads nothing; changes the stock of a product that was read before.
        select: Reads the 20 products of a category.
        count: Counts them in the database.
        insert_many: Stores 1,000 new products at once, all or none.
        delete: Deletes the product with a key, without reading it.
    """

    get: Callable[[], object]
    create: Callable[[], object]
    update: Callable[[], object]
    select: Callable[[], object]
    count: Callable[[], object]
    insert_many: Callable[[], object]
    delete: Callable[[], object]


def _values(number: int) -> dict[str, Any]:
    return {
        "id": f"key-{number:05}",
        "name": f"Product {number}",
        "category": f"c{number % 500}",
        "price": number * 1.5,
        "stock": number,
        "active": True,
        "sku": f"s{number}",
        "version": 1,
    }


def _new() -> Iterator[dict[str, Any]]:
    return map(_values, itertools.count(ROWS))


def _many(new: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(itertools.islice(new, MANY))


def _doomed() -> Iterator[str]:
    return (f"key-{number:05}" for number in range(ROWS - 1, ROWS // 2, -1))


def _template(folder: Path) -> Path:
    path = folder / "template.db"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(SCHEMA)
    db.execute("CREATE INDEX ix_product_category ON product (category)")
    db.execute("BEGIN")
    db.executemany(INSERT, [tuple(_values(i).values()) for i in range(ROWS)])
    db.execute("COMMIT")
    db.close()
    return path


def _raw(path: Path) -> Peer:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous = NORMAL")
    new, versions, doomed = _new(), itertools.count(1), _doomed()

    def insert_many() -> object:
        db.execute("BEGIN")
        db.executemany(INSERT, [tuple(values.values()) for values in _many(new)])
        return db.execute("COMMIT")

    def update() -> object:
        version = next(versions)
        return db.execute(UPDATE, (version, version + 1, KEY, version)).rowcount

    return Peer(
        get=lambda: db.execute(SELECT, (KEY,)).fetchone(),
        create=lambda: db.execute(INSERT, tuple(next(new).values())),
        update=update,
        select=lambda: db.execute(FILTER, ("c7",)).fetchall(),
        count=lambda: db.execute(COUNT, ("c7",)).fetchone(),
        insert_many=insert_many,
        delete=lambda: db.execute(DELETE, (next(doomed),)).rowcount,
    )


def _nitro(path: Path) -> Peer:
    configure(f"sqlite:///{path}")
    new, held, doomed = _new(), Product.get(KEY), _doomed()

    def update() -> object:
        held.stock += 1
        return held.save()

    return Peer(
        get=lambda: Product.get(KEY),
        create=lambda: Product.create(**next(new)),
        update=update,
        select=lambda: Product.where(Product.category == "c7").all(),
        count=lambda: Product.where(Product.category == "c7").count(),
        insert_many=lambda: Product.create_many(_many(new)),
        delete=lambda: Product.where(id=next(doomed)).delete(),
    )


def _engine(path: Path) -> Any:  # noqa: ANN401 # a sqlalchemy.Engine
    import sqlalchemy as sa
    from sqlalchemy import event

    engine = sa.create_engine(f"sqlite:///{path}")

    def synchronous(connection: Any, _: object) -> None:  # noqa: ANN401
        connection.execute("PRAGMA synchronous = NORMAL")

    event.listen(engine, "connect", synchronous)
    return engine


def _sqlalchemy_core(path: Path) -> Peer:
    import sqlalchemy as sa

    engine = _engine(path)
    table = sa.Table("product", sa.MetaData(), autoload_with=engine)
    new, versions, doomed = _new(), itertools.count(1), _doomed()

    def get() -> object:
        with engine.connect() as connection:
            return connection.execute(sa.select(table).where(table.c.id == KEY)).one()

    def create() -> object:
        with engine.begin() as connection:
            return connection.execute(sa.insert(table), next(new))

    def update() -> object:
        version = next(versions)
        with engine.begin() as connection:
            return connection.execute(
                sa.update(table)
                .where(table.c.id == KEY, table.c.version == version)
                .values(stock=version, version=version + 1)
            ).rowcount

    def select() -> object:
        query = sa.select(table).where(table.c.category == "c7").order_by(table.c.id)
        with engine.connect() as connection:
            return connection.execute(query).all()

    def count() -> object:
        query = sa.select(sa.func.count()).select_from(table).where(table.c.category == "c7")
        with engine.connect() as connection:
            return connection.execute(query).scalar_one()

    def insert_many() -> object:
        with engine.begin() as connection:
            return connection.execute(sa.insert(table), _many(new))

    def delete() -> object:
        with engine.begin() as connection:
            return connection.execute(sa.delete(table).where(table.c.id == next(doomed))).rowcount

    return Peer(get, create, update, select, count, insert_many, delete)


def _sqlmodel(path: Path) -> Peer:
    from sqlmodel import Field, MetaData, Session, SQLModel, col, delete, func, select

    class Row(SQLModel, table=True):
        __tablename__ = "product"  # pyright: ignore[reportAssignmentType]
        metadata = MetaData()  # its own: Nitro's table has the same name
        id: str = Field(primary_key=True)
        name: str
        category: str
        price: float
        stock: int = 0
        active: bool = True
        sku: str
        version: int = 1

    engine = _engine(path)
    new, doomed = _new(), _doomed()

    def get() -> object:
        with Session(engine) as session:
            return session.get(Row, KEY)

    def create() -> object:
        with Session(engine) as session:
            row = Row(**next(new))
            session.add(row)
            session.commit()
            return row

    def update() -> object:
        with Session(engine) as session:
            row = session.get_one(Row, KEY)
            row.stock += 1
            row.version += 1
            session.commit()
            return row

    def find() -> object:
        with Session(engine) as session:
            return session.exec(select(Row).where(Row.category == "c7").order_by(Row.id)).all()

    def count() -> object:
        query = select(func.count()).select_from(Row).where(Row.category == "c7")
        with Session(engine) as session:
            return session.exec(query).one()

    def insert_many() -> object:
        with Session(engine) as session:
            session.add_all([Row(**values) for values in _many(new)])
            return session.commit()

    def remove() -> object:
        with Session(engine) as session:
            session.exec(delete(Row).where(col(Row.id) == next(doomed)))
            return session.commit()

    return Peer(get, create, update, find, count, insert_many, remove)


def _django(path: Path) -> Peer:
    import django
    from django.conf import settings

    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(path),
                "OPTIONS": {"init_command": "PRAGMA synchronous = NORMAL"},
            }
        },
        USE_TZ=True,
    )
    django.setup()
    from django.db import models as django_models

    models: Any = django_models  # its stubs know no defaults

    class Row(models.Model):
        id = models.CharField(max_length=36, primary_key=True)
        name = models.CharField(max_length=80)
        category = models.CharField(max_length=80)
        price = models.FloatField()
        stock = models.BigIntegerField(default=0)
        active = models.BooleanField(default=True)
        sku = models.CharField(max_length=80)
        version = models.BigIntegerField(default=1)

        class Meta:
            app_label = "benchmark"
            db_table = "product"

    new: Iterator[dict[str, Any]] = _new()
    objects: Any = Row.objects
    held, doomed = objects.get(pk=KEY), _doomed()

    def update() -> object:
        held.stock += 1
        held.version += 1
        return held.save(update_fields=["stock", "version"])

    return Peer(
        get=lambda: objects.get(pk=KEY),
        create=lambda: objects.create(**next(new)),
        update=update,
        select=lambda: list(objects.filter(category="c7").order_by("id")),
        count=lambda: objects.filter(category="c7").count(),
        insert_many=lambda: objects.bulk_create([Row(**values) for values in _many(new)]),
        delete=lambda: objects.filter(pk=next(doomed)).delete(),
    )


def _peewee(path: Path) -> Peer:
    import peewee as pw

    database: Any = pw.SqliteDatabase(str(path), pragmas={"synchronous": "normal"})

    class Row(pw.Model):
        id = pw.CharField(primary_key=True)
        name = pw.CharField()
        category = pw.CharField()
        price = pw.FloatField()
        stock = pw.BigIntegerField(default=0)
        active = pw.BooleanField(default=True)
        sku = pw.CharField()
        version = pw.BigIntegerField(default=1)

        class Meta:
            table_name = "product"

    row: Any = Row
    database.bind([row])
    new, held, doomed = _new(), row.get_by_id(KEY), _doomed()

    def update() -> object:
        held.stock += 1
        held.version += 1
        return held.save(only=[row.stock, row.version])

    def insert_many() -> object:
        with database.atomic():
            return row.bulk_create([row(**values) for values in _many(new)], batch_size=100)

    return Peer(
        get=lambda: row.get_by_id(KEY),
        create=lambda: row.create(**next(new)),
        update=update,
        select=lambda: list(row.select().where(row.category == "c7").order_by(row.id)),
        count=lambda: row.select().where(row.category == "c7").count(),
        insert_many=insert_many,
        delete=lambda: row.delete().where(row.id == next(doomed)).execute(),
    )


REFERENCE = "raw sqlite3"
PEERS: dict[str, Callable[[Path], Peer]] = {
    "nitro": _nitro,
    REFERENCE: _raw,
    "SQLAlchemy Core": _sqlalchemy_core,
    "SQLModel session": _sqlmodel,
    "Django ORM": _django,
    "peewee": _peewee,
}


def comparisons() -> list[Comparison]:
    """Prepares the files and returns what is compared."""
    folder = Path(tempfile.mkdtemp(prefix="nitro-bench-"))
    template = _template(folder)
    peers: dict[str, Peer] = {}
    for name, make in PEERS.items():
        path = folder / f"{name.replace(' ', '_')}.db"
        shutil.copy(template, path)
        try:
            peers[name] = make(path)
        except ImportError as error:
            print(f"{name} is left out: {error}")
    return [
        Comparison(heading, {n: getattr(p, verb) for n, p in peers.items()}, REFERENCE, number)
        for heading, verb, number in (
            ("entity: get one of 10,000 by id", "get", 300),
            ("entity: filter 20 of 10,000", "select", 100),
            ("entity: count 20 of 10,000", "count", 200),
            ("entity: update one", "update", 100),
            ("entity: create one", "create", 100),
            ("entity: delete one by id, unread", "delete", 100),
            ("entity: insert 1,000 at once (only nitro validates them)", "insert_many", 1),
        )
    ]
