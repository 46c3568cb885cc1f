# ruff: noqa: D102 # the verbs are described once, by `Peer`
"""SQLAlchemy: Core with a connection for each statement, the ORM with a session for each unit of work."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from benchmarks.entities.products import CATEGORY, KEY, Supply


def engine(database: Path | str) -> sa.Engine:
    """Returns an engine: of a file, with the pragma that the others set too, or of an address."""
    if isinstance(database, str):
        return sa.create_engine(database)
    made = sa.create_engine(f"sqlite:///{database}")

    def synchronous(connection: Any, _: object) -> None:  # noqa: ANN401 # the driver's
        connection.execute("PRAGMA synchronous = NORMAL")

    event.listen(made, "connect", synchronous)
    return made


class Base(DeclarativeBase):
    """Mapped classes of this comparison alone."""


class Product(Base):
    """The product, mapped."""

    __tablename__ = "product"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    category: Mapped[str]
    price: Mapped[float]
    stock: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    active: Mapped[bool] = mapped_column(default=True)
    sku: Mapped[str]
    version: Mapped[int] = mapped_column(sa.BigInteger, default=1)


TABLE: Any = Product.__table__


class Core:
    """Statements built for each call, as Core's documentation does."""

    name: ClassVar[str] = "SQLAlchemy Core"

    def __init__(self, database: Path | str) -> None:
        self.engine = engine(database)
        self.supply = Supply()
        self.stock = self.get()[4]
        self.versions = itertools.count(1)

    def get(self) -> Any:  # noqa: ANN401
        with self.engine.connect() as connection:
            return tuple(connection.execute(sa.select(TABLE).where(TABLE.c.id == KEY)).one())

    def filter(self) -> Sequence[Any]:
        query = sa.select(TABLE).where(TABLE.c.category == CATEGORY).order_by(TABLE.c.id)
        with self.engine.connect() as connection:
            return connection.execute(query).all()

    def count(self) -> int:
        query = sa.select(sa.func.count()).select_from(TABLE)
        with self.engine.connect() as connection:
            return connection.execute(query).scalar_one()

    def count_some(self) -> int:
        query = sa.select(sa.func.count()).select_from(TABLE).where(TABLE.c.category == CATEGORY)
        with self.engine.connect() as connection:
            return connection.execute(query).scalar_one()

    def create(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.insert(TABLE), self.supply.new())

    def update(self) -> int:
        version = next(self.versions)
        self.stock += 1
        change = (
            sa.update(TABLE)
            .where(TABLE.c.id == KEY, TABLE.c.version == version)
            .values(stock=self.stock, version=version + 1)
        )
        with self.engine.begin() as connection:
            return connection.execute(change).rowcount

    def delete(self) -> int:
        with self.engine.begin() as connection:
            return connection.execute(
                sa.delete(TABLE).where(TABLE.c.id == self.supply.doomed())
            ).rowcount

    def read(self, key: str) -> Any:  # noqa: ANN401
        with self.engine.connect() as connection:
            return connection.execute(sa.select(TABLE).where(TABLE.c.id == key)).one()

    def delete_read(self, one: Any) -> int:  # noqa: ANN401
        chosen = sa.delete(TABLE).where(TABLE.c.id == one.id, TABLE.c.version == one.version)
        with self.engine.begin() as connection:
            return connection.execute(chosen).rowcount

    def insert_many(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.insert(TABLE), self.supply.many())


class Orm:
    """A session for each call."""

    name: ClassVar[str] = "SQLAlchemy ORM"

    def __init__(self, database: Path | str) -> None:
        self.engine = engine(database)
        self.supply = Supply()

    def get(self) -> Product | None:
        with Session(self.engine) as session:
            return session.get(Product, KEY)

    def filter(self) -> Sequence[Product]:
        query = sa.select(Product).where(Product.category == CATEGORY).order_by(Product.id)
        with Session(self.engine) as session:
            return session.scalars(query).all()

    def count(self) -> int:
        with Session(self.engine) as session:
            return session.scalars(sa.select(sa.func.count()).select_from(Product)).one()

    def count_some(self) -> int:
        query = sa.select(sa.func.count()).select_from(Product).where(Product.category == CATEGORY)
        with Session(self.engine) as session:
            return session.scalars(query).one()

    def create(self) -> Product:
        with Session(self.engine) as session:
            row = Product(**self.supply.new())
            session.add(row)
            session.commit()
            return row

    def update(self) -> Product:
        with Session(self.engine) as session:
            row = session.get_one(Product, KEY)
            row.stock += 1
            row.version += 1
            session.commit()
            return row

    def delete(self) -> None:
        with Session(self.engine) as session:
            session.execute(sa.delete(Product).where(Product.id == self.supply.doomed()))
            session.commit()

    def read(self, key: str) -> Product:
        with Session(self.engine) as session:
            return session.get_one(Product, key)

    def delete_read(self, one: Product) -> None:
        with Session(self.engine) as session:
            session.delete(one)
            session.commit()

    def insert_many(self) -> None:
        with Session(self.engine) as session:
            session.add_all([Product(**row) for row in self.supply.many()])
            session.commit()
