"""`nitro doctor`: looks whether what a project stands on is there and fit for it; changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from nitro_runtime.errors import EntityError, NitroError

if TYPE_CHECKING:
    from nitro_runtime.entities.redis.repository import RedisRepository
    from nitro_runtime.entities.repository import Repository

State = Literal["ok", "warning", "broken"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found.

    Attributes:
        about: What was looked at.
        state: ``"ok"``; ``"warning"``: it works, and something is to be thought of; ``"broken"``.
        sentence: What is so, and what to do.
    """

    about: str
    state: State
    sentence: str


@dataclass(slots=True)
class Project:
    """What is looked at.

    Attributes:
        root: The project's folder, or that of an app.
        packages: The package of a project that Nitro made; none stands for all modules of an app.
        app: Where the app is that Nitro did not make, ``main:app``; None where that is not known.
        repositories: The backends that its entities use, the default first.
    """

    root: Path
    packages: Sequence[str] = ()
    app: str | None = None
    repositories: list[Repository] = field(default_factory=list["Repository"])

    @property
    def default(self) -> Repository | None:
        """The backend of entities that choose none."""
        return self.repositories[0] if self.repositories else None


Check = Callable[[Project], Iterator[tuple[State, str]]]


def examine(start: Path, app: str | None = None) -> list[Finding]:
    """Looks at the project that a folder is in, or at the app in it.

    It imports the modules with entities, as migrations do, and asks the servers. An app that Nitro did
    not make is imported whole: only its own code says where its data is.

    Args:
        start: The folder.
        app: The app, or what makes it, as ``--app`` takes it; None: the one that is known, if any.
    """
    from nitro_cli.database.environment import inside, sentences

    project = _project(start, app)
    findings: list[Finding] = []
    with inside(project.root):
        for about, check in CHECKS:
            try:
                with sentences(project.root):
                    findings += [Finding(about, state, text) for state, text in check(project)]
            except NitroError as problem:
                findings.append(Finding(about, "broken", str(problem)))
    return findings


def _project(start: Path, app: str | None) -> Project:
    from nitro_cli.loading import adopted_app, packages_of, root_of

    root = root_of(start, needed=False)
    return Project(root, packages_of(root), app or adopted_app(root))


# -- checks ---------------------------------------------------------------------------------------


def _entities(project: Project) -> Iterator[tuple[State, str]]:
    """Finds the entities, and with them the backends that are in use."""
    from nitro_cli.loading import load_app
    from nitro_runtime.entities.discovery import import_entities
    from nitro_runtime.entities.settings import default_repository
    from nitro_runtime.schema import registered_entities

    for package in project.packages:
        settings = import_module(f"{package}.settings")
        getattr(settings, "configure_database", lambda: None)()
    if project.app is not None:
        load_app(project.root, project.app)
    project.repositories.append(default_repository())
    modules = import_entities(*project.packages, folder=project.root)
    entities = [e for e in registered_entities() if e.__module__ in modules]
    for entity in entities:
        repository: Repository = entity.repository
        if repository not in project.repositories:
            project.repositories.append(repository)
    yield "ok", f"{len(entities)} found, in {len(modules)} modules"


def _database(project: Project) -> Iterator[tuple[State, str]]:
    """Whether the configured database answers."""
    default = project.default
    if default is None:
        return
    if default.name == "memory":
        yield (
            "warning",
            "none is configured, so rows are kept in memory and gone when the program ends; set "
            "NITRO_DATABASE_URL",
        )
    elif default.name == "sql":
        import sqlalchemy as sa

        from nitro_runtime.entities.schema_creation import connect

        with connect() as connection:
            connection.execute(sa.text("SELECT 1"))
            yield "ok", f"{connection.dialect.name} answers"


def _migrations(project: Project) -> Iterator[tuple[State, str]]:
    """Whether the database has all migrations."""
    from nitro_cli.database import status
    from nitro_cli.database.environment import ENVIRONMENT

    if project.default is None or project.default.name != "sql":
        return
    if not (project.root / ENVIRONMENT).is_file():
        yield "warning", "there are none; write them with: nitro db init"
        return
    revisions = status(project.root)
    pending = [revision for revision in revisions if not revision.applied]
    if pending:
        count = f"{len(pending)} of {len(revisions)} not applied"
        yield "warning", f"{count}, next {pending[0].id}; apply them with: nitro db upgrade"
    else:
        yield "ok", f"{len(revisions)} applied"


def _redis(project: Project) -> Iterator[tuple[State, str]]:
    """Whether the Redis servers answer, keep what they are told, and forget nothing."""
    used = [r for r in project.repositories if r.name == "redis"]
    if not used and os.environ.get("NITRO_REDIS_URL"):
        from nitro_runtime.entities.settings import repository_named

        used.append(repository_named("redis"))
    for repository in used:
        yield from _redis_server(repository)  # type: ignore[arg-type] # of this name


def _redis_server(repository: RedisRepository) -> Iterator[tuple[State, str]]:
    server = repository.server
    server.run("PING")
    yield "ok", f"{server.place} answers"
    try:
        known = _info(server.run("INFO").decode())
    except EntityError:
        yield (
            "warning",
            "it does not let its state be seen (INFO is forbidden); see yourself that appendonly is "
            "yes and maxmemory-policy is noeviction",
        )
        return
    yield from _forgetful(
        known,
        "a restart loses what was written since the last snapshot",
        volatile="rows of classes with a ttl",
        any_key="any row",
    )


def _forgetful(
    known: Mapping[str, str], lost: str, *, any_key: str, volatile: str = ""
) -> Iterator[tuple[State, str]]:
    """Warns of what Redis loses at a restart, or when it is full.

    Args:
        known: What it says of itself (``INFO``).
        lost: What a restart without its log does.
        any_key: What a full one deletes of all keys.
        volatile: What a full one deletes of those that expire; empty where there are none.
    """
    if known.get("aof_enabled") == "0":
        yield (
            "warning",
            f"appendonly is no: {lost}; turn it on with: redis-cli CONFIG SET appendonly yes",
        )
    policy = known.get("maxmemory_policy", "noeviction")
    deleted = volatile if policy.startswith("volatile") else any_key
    if policy != "noeviction" and deleted:
        yield (
            "warning",
            f"maxmemory-policy is {policy}: a full server deletes {deleted} without a word; set it "
            "with: redis-cli CONFIG SET maxmemory-policy noeviction",
        )


def _info(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.splitlines())
    return {name: value for name, colon, value in pairs if colon}


_OLDEST_REDIS = (5, 0)
"""The first with streams."""


def _broker(project: Project) -> Iterator[tuple[State, str]]:
    """Whether the broker between instances answers, keeps its log over a restart, and is not too old."""
    from nitro_cli.environment import take_env_file
    from nitro_runtime.brokers import current_broker, use_environment
    from nitro_runtime.brokers.redis import RedisBroker

    take_env_file(project.root)
    use_environment()
    broker = current_broker()
    if isinstance(broker, RedisBroker):
        yield from _redis_broker(broker.place, broker.look())
    elif broker is not None:
        broker.join(None)
        yield "ok", f"{broker.place} answers"


def _redis_broker(place: str, known: dict[str, str]) -> Iterator[tuple[State, str]]:
    version = known.get("redis_version", "")
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers and numbers < _OLDEST_REDIS:
        yield (
            "broken",
            f"{place} is Redis {version}, and streams came with 5.0; install a newer one",
        )
        return
    yield "ok", f"{place} answers"
    yield from _forgetful(
        known,
        "what is said while it restarts is lost, and every open page reads its state anew",
        any_key="the log",
    )


def _queue(project: Project) -> Iterator[tuple[State, str]]:
    """Whether the jobs of durable handlers have a table, a queue that answers, and none is dead."""
    import sys

    from nitro_cli.environment import take_env_file

    take_env_file(project.root)
    if "nitro_runtime.durable" not in sys.modules:
        if os.environ.get("NITRO_QUEUE_URL"):
            yield "ok", "NITRO_QUEUE_URL is set, and no handler is durable"
        return
    from nitro_runtime.durable import current_queue, store
    from nitro_runtime.errors import MissingTable, QueueUnavailable

    try:
        waiting, dead = store.counts()
    except MissingTable:
        yield "broken", "there is no table for jobs; run: nitro db revision && nitro db upgrade"
        return
    queue = current_queue()
    place = f"{queue.name} at {queue.place}" if queue.place else queue.name
    try:
        queue.depth(["default"])
        worked = "the app works them itself" if queue.in_app else "nitro worker works them"
        yield "ok", f"{waiting} jobs wait in {place}; {worked}"
    except QueueUnavailable as problem:
        yield "broken", f"{problem} {waiting} jobs wait in the outbox until it does"
    if dead:
        yield "warning", f"{dead} jobs are dead; look at them with: nitro worker --dead"


_TABLES = frozenset(
    {"nitro.Table", "nitro_runtime.views.Table", "nitro_runtime.views.tables.Table"}
)


def _tables(project: Project) -> Iterator[tuple[State, str]]:
    """Whether what the tables of pages are sorted and filtered by has an index in the database."""
    from nitro_runtime.entities.discovery import import_classes
    from nitro_runtime.views.table_uses import declared_tables, fields_used

    modules = import_classes(_TABLES, *project.packages, folder=project.root)
    uses: dict[tuple[type[Any], str], dict[str, list[str]]] = {}
    for table in declared_tables(modules):
        entity = cast("Any", table).entity
        if entity.repository.name == "sql":
            for name, done in fields_used(table).items():
                uses.setdefault((entity, name), {})[table.__name__] = done
    missing = [use for use in uses if _lacks_index(*use)]
    for entity, name in missing:
        tables = uses[entity, name]
        done = " and ".join(dict.fromkeys(word for words in tables.values() for word in words))
        yield (
            "warning",
            f"{entity.__name__}.{name} is {done} by in {', '.join(tables)} and has no index, so each"
            " row is looked at: add Field(index=True) and run nitro db revision",
        )
    if uses and not missing:
        yield "ok", f"all {len(uses)} columns that they sort and filter by have an index"


def _lacks_index(entity: type[Any], name: str) -> bool:
    """Whether no index of the database's table begins with a field."""
    from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

    table = entity.table
    kinds = (PrimaryKeyConstraint, UniqueConstraint)
    keys = [each for each in table.constraints if isinstance(each, kinds)]
    firsts = (next(iter(each.columns), None) for each in (*keys, *table.indexes))
    return all(first is None or first.name != name for first in firsts)


CHECKS: tuple[tuple[str, Check], ...] = (
    ("Entities", _entities),
    ("Database", _database),
    ("Migrations", _migrations),
    ("Redis", _redis),
    ("Broker", _broker),
    ("Queue", _queue),
    ("Tables", _tables),
)
"""What is looked at, in order; the first finds the backends that the others look at."""
