"""Loads products out of a SQLite file in one way and tells what they take: a program of its own.

``python -m benchmarks.entities.loading nitro products.db`` prints the bytes that Python has allocated
for the list of all products: nothing but what `tracemalloc` sees, so no cache of SQLite's.
"""

from __future__ import annotations

import gc
import sqlite3
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.entities.products import CHOSEN, COLUMNS

Load = Callable[[], Sequence[Any]]
_ALL = f"SELECT {CHOSEN} FROM product ORDER BY id"


def _nitro(path: Path) -> Load:
    from benchmarks.entities.on_nitro import Product
    from nitro_runtime.entities import configure

    configure(f"sqlite:///{path}")
    return lambda: Product.all().all()


def _plain(path: Path) -> Load:
    from benchmarks.entities.on_nitro import plain_model

    db, plain = sqlite3.connect(path), plain_model()
    return lambda: [plain(**dict(zip(COLUMNS, row, strict=True))) for row in db.execute(_ALL)]


def _tuples(path: Path) -> Load:
    db = sqlite3.connect(path)
    return lambda: db.execute(_ALL).fetchall()


def _sqlmodel(path: Path) -> Load:
    from sqlmodel import Session, select

    from benchmarks.entities.on_sqlalchemy import engine
    from benchmarks.entities.on_sqlmodel import Row

    session = Session(engine(path))
    return lambda: session.exec(select(Row).order_by(Row.id)).all()


def _mapped(path: Path) -> Load:
    from benchmarks.entities.on_mapped import ByDriver

    return ByDriver(path).all


WAYS: dict[str, Callable[[Path], Load]] = {
    "nitro": _nitro,
    "plain pydantic": _plain,
    "raw sqlite3": _tuples,
    "SQLModel": _sqlmodel,
    "mapped, by the driver": _mapped,
}


def taken(load: Load) -> int:
    """Returns the bytes that stay allocated for what is loaded."""
    one = load()[:1]  # what is made at the first use does not belong to the rows
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    rows = load()
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(rows) > len(one)
    return after - before


if __name__ == "__main__":
    _, way, file = sys.argv
    sys.stdout.write(f"{taken(WAYS[way](Path(file)))}\n")
