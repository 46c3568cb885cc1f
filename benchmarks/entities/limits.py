"""What entities must reach, row by row: data, which the tables are checked against."""

from __future__ import annotations

from benchmarks.frame import Limit

RAW = "raw sqlite3"
PSYCOPG = "psycopg by hand"
PLAIN = "plain pydantic"
ORMS = ("SQLModel", "SQLAlchemy ORM", "SQLAlchemy Core", "Django ORM", "peewee", "Tortoise")

AT_MOST: dict[str, float] = {
    "get": 2.0,
    "filter": 2.5,
    "count": 1.5,
    "count_some": 1.5,
    "create": 1.5,
    "update": 2.0,
    "delete": 1.5,
    "delete_read": 1.5,
    "insert_many": 1.5,
}
"""The time of each verb of an entity, in times of the hand-written SQL, on a SQLite file."""

TEN_TIMES_FASTER: dict[str, tuple[str, ...]] = {"get": ("SQLModel", "Django ORM", "peewee")}

SERVER_AT_MOST: dict[str, float] = {"get": 1.5, "create": 1.5}
"""The same on PostgreSQL, in times of psycopg."""

CONSTRUCT_AT_MOST = 2.0
"""Making a validated entity whose id is given, in times of a plain pydantic model."""

MEMORY_AT_MOST = 1.3
"""100,000 loaded entities, in times of as many plain pydantic models."""


def on_sqlite(verb: str) -> list[Limit]:
    """Returns the limits of a verb: beside the SQL by hand, and ahead of every ORM."""
    limits = [Limit("nitro", (RAW,), AT_MOST[verb]), Limit("nitro", ORMS, 1.0)]
    if verb in TEN_TIMES_FASTER:
        limits.append(Limit("nitro", TEN_TIMES_FASTER[verb], 0.1))
    return limits


def on_server(verb: str, by_hand: str) -> list[Limit]:
    """Returns the limits of a verb on a server: only PostgreSQL has some."""
    if by_hand != PSYCOPG or verb not in SERVER_AT_MOST:
        return []
    return [Limit("nitro", (PSYCOPG,), SERVER_AT_MOST[verb])]
