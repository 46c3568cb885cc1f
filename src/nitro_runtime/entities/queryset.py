"""`QuerySet`: rows of one entity that have not been read yet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, TypeVar

from nitro_runtime.context import Change, announce, has_listeners, is_kept
from nitro_runtime.entities.bulk import checked_changes
from nitro_runtime.entities.criteria import (
    Comparison,
    Criterion,
    Either,
    Every,
    Linked,
    Negation,
    Ordering,
)
from nitro_runtime.entities.lookups import criterion_from, field_named, orderings
from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.relations import load_relations, relation_named
from nitro_runtime.entities.repository import EVERYTHING, Query, Repository
from nitro_runtime.entities.storable import clamped, is_storable_text
from nitro_runtime.entities.text import fold
from nitro_runtime.entities.transactions import current_transaction, transaction
from nitro_runtime.entities.uploads import release
from nitro_runtime.errors import EntityError, InvalidQuery, Unsupported

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class QueryPage(Generic[T]):
    """One page of a query.

    Attributes:
        items: The entities on it.
        number: Which page, from 1.
        size: How many entities fit on a page.
        total: How many entities all pages have together.
    """

    items: list[T]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are; at least 1."""
        return max(1, -(-self.total // self.size))

    @property
    def has_next(self) -> bool:
        """Whether a page follows."""
        return self.number < self.pages

    @property
    def has_previous(self) -> bool:
        """Whether a page comes before."""
        return self.number > 1

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)


class QuerySet(Generic[T]):
    """Entities of one class chosen by criteria, read when they are asked for.

    Each method that narrows or sorts returns a new query set; nothing changes in place. Iterating
    reads from the database each time. Without an order, rows come by key. Safe to share.
    """

    __slots__ = ("_held", "_includes", "_mapper", "_query")

    def __init__(
        self,
        mapper: Mapper,
        query: Query | None = None,
        includes: tuple[str, ...] = (),
        held: list[T] | None = None,
    ) -> None:
        self._mapper = mapper
        self._query = query or EVERYTHING
        self._includes = includes
        self._held = held

    # -- narrowing ------------------------------------------------------------------------------

    @property
    def entity(self) -> type[T]:
        """The class of the entities."""
        return self._mapper.entity

    @property
    def query(self) -> Query:
        """What is asked, as plain data."""
        return self._query

    def _with(self, **changes: Any) -> QuerySet[T]:  # noqa: ANN401 # fields of Query
        return QuerySet(self._mapper, replace(self._query, **changes), self._includes)

    def where(self, *criteria: Criterion | bool, **lookups: Any) -> QuerySet[T]:  # noqa: ANN401
        """Keeps those that fulfil all the criteria: ``where(Product.price > 10, name="Tea")``.

        Raises:
            InvalidQuery: A field or lookup does not exist, or a value is of a wrong type.
        """
        more = criterion_from(self._mapper, criteria, lookups)
        if more is None:
            return self
        if self._query.limit is not None or self._query.offset:
            raise InvalidQuery("Narrow a query before limit() or offset(), not after.")
        asked = self._query
        whole = more if asked.criterion is None else Every((asked.criterion, more))
        query = Query(whole, asked.order, lock=asked.lock, ties=asked.ties)
        return QuerySet(self._mapper, query, self._includes)

    def search(self, text: str, *fields: str) -> QuerySet[T]:
        """Keeps those in which every word of the text occurs, in any case, in one of the fields.

        Args:
            text: Words between blanks; an empty text changes nothing.
            fields: Where to look; the fields marked ``search`` when left out, or, when none is
                marked, every text that is not secret or hidden.
        """
        words = dict.fromkeys(folded for word in text.split() if (folded := fold(word)))
        if not words:
            return self
        if not is_storable_text(text):
            return self.where(Either(()))
        names = fields or self._mapper.search or self._texts()
        for name in names:
            if "icontains" not in field_named(self._mapper, name).kind.operators:
                raise InvalidQuery(f"{self._mapper.info.name}.{name} is not a text to search in.")
        found = tuple(
            Either(tuple(Comparison(name, "icontains", word) for name in names)) for word in words
        )
        return self.where(Every(found))

    def _texts(self) -> tuple[str, ...]:
        return tuple(
            f.name
            for f in self._mapper.fields.values()
            if f.kind.exact is str
            and not (f.info.secret or f.info.hidden or f.info.managed)
            and not (f.info.reference or f.info.upload)
        )

    def order_by(self, *fields: Any) -> QuerySet[T]:  # noqa: ANN401 # str, or a class attribute of any type
        """Sorts by fields, ``"-price"`` greatest first; the key breaks ties; replaces a former order.

        Raises:
            InvalidQuery: A field does not exist or has no order.
        """
        return self._with(order=orderings(self._mapper, fields), ties=0)

    def then_stored(self, *, newest: bool = False) -> QuerySet[T]:
        """Has rows that the order does not tell apart come as they were stored; all without an order.

        What ``page`` reads, SQLite then takes straight from an index, however far down it is. Backends
        that do not know when a row was stored go by the key, and keys that Nitro makes grow with time.

        Args:
            newest: Whether what was stored last comes first.
        """
        order = self._query.order[: len(self._query.order) - self._query.ties]
        named = {each.field for each in order}
        ties = tuple(Ordering(key, newest) for key in self._mapper.keys if key not in named)
        return self._with(order=(*order, *ties), ties=len(ties))

    def limit(self, count: int) -> QuerySet[T]:
        """Keeps at most so many."""
        return self._with(limit=_at_least(0, "limit", count))

    def offset(self, count: int) -> QuerySet[T]:
        """Passes over so many first."""
        return self._with(offset=_at_least(0, "offset", count))

    def lock(self) -> QuerySet[T]:
        """Keeps others from changing or locking what is read, until the transaction ends.

        Reading raises `EntityError` when no transaction is open, and `Unsupported` when the backend
        has no locks.
        """
        return self._with(lock=True)

    def include(self, *relations: str) -> QuerySet[T]:
        """Loads relations along with the entities, one query for each; ``"category.parent"`` goes deeper.

        Raises:
            InvalidQuery: The class has no such relation.
        """
        for name in relations:
            relation_named(self._mapper.entity, name.partition(".")[0])
        return QuerySet(self._mapper, self._query, (*self._includes, *relations))

    def holding(self, entities: list[T]) -> QuerySet[T]:
        """Returns this query set with its entities already read, as ``include`` does."""
        return QuerySet(self._mapper, self._query, self._includes, entities)

    # -- reading --------------------------------------------------------------------------------

    @property
    def _repository(self) -> Repository:
        return self._mapper.entity.repository

    @property
    def _asked(self) -> Query:
        """The query as the backend understands it."""
        query = self._query
        if query.lock:
            query = replace(query, lock=False)  # to count or change rows needs none
        criterion = query.criterion
        if criterion is None or type(criterion) is Comparison:
            return query
        resolved = without_links(criterion, self._repository)
        return query if resolved is criterion else replace(query, criterion=resolved)

    def _rows(self) -> list[Row]:
        repository, query = self._repository, self._asked
        if self._query.lock:
            _refuse_unlockable(repository)
            query = replace(query, lock=True)
        return repository.select(self._mapper, query)

    def all(self) -> list[T]:
        """Reads the entities."""
        if self._held is not None:
            return list(self._held)
        return self._loaded(self._rows())

    def _loaded(self, rows: list[Row]) -> list[T]:
        entities = self._mapper.load_all(rows)
        if self._includes:
            load_relations(entities, self._includes)
        return entities

    def __iter__(self) -> Iterator[T]:
        return iter(self.all())

    def first(self) -> T | None:
        """Reads the first entity, or returns None."""
        if self._held is not None:
            return self._held[0] if self._held else None
        found = self._at_most(1).all()
        return found[0] if found else None

    def _at_most(self, count: int) -> QuerySet[T]:
        limit = self._query.limit
        return self._with(limit=count if limit is None else min(count, limit))

    def one(self) -> T:
        """Reads the only entity.

        Raises:
            NotFound: There is none.
            EntityError: There are several.
        """
        found = self._at_most(2).all()
        if not found:
            raise self._mapper.entity.NotFound(self._mapper.info.name)
        if len(found) > 1:
            raise EntityError(f"There are several {self._mapper.info.name} where one was expected.")
        return found[0]

    def count(self) -> int:
        """Counts the entities."""
        if self._held is not None:
            return len(self._held)
        return self._repository.count(self._mapper, self._asked)

    def exists(self) -> bool:
        """Whether there is any."""
        if self._held is not None:
            return bool(self._held)
        return bool(self._at_most(1).count())

    def values(self, *names: str) -> list[dict[str, Any]]:
        """Reads plain dictionaries of the named fields; of all when none is named."""
        for name in names:
            field_named(self._mapper, name)
        chosen = names or self._mapper.names
        return [{name: row[name] for name in chosen} for row in self._rows()]

    def page(self, number: int = 1, size: int = 25) -> QueryPage[T]:
        """Reads one page, from 1; a number past the end gives the last page."""
        _at_least(1, "size", size)
        read = getattr(self._repository, "page", None)
        query = self._query
        if read is not None and query.limit is None and not (query.offset or query.lock):
            rows, total, number = read(self._mapper, self._asked, number, clamped(size))
            return QueryPage(self._loaded(rows), number, size, total)
        total = self.count()
        last = max(1, -(-total // size))
        number = min(max(1, number), last)
        items = self._with(limit=clamped(size), offset=(number - 1) * size)
        return QueryPage(items.all(), number, size, total)

    # -- changing many --------------------------------------------------------------------------

    def update(self, **values: Any) -> int:  # noqa: ANN401 # of the fields' types
        """Changes all entities of the query in one statement and returns how many.

        A value may be reckoned from the old one: ``update(stock=Product.stock + 5)``. Values are
        checked against their fields; validators of the whole entity do not run. The version and
        ``updated_at`` are brought forward. One change of the table is announced, not one for each.

        Raises:
            InvalidQuery: A field does not exist or cannot be changed.
            ValidationError: A value is not valid.
        """
        changes = checked_changes(self._mapper, values)
        with self._releasing(changes):
            changed = self._repository.update_where(self._mapper, self._asked, changes)
            if changed:
                announce(Change("updated", self._mapper.info.table))
        return changed

    def delete(self) -> int:
        """Deletes all entities of the query in one statement and returns how many.

        One change of the table is announced, not one for each.
        """
        if not self._mapper.uploads and not is_kept(self._mapper.info.table):
            return self._delete()
        with self._releasing(self._mapper.names):
            return self._delete()

    def _delete(self) -> int:
        deleted = self._repository.delete_where(self._mapper, self._asked)
        if deleted and has_listeners():
            announce(Change("deleted", self._mapper.info.table))
        return deleted

    @contextmanager
    def _releasing(self, names: Iterable[str]) -> Generator[None]:
        """Keeps a change of rows together with what belongs to it.

        That are the files that they refer to by these fields, deleted when the block has succeeded,
        and what is to be kept of the change itself.
        """
        mapper = self._mapper
        uploads = [name for name in mapper.uploads if name in names]
        if not uploads and not is_kept(mapper.info.table):
            yield
            return
        with transaction():
            rows = self._repository.select(mapper, self._asked) if uploads else ()
            yield
            for row in rows:
                release(mapper, row, uploads)

    # -- the same from coroutines ---------------------------------------------------------------

    async def _read(self, work: Callable[[], R]) -> R:
        return await self._repository.arun(work, write=self._query.lock)

    async def aall(self) -> list[T]:
        """As `all`, without stalling the event loop."""
        return await self._read(self.all)

    async def __aiter__(self) -> AsyncIterator[T]:
        for entity in await self.aall():
            yield entity

    async def afirst(self) -> T | None:
        """As `first`, without stalling the event loop."""
        return await self._read(self.first)

    async def aone(self) -> T:
        """As `one`, without stalling the event loop."""
        return await self._read(self.one)

    async def acount(self) -> int:
        """As `count`, without stalling the event loop."""
        return await self._read(self.count)

    async def aexists(self) -> bool:
        """As `exists`, without stalling the event loop."""
        return await self._read(self.exists)

    async def avalues(self, *names: str) -> list[dict[str, Any]]:
        """As `values`, without stalling the event loop."""
        return await self._read(partial(self.values, *names))

    async def apage(self, number: int = 1, size: int = 25) -> QueryPage[T]:
        """As `page`, without stalling the event loop."""
        return await self._read(partial(self.page, number, size))

    async def aupdate(self, **values: Any) -> int:  # noqa: ANN401
        """As `update`, without stalling the event loop."""
        return await self._repository.arun(partial(self.update, **values), write=True)

    async def adelete(self) -> int:
        """As `delete`, without stalling the event loop."""
        return await self._repository.arun(self.delete, write=True)

    def __repr__(self) -> str:
        return f"<QuerySet of {self._mapper.info.name}>"


def _refuse_unlockable(repository: Repository) -> None:
    if "lock" not in repository.capabilities:
        raise Unsupported(repository.name, "lock")
    if current_transaction() is None:
        raise EntityError(
            "A lock lasts until a transaction ends, and none is open: put `with transaction():`, or "
            "`async with transaction():`, around what needs it."
        )


def without_links(criterion: Criterion, repository: Repository) -> Criterion:
    """Returns a criterion with what the backend cannot look into read already.

    That is what stands in entities of another backend, and for a backend without the capability
    ``links`` every `Linked`. A criterion that has nothing of the kind comes back as it is.
    """
    match criterion:
        case Every(parts) | Either(parts):
            resolved = tuple(without_links(part, repository) for part in parts)
            same = all(new is old for new, old in zip(resolved, parts, strict=True))
            return criterion if same else type(criterion)(resolved)
        case Negation(part):
            inner = without_links(part, repository)
            return criterion if inner is part else Negation(inner)
        case Linked(field, through, column, where):
            if "links" in repository.capabilities and through.repository is repository:
                inner = without_links(where, repository)
                return criterion if inner is where else Linked(field, through, column, inner)
            rows = through.where(where).values(column)
            keys = tuple(dict.fromkeys(row[column] for row in rows if row[column] is not None))
            if not keys:
                return Either(())
            return Every((Comparison(field, "isnull", False), Comparison(field, "in", keys)))
        case _:
            return criterion


def _at_least(least: int, name: str, count: int) -> int:
    if isinstance(count, bool) or not isinstance(count, int) or count < least:  # pyright: ignore[reportUnnecessaryIsInstance] # callers pass query strings
        raise InvalidQuery(f"{name} takes a whole number from {least}, not {count!r}.")
    return clamped(count)
