"""The errors that Nitro raises: each holds its data and renders one clear sentence.

Every class here derives from `NitroError`. ``status`` is the HTTP status that an adapter answers
with when the error leaves a route; an error without a meaning for a visitor stays a 500, and its
sentence is then never shown outside.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


def suggestion(word: str, known: Iterable[str]) -> str:
    """Returns ``" Did you mean 'x'?"`` for the nearest known word, else an empty string."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""


_TRY_LATER = "The site cannot do this at the moment; try again shortly."
"""What a visitor is told when a server behind the site does not answer."""


def _in_words(name: str) -> str:
    """The name of a class as people say it: ``order line`` for ``OrderLine``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()


class NitroError(Exception):
    """The root of all errors that Nitro raises on purpose."""

    status: int = 500
    _told: str | None = None

    @property
    def told(self) -> str:
        """What a visitor is told: the same sentence, unless that names what is inside.

        No names of classes, no addresses of servers, nothing of what was sent.
        """
        return self._told or str(self)


class UsageError(NitroError):
    """The command was given something it cannot use; it exits with 2 and writes nothing.

    Attributes:
        problems: Every problem found, each one sentence.
    """

    status = 400

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__(*problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)


class MissingExtra(NitroError, ImportError):
    """A feature was used whose optional package is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        self.package = package
        self.extra = extra
        super().__init__(package, extra)

    def __str__(self) -> str:
        return f"{self.package} is not installed; install it with: pip install 'nitro-kit[{self.extra}]'"


class ConfigurationError(NitroError):
    """A setting is missing or has a value that cannot work."""


# -- entities -----------------------------------------------------------------------------------


class EntityError(NitroError):
    """The root of what goes wrong with entities."""


class EntityDefinitionError(EntityError, TypeError):
    """An entity class cannot be what its source says (a reserved field name, a wrong option)."""


_NO_KEY = object()


class NotFound(EntityError, LookupError):
    """No entity has this id. Every entity class has its own subclass, ``Product.NotFound``.

    Attributes:
        entity: The class name.
        key: The id that was asked for; None when a query found nothing.
    """

    status = 404

    def __init__(self, entity: str, key: object = _NO_KEY) -> None:
        self.entity = entity
        self.key: object = None if key is _NO_KEY else key
        self._by_query = key is _NO_KEY
        super().__init__(*((entity,) if self._by_query else (entity, key)))

    def __str__(self) -> str:
        if self._by_query:
            return f"No {self.entity} fits the query."
        return f"There is no {self.entity} with id {self.key!r}."

    @property
    def told(self) -> str:
        """What a visitor is told."""
        return f"There is no such {_in_words(self.entity)}."


class Duplicate(EntityError):
    """A unique field has this value already; of fields that together are unique, all are named."""

    status = 409

    def __init__(self, entity: str, field: str) -> None:
        self.entity = entity
        self.field = field
        super().__init__(entity, field)

    def __str__(self) -> str:
        return f"Another {self.entity} has this {self.field} already."

    @property
    def told(self) -> str:
        """What a visitor is told."""
        return f"Another {_in_words(self.entity)} has this {self.field} already."


class StaleEntity(EntityError):
    """Somebody else saved or deleted the entity since it was loaded; reload it and try again.

    Attributes:
        entity: The class name.
        key: The key of the entity.
        deleted: Whether it is known to have been deleted.
    """

    status = 409

    def __init__(self, entity: str, key: object, *, deleted: bool = False) -> None:
        self.entity = entity
        self.key = key
        self.deleted = deleted
        super().__init__(entity, key)

    def __str__(self) -> str:
        if self.deleted:
            return (
                f"{self.entity} {self.key!r} was deleted; to have its values stored again, "
                f"make a new one with {self.entity}.create(...)."
            )
        return (
            f"{self.entity} {self.key!r} was changed or deleted since it was loaded; "
            "reload it and try again."
        )

    @property
    def told(self) -> str:
        """What a visitor is told."""
        return (
            f"The {_in_words(self.entity)} was changed or deleted meanwhile; load the page again."
        )


class InvalidRow(EntityError):
    """A stored row does not fit its entity: somebody else wrote it, or the class changed."""

    def __init__(self, table: str, key: object, problem: str) -> None:
        self.table = table
        self.key = key
        self.problem = problem
        super().__init__(table, key, problem)

    def __str__(self) -> str:
        return f"Row {self.key!r} of table {self.table!r} is not valid: {self.problem}"


class InvalidQuery(EntityError, ValueError):
    """A criterion names a field or lookup that does not exist, or compares with a wrong type."""


class DatabaseBusy(EntityError):
    """Another writer holds the database and waiting for it could not end."""

    status = 503
    _told = _TRY_LATER


class DatabaseUnavailable(EntityError):
    """The database cannot be reached or written, or went away; trying again later may help."""

    status = 503
    _told = _TRY_LATER


class MissingTable(EntityError):
    """The database has no such table yet."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(table)

    def __str__(self) -> str:
        return f"The database has no table {self.table!r}; create it with: nitro db upgrade"


class MissingColumn(EntityError):
    """The database's table lacks a column that the entity has: its migration has not run."""

    def __init__(self, table: str, column: str) -> None:
        self.table = table
        self.column = column
        super().__init__(table, column)

    def __str__(self) -> str:
        return (
            f"Table {self.table!r} has no column {self.column!r}; bring it up to date with: "
            "nitro db upgrade"
        )


class BrokenReference(EntityError):
    """A foreign key would point at nothing: its target is missing, or is being deleted."""

    status = 409

    def __init__(self, entity: str) -> None:
        self.entity = entity
        super().__init__(entity)

    def __str__(self) -> str:
        return (
            f"{self.entity} cannot be stored or deleted: it refers to something that does not "
            "exist, or something else still refers to it."
        )

    @property
    def told(self) -> str:
        """What a visitor is told."""
        return (
            f"The {_in_words(self.entity)} cannot be stored or deleted: it refers to something that "
            "does not exist, or something else still refers to it."
        )


class NotLoaded(EntityError):
    """A relation was read in asynchronous code without having been loaded before."""

    def __init__(self, entity: str, relation: str) -> None:
        self.entity = entity
        self.relation = relation
        super().__init__(entity, relation)

    def __str__(self) -> str:
        return (
            f"{self.entity}.{self.relation} is not loaded, and asynchronous code cannot load it "
            f"while it is read; query with .include({self.relation!r}) or "
            f"await entity.aload({self.relation!r}) first."
        )


class Unsupported(EntityError):
    """The backend does not have this capability."""

    def __init__(self, backend: str, capability: str) -> None:
        self.backend = backend
        self.capability = capability
        super().__init__(backend, capability)

    def __str__(self) -> str:
        return f"The {self.backend} backend does not support {self.capability}."


class BrowserStorageMissing(EntityError):
    """An entity of the browser backend was used where its visitor's browser sent nothing along."""

    status = 400

    def __init__(self, entity: str) -> None:
        self.entity = entity
        super().__init__(entity)

    def __str__(self) -> str:
        return (
            f"{self.entity} is kept in the visitor's browser, and nothing of it came along here: use "
            "it where a request of Datastar's is answered, after its signals were read; a page asks "
            "for it with data-init."
        )


class BrowserStorageRefused(EntityError):
    """What a browser sent as its visitor's entities was not signed here for this visitor."""

    status = 403

    def __str__(self) -> str:
        return (
            "What this browser keeps for this site cannot be used: it was changed, is somebody else's, "
            "or was signed with a key that is gone. Nothing was changed; start anew to go on."
        )


class BrowserStorageFull(EntityError):
    """A browser cannot keep that much; the entities stay as they were.

    Attributes:
        size: What there would have been.
        most: What there may be.
        unit: ``bytes`` or ``rows``.
    """

    status = 413

    def __init__(self, size: int, most: int, unit: str) -> None:
        self.size = size
        self.most = most
        self.unit = unit
        super().__init__(size, most, unit)

    def __str__(self) -> str:
        return (
            f"This browser may keep {self.most:,} {self.unit} for this site, and this would be "
            f"{self.size:,}: nothing was saved; delete something first."
        )


# -- durable handlers -----------------------------------------------------------------------------


class UnstorableJob(NitroError, TypeError):
    """An event for a durable handler carries something that cannot be kept until it is done.

    Attributes:
        what: What carries it: ``the sender of 'order.placed'``.
        reason: What is wrong with it.
    """

    def __init__(self, what: str, reason: str) -> None:
        self.what = what
        self.reason = reason
        super().__init__(what, reason)

    def __str__(self) -> str:
        return (
            f"A durable handler cannot be given {self.what}: {self.reason}. Emit entities, models, "
            "dataclasses and plain values."
        )


class QueueUnavailable(NitroError):
    """The queue server does not answer; jobs wait in the outbox until it does.

    Attributes:
        place: Where it is, without a password.
        reason: What was said.
    """

    status = 503
    _told = _TRY_LATER

    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = reason
        super().__init__(place, reason)

    def __str__(self) -> str:
        return f"The queue at {self.place} does not answer ({self.reason})."


# -- brokers ------------------------------------------------------------------------------------


class BrokerUnavailable(NitroError):
    """The broker cannot be reached, or does not serve; it is tried again by itself.

    No request sees it: an app goes on without its broker. A broker of your own raises it.
    """

    status = 503
    _told = _TRY_LATER


# -- events, views, web -------------------------------------------------------------------------


class InvalidPayload(NitroError):
    """A typed event was emitted with data that does not fit its payload; no handler ran.

    Attributes:
        event: The name of the event.
        problems: Every problem found, each one sentence.
    """

    def __init__(self, event: str, problems: Sequence[str]) -> None:
        self.event = event
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__(event, self.problems)

    def __str__(self) -> str:
        return f"The event {self.event!r} does not take this: {'; '.join(self.problems)}."


class ViewError(NitroError):
    """A view was declared or used in a way that cannot be rendered."""


class ActionRefused(NitroError):
    """What was asked for with several rows of a table was not done, and nothing was changed.

    Attributes:
        status: The HTTP status to answer: 403, 409 or 422.
        sentence: What a visitor may read.
    """

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        self.sentence = sentence
        super().__init__(status, sentence)

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is made while it is sent.

    Attributes:
        filename: What the visitor's machine calls it: letters, digits, ``.``, ``-`` and ``_``.
        media_type: As in HTTP, ``text/csv; charset=utf-8``.
        content: The file, piece by piece.
    """

    filename: str
    media_type: str
    content: AsyncIterator[bytes]


class Answered(NitroError):
    """No mistake: a view has the whole answer to this request, so its handler needs to do no more.

    Raised by ``Form.receive`` for a visitor who is still typing, and by ``Table.read`` for one who
    asked for a file. It leaves the handler as an error does, and is answered with status 200.

    Attributes:
        patches: Markup to morph into the open page, each element by its id.
        download: A file instead.
    """

    status = 200

    def __init__(self, *patches: str, download: Download | None = None) -> None:
        self.patches = patches
        self.download = download
        super().__init__(*patches)

    def __str__(self) -> str:
        return "A view has answered the request: let this leave the handler."


class BadSignature(NitroError):
    """A signed value was changed, or was signed with another key or for another purpose."""

    status = 403

    def __str__(self) -> str:
        return "A signed value is not valid here; reload the page and try again."


class Refused(NitroError):
    """The gate refused a request.

    Attributes:
        status: The HTTP status to answer: 403, 404, 405, 408, 413, 415, 422, 429 or 503.
        sentence: What a visitor may read; it holds nothing internal and nothing of the request.
        headers: Further headers of the answer, such as ``("retry-after", "5")``.
    """

    def __init__(self, status: int, sentence: str, headers: Sequence[tuple[str, str]] = ()) -> None:
        self.status = status
        self.sentence = sentence
        self.headers: tuple[tuple[str, str], ...] = tuple(headers)
        super().__init__(status, sentence)

    def __str__(self) -> str:
        return self.sentence
