"""Which backend entities use: `configure`, the environment, or memory."""

from __future__ import annotations

import os
import threading
from typing import Any

from nitro_runtime.entities.memory import MemoryRepository
from nitro_runtime.entities.repository import Repository
from nitro_runtime.entities.transactions import current_transaction
from nitro_runtime.errors import ConfigurationError, suggestion
from nitro_runtime.storage import Storage, use_storage


class _Settings:
    """The backends of this process. ``generation`` grows at each change, so that classes ask anew."""

    def __init__(self) -> None:
        self.generation = 0
        self.default: Repository | None = None
        self.named: dict[str, Repository] = {}
        self.lock = threading.RLock()


settings = _Settings()


def configure(
    database: str | None = None,
    *,
    create_tables: bool = True,
    engine: Any = None,  # noqa: ANN401 # a sqlalchemy.Engine; importing it here would cost a start
    durable: bool = False,
    patience: float = 5.0,
    pool_size: int = 10,
    uploads: Storage | str | os.PathLike[str] | None = None,
) -> Repository:
    """Sets the backend of every entity that does not choose its own.

    Without a call, ``NITRO_DATABASE_URL`` decides, and without that, memory.

    Args:
        database: ``"sqlite:///app.db"`` (relative), ``"sqlite:////srv/app.db"``, ``"sqlite://"`` (a
            private file that goes with the process), ``"postgresql://user@host/name"``,
            ``"mysql://user@host/name"``, ``"redis://host:6379/0"`` or ``"memory"``.
        create_tables: Whether a missing table is created at its first use; otherwise it raises
            `MissingTable`, which names the migration command.
        engine: An application's own SQLAlchemy engine, through which Nitro opens its connections:
            its creator, events and connect_args count. `transaction` can join its transactions.
        durable: Whether a commit waits for the disk (SQLite's synchronous FULL): slower, and
            nothing is lost when the power fails. Otherwise the last commits may be lost then, and
            the file stays intact.
        patience: Seconds that a writer waits for another, or anybody for a connection to a server,
            before `DatabaseBusy`.
        pool_size: How many connections to a server there are at most.
        uploads: Where uploaded files are kept: a folder, or a `Storage`. When left out it stays as
            it is: ``NITRO_UPLOADS``, or the folder ``uploads`` in the working directory.

    Returns:
        The backend.

    Raises:
        ConfigurationError: The address names no backend that Nitro has.
    """
    address = _address(database, engine)
    repository: Repository
    if address == "memory":
        repository = MemoryRepository(patience)
    elif engine is None and address.startswith(("redis:", "rediss:")):
        repository = _redis(address, pool_size, patience)
    else:
        from nitro_runtime.entities.sql.opening import open_database

        repository = open_database(
            address,
            engine=engine,
            create_tables=create_tables,
            durable=durable,
            patience=patience,
            pool_size=pool_size,
        )
    use(repository)
    if uploads is not None:
        use_storage(uploads)
    return repository


def _redis(address: str | None, pool_size: int = 10, patience: float = 5.0) -> Repository:
    if not address:
        raise ConfigurationError(
            'A class has backend="redis", and nothing says where Redis is: set NITRO_REDIS_URL to an '
            "address such as redis://localhost:6379/0."
        )
    from nitro_runtime.entities.redis.repository import RedisRepository

    return RedisRepository(address, pool_size, patience)


def _browser() -> Repository:
    from nitro_runtime.entities.browser import BrowserRepository

    return BrowserRepository()


def _address(database: str | None, engine: Any) -> str:  # noqa: ANN401 # a sqlalchemy.Engine
    if engine is not None:
        if database is not None:
            raise ConfigurationError("Give configure() a database or an engine, not both.")
        return engine.url.render_as_string(hide_password=False)
    address = database or os.environ.get("NITRO_DATABASE_URL") or "memory"
    if address == "browser":
        raise ConfigurationError(
            "What a browser keeps is there only while its visitor is answered, so it cannot be the "
            'backend of every entity; choose it for a class: class Cart(Entity, backend="browser").'
        )
    return address


def use(repository: Repository) -> None:
    """Makes a repository the default of every entity that does not choose its own.

    The former one is closed if it can be.

    Raises:
        ConfigurationError: A transaction is open here.
    """
    if current_transaction() is not None:
        raise ConfigurationError("The backend cannot be changed inside a transaction.")
    with settings.lock:
        former, settings.default = settings.default, repository
        settings.generation += 1
    if former is not None and former is not repository:
        close = getattr(former, "close", None)
        if close is not None:
            close()


def register_backend(repository: Repository) -> None:
    """Makes a repository available as ``class Cart(Entity, backend="<its name>")``."""
    with settings.lock:
        settings.named[repository.name] = repository
        settings.generation += 1


def default_repository() -> Repository:
    """Returns the backend of entities that do not choose their own."""
    found = settings.default
    if found is None:
        with settings.lock:
            found = settings.default or configure()
    return found


def repository_named(name: str | None) -> Repository:
    """Returns the backend that a class keyword names; the default for None.

    Raises:
        ConfigurationError: There is none of this name.
    """
    if name is None:
        return default_repository()
    with settings.lock:
        if name in settings.named:
            return settings.named[name]
        if name == "browser":
            return settings.named.setdefault(name, _browser())
        default = default_repository()
        if default.name == name:
            return default
        if name == "memory":
            return settings.named.setdefault("memory", MemoryRepository())
        if name == "redis":
            return settings.named.setdefault(name, _redis(os.environ.get("NITRO_REDIS_URL")))
        known = sorted({"memory", "browser", "redis", default.name, *settings.named})
    raise ConfigurationError(
        f"There is no backend {name!r}; there are {', '.join(known)}.{suggestion(name, known)}"
    )
