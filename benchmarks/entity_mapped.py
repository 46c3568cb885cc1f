"""A plain table beside a data model, against a mapped class with a constructor that validates.

The evidence of the decision on SQLModel. The mapped class is read in two ways: by SQLAlchemy's session, and
by the driver's cursor, which is as fast as it can get and leaves it outside of every session.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import create_model
from sqlalchemy import inspect
from sqlalchemy.exc import InvalidRequestError, SAWarning
from sqlalchemy.orm import configure_mappers, registry
from sqlmodel import Field, MetaData, SQLModel

from benchmarks.entities import on_mapped
from benchmarks.entities.on_nitro import Product
from benchmarks.entities.products import COLUMNS, KEY, make_file, values
from benchmarks.frame import Comparison, Table, WrongOutput
from nitro_runtime.entities import Entity, configure

_FIELDS: dict[str, Any] = {
    "name": (str, ...),
    "category": (str, Field(index=True)),
    "price": (float, ...),
    "stock": (int, 0),
    "active": (bool, True),
    "sku": (str, ...),
}


def comparisons() -> Iterator[Comparison]:
    """Yields what can be timed."""
    given = values(7)
    yield Comparison(
        "mapped or not: construct, validated",
        {"data model": lambda: Product(**given), "mapped": lambda: on_mapped.validated(**given)},
        "data model",
        number=2_000,
        check=lambda made: same_values(made, given),
    )
    with tempfile.TemporaryDirectory(prefix="nitro-bench-") as folder:
        path = Path(folder) / "products.db"
        make_file(path)
        configure(f"sqlite:///{path}")
        driver, session = on_mapped.ByDriver(path), on_mapped.BySession(path)
        yield Comparison(
            "mapped or not: get one of 10,000 by id",
            {
                "data model": lambda: Product.get(KEY),
                "mapped, driver": driver.get,
                "mapped, session": session.get,
            },
            "data model",
            number=200,
            check=lambda made: same_values(made, values(5_000)),
        )
    yield Comparison(
        "mapped or not: define a class and its table",
        {"data model": define_entity, "mapped": define_mapped},
        "data model",
        number=3,
    )


def same_values(made: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Makes sure that all objects have the values.

    Raises:
        WrongOutput: One has others.
    """
    for name, one in made.items():
        if {column: getattr(one, column) for column in COLUMNS} != wanted:
            raise WrongOutput(f"{name} made {one!r}")


def define_entity(annotation: Any = None) -> type[Any]:  # noqa: ANN401 # a type
    """Defines an entity of six fields, or of one, and builds its table."""
    fields = _FIELDS if annotation is None else {"one": (annotation, ...)}
    meta: Any = type(Entity)
    made: Any = meta(
        "Defined",
        (Entity,),
        {
            "__module__": __name__,
            "__annotations__": {name: kind for name, (kind, _) in fields.items()},
            **{name: default for name, (_, default) in fields.items() if default is not ...},
        },
        table_name="defined",
    )
    table: Any = made.table
    SQLModel.metadata.remove(table)
    return made


def define_mapped(annotation: Any = None) -> type[Any]:  # noqa: ANN401
    """Defines a mapped class and its twin of the same fields, and configures its mapper."""
    fields = _FIELDS if annotation is None else {"one": (annotation, ...)}
    meta: Any = type(SQLModel)
    base = meta(
        "Base", (SQLModel,), {"metadata": MetaData(), "__module__": __name__}, registry=registry()
    )
    made: Any = meta(
        "Defined",
        (base,),
        {
            "__module__": __name__,
            "__annotations__": {"id": str, **{name: kind for name, (kind, _) in fields.items()}},
            "id": Field(primary_key=True),
            **{name: default for name, (_, default) in fields.items() if default is not ...},
        },
        table=True,
    )
    create: Any = create_model  # its overloads know no names that come in a dictionary
    create("Twin", id=(str, ...), **fields)
    configure_mappers()
    inspect(made)
    return made


def tables(rounds: int | None) -> Iterator[Table]:
    """Yields what goes wrong where: types of fields, a second definition, a wrong assignment."""
    kinds: dict[str, Any] = {
        "a field list[str]": list[str],
        "a field dict[str, int]": dict[str, int],
        "a field Literal": Literal["a", "b"],
    }
    rows = [
        (name, (_outcome(define_entity, kind), _outcome(define_mapped, kind)))
        for name, kind in kinds.items()
    ]
    rows.append(("the class defined twice", (_outcome(_entity_twice), _outcome(_mapped_twice))))
    wrong = (
        _outcome(setattr, Product(**values(1)), "price", "abc"),
        _outcome(setattr, on_mapped.validated(**values(1)), "price", "abc"),
    )
    rows.append(("price = 'abc' assigned", wrong))
    yield Table("mapped or not: what works, and what is raised", ("data model", "mapped"), rows)


def _entity_twice() -> None:
    define_entity()
    define_entity()


def _mapped_twice() -> None:
    base: Any = type("Base", (SQLModel,), {"metadata": MetaData(), "__module__": __name__})
    meta: Any = type(SQLModel)
    names = {"__module__": __name__, "__annotations__": {"id": str}}
    with warnings.catch_warnings(category=SAWarning, action="ignore"):  # it tells of it first
        for _ in range(2):
            meta("Twice", (base,), {**names, "id": Field(primary_key=True)}, table=True)


def _outcome(do: Any, *given: Any) -> str:  # noqa: ANN401
    try:
        do(*given)
    except (TypeError, ValueError, InvalidRequestError) as error:
        return type(error).__name__
    return "works"
