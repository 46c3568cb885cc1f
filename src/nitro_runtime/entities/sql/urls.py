"""Addresses of databases, as people write them."""

from __future__ import annotations

from importlib.util import find_spec

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from nitro_runtime.errors import ConfigurationError, MissingExtra, suggestion

# What is written | SQLAlchemy's name of the database and the driver that Nitro uses | its extra
_DRIVERS = {
    "sqlite": ("sqlite", None, ""),
    "postgresql": ("postgresql+psycopg", "psycopg", "postgres"),
    "postgres": ("postgresql+psycopg", "psycopg", "postgres"),
    "mysql": ("mysql+pymysql", "pymysql", "mysql"),
    "mariadb": ("mysql+pymysql", "pymysql", "mysql"),
}
_EXAMPLES = "sqlite:///app.db, postgresql://user@host/name or mysql://user@host/name"


def normalised(url: str | sa.URL) -> sa.URL:
    """Returns an address with the driver in it that Nitro uses: ``postgres://`` as ``postgresql+psycopg://``.

    Raises:
        ConfigurationError: It is no address, or names a database that Nitro does not know.
        MissingExtra: The driver is not installed.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        # Not shown: an address may hold a password.
        raise ConfigurationError(
            f"The address of the database is not one; write one such as {_EXAMPLES}."
        ) from None
    written = address.drivername.partition("+")[0]
    if written not in _DRIVERS:
        raise ConfigurationError(
            f"There is no database {written!r}; write an address such as {_EXAMPLES}."
            f"{suggestion(written, _DRIVERS)}"
        )
    name, driver, extra = _DRIVERS[written]
    if driver is not None and find_spec(driver) is None:
        raise MissingExtra(driver, extra)
    return address.set(drivername=name)
