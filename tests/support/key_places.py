"""Where idempotency keys can be kept by several processes: a place of one's own on each store."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

from services import MARIADB, POSTGRES, REDIS, Service, own_database, own_redis

from nitro_runtime.entities.redis.repository import RedisRepository

PLACES = ("sqlite", "postgres", "mariadb", "redis")
_SERVICES = {"postgres": POSTGRES, "mariadb": MARIADB, "redis": REDIS}
Missing = Callable[[str], NoReturn]


@contextmanager
def key_places(folder: Path, missing: Missing) -> Generator[Callable[[str], str]]:
    """Yields what gives the address of a place, as `configure` takes it.

    Each is made when it is first asked for, and gone after the block.
    """
    made: dict[str, str] = {}
    with ExitStack() as stack:

        def address(name: str) -> str:
            if name not in made:
                made[name] = stack.enter_context(_place(name, folder, missing))
            return made[name]

        yield address


@contextmanager
def _place(name: str, folder: Path, missing: Missing) -> Generator[str]:
    if name == "sqlite":
        yield f"sqlite:///{folder / 'keys.db'}"
        return
    service: Service = _SERVICES[name]
    if not service.answers:
        missing(service.missing)
    if service is not REDIS:
        with own_database(service) as address:
            yield address
        return
    address = own_redis()
    try:
        yield address
    finally:
        repository = RedisRepository(address)
        repository.clear()
        repository.close()
