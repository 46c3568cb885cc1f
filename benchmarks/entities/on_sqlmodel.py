# ruff: noqa: D102 # the verbs are described once, by `Peer`
"""SQLModel, with a session for each call, as its documentation has one for each request."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from sqlmodel import Field, MetaData, Session, SQLModel, col, delete, func, select

from benchmarks.entities.on_sqlalchemy import engine
from benchmarks.entities.products import CATEGORY, KEY, Supply


class Row(SQLModel, table=True):
    """The product, as SQLModel maps it; it is not validated."""

    __tablename__: Any = "product"
    metadata = MetaData()  # its own: the entity's table has the same name

    id: str = Field(primary_key=True)
    name: str
    category: str
    price: float
    stock: int = 0
    active: bool = True
    sku: str
    version: int = 1


class SqlModel:
    """The peer whose users Nitro wants to feel at home."""

    name: ClassVar[str] = "SQLModel"

    def __init__(self, database: Path | str) -> None:
        self.engine = engine(database)
        self.supply = Supply()

    def get(self) -> Row | None:
        with Session(self.engine) as session:
            return session.get(Row, KEY)

    def filter(self) -> Sequence[Row]:
        query = select(Row).where(Row.category == CATEGORY).order_by(Row.id)
        with Session(self.engine) as session:
            return session.exec(query).all()

    def count(self) -> int:
        with Session(self.engine) as session:
            return session.exec(select(func.count()).select_from(Row)).one()

    def count_some(self) -> int:
        query = select(func.count()).select_from(Row).where(Row.category == CATEGORY)
        with Session(self.engine) as session:
            return session.exec(query).one()

    def create(self) -> Row:
        with Session(self.engine) as session:
            row = Row(**self.supply.new())
            session.add(row)
            session.commit()
            return row

    def update(self) -> Row:
        with Session(self.engine) as session:
            row = session.get_one(Row, KEY)
            row.stock += 1
            row.version += 1
            session.commit()
            return row

    def delete(self) -> None:
        with Session(self.engine) as session:
            session.exec(delete(Row).where(col(Row.id) == self.supply.doomed()))
            session.commit()

    def read(self, key: str) -> Row:
        with Session(self.engine) as session:
            return session.get_one(Row, key)

    def delete_read(self, one: Row) -> None:
        with Session(self.engine) as session:
            session.delete(one)
            session.commit()

    def insert_many(self) -> None:
        with Session(self.engine) as session:
            session.add_all([Row(**row) for row in self.supply.many()])
            session.commit()
