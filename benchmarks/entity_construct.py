"""Making a validated object, whose id is given: an entity beside other classes of the same fields.

What counts is the ratio to a plain pydantic model. SQLModel's mapped class is the one that its users
store; it validates nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.entities.limits import CONSTRUCT_AT_MOST, PLAIN
from benchmarks.entities.on_nitro import Product, plain_model
from benchmarks.entities.on_sqlmodel import Row
from benchmarks.entities.products import COLUMNS, values
from benchmarks.frame import Comparison, Limit, WrongOutput


def comparisons() -> Iterator[Comparison]:
    """Yields one comparison."""
    given, plain = values(7), plain_model()
    yield Comparison(
        "entity: construct, id given",
        {
            "nitro": lambda: Product(**given),
            PLAIN: lambda: plain(**given),
            "SQLModel, mapped, not validated": lambda: Row(**given),
        },
        PLAIN,
        number=3_000,
        rounds=25,
        check=_same_values,
        limits=[Limit("nitro", (PLAIN,), CONSTRUCT_AT_MOST)],
    )


def _same_values(made: Mapping[str, Any]) -> None:
    """Makes sure that all objects have the same values.

    Raises:
        WrongOutput: One has others.
    """
    for name, one in made.items():
        if {column: getattr(one, column) for column in COLUMNS} != values(7):
            raise WrongOutput(f"{name} made {one!r}")
