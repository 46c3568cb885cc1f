"""The other way to store entities: a class that SQLAlchemy maps, with a constructor that validates.

SQLModel's ``table=True`` validates nothing. Here pydantic validates in a twin without a table, and
the mapped object takes the values over; SQLAlchemy's sessions work with it as with any other.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy import inspect
from sqlalchemy.orm import Session, configure_mappers
from sqlmodel import Field, MetaData, SQLModel

from benchmarks.entities.on_sqlalchemy import engine
from benchmarks.entities.on_sqlite3 import SELECT
from benchmarks.entities.products import CHOSEN, COLUMNS, KEY

_place = object.__setattr__


class Mapped(SQLModel, table=True):
    """The product, mapped."""

    __tablename__: Any = "product"
    metadata = MetaData()  # its own: the entity's table has the same name

    id: str = Field(primary_key=True)
    name: str
    category: str = Field(index=True)
    price: float
    stock: int = 0
    active: bool = True
    sku: str
    version: int = 1


class Twin(BaseModel):
    """What validates the values of `Mapped`."""

    id: str
    name: str
    category: str
    price: float
    stock: int = 0
    active: bool = True
    sku: str
    version: int = 1


configure_mappers()
_validate: Any = Twin.__pydantic_validator__.validate_python
_new: Any = inspect(Mapped).class_manager.new_instance


def _blank() -> Any:  # noqa: ANN401 # a Mapped with no values
    made: Any = _new()
    _place(made, "__pydantic_extra__", None)
    _place(made, "__pydantic_private__", None)
    return made


def validated(**values: Any) -> Mapped:  # noqa: ANN401 # of the fields' types
    """Makes a mapped object of values that pydantic has validated."""
    valid = _validate(values)
    made = _blank()
    made.__dict__.update(valid.__dict__)
    _place(made, "__pydantic_fields_set__", valid.__pydantic_fields_set__)
    return made


def of_row(row: tuple[Any, ...]) -> Mapped:
    """Makes a mapped object of the driver's tuple, outside of any session."""
    made = _blank()
    made.__dict__.update(zip(COLUMNS, row, strict=True))
    _place(made, "__pydantic_fields_set__", set(COLUMNS))
    return made


class ByDriver:
    """Reads by the driver's own cursor, as entities do."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)

    def get(self) -> Mapped:
        """Reads one."""
        return of_row(self.db.execute(SELECT, (KEY,)).fetchone())

    def all(self) -> list[Mapped]:
        """Reads all."""
        return [of_row(row) for row in self.db.execute(f"SELECT {CHOSEN} FROM product ORDER BY id")]


class BySession:
    """Reads by a session that is held, emptied before each call as a new one would be."""

    def __init__(self, path: Path) -> None:
        self.session = Session(engine(path))

    def get(self) -> Mapped | None:
        """Reads one."""
        self.session.expunge_all()
        return self.session.get(Mapped, KEY)
