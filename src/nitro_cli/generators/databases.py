"""The database of a new project: what ``--database`` may say."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from nitro_runtime.errors import UsageError, suggestion

# The word before :// | the extra with its driver
_EXTRAS = {
    "sqlite": "",
    "postgresql": "postgres",
    "postgres": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
}
_EXAMPLES = "sqlite:///app.db, postgresql://user@host/name or mysql://user@host/name"


@dataclass(frozen=True, slots=True)
class Database:
    """Where a project keeps its data.

    Attributes:
        url: The address, for this machine's ``.env``.
        shown: The same without its password, for what is committed.
        extra: The extra of Nitro with the driver; empty when Python has it.
    """

    url: str
    shown: str
    extra: str


def embedded(package: str) -> Database:
    """Returns the database of a project that says nothing: a SQLite file in its folder."""
    url = f"sqlite:///{package}.db"
    return Database(url, url, "")


def database_at(url: str) -> Database:
    """Returns the database at an address.

    Raises:
        UsageError: It is no address of a database that a project can be made for.
    """
    try:
        parts = urlsplit(url)
        host, user, port = parts.hostname, parts.username, parts.port
    except ValueError:
        raise UsageError(f"--database takes an address such as {_EXAMPLES}.") from None
    kind = parts.scheme.partition("+")[0]
    if kind not in _EXTRAS or "://" not in url or any(c.isspace() for c in url):
        hint = suggestion(kind, _EXTRAS) if kind else ""
        raise UsageError(f"--database takes an address such as {_EXAMPLES}.{hint}")
    if kind != "sqlite" and (host is None or not parts.path.strip("/")):
        raise UsageError(f"--database needs a host and the name of a database: {_EXAMPLES}.")
    if parts.password is None:
        return Database(url, url, _EXTRAS[kind])
    place = f"{user}:PASSWORD@{host}" + (f":{port}" if port else "")
    return Database(url, urlunsplit(parts._replace(netloc=place)), _EXTRAS[kind])
