"""Entities in a database behind a network: what `ConnectedRepository` does, and writing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.repository import Query
from nitro_runtime.entities.sql.connected import ConnectedRepository, Unit
from nitro_runtime.entities.sql.server import Link
from nitro_runtime.entities.statements import note, watchers
from nitro_runtime.entities.storable import refuse_unstorable
from nitro_runtime.entities.transactions import current_transaction
from nitro_runtime.errors import DatabaseBusy, EntityError
from nitro_runtime.schema import find_entity

T = TypeVar("T")
_ATTEMPTS = 3
_CREATING = 0.3  # seconds to wait for the locks that a new table needs
Mend = Callable[[Link, Exception], bool]
"""Takes away what made a statement fail, if it can, and says whether to try again."""


def cannot_mend(link: Link, error: Exception) -> bool:
    """Leaves an error as it is."""
    return False


class NetworkRepository(ConnectedRepository):
    """Keeps entities in the tables of a database server. Safe from every thread and task."""

    # -- writing --------------------------------------------------------------------------------

    def insert(self, mapper: Mapper, rows: Sequence[Row]) -> list[Any]:
        """Stores new rows, all or none, and returns their keys."""
        try:
            return super().insert(mapper, rows)
        except EntityError as error:
            if isinstance(error.__cause__, self.server.error):
                for row in rows:  # asked only now, as it hardly ever happens
                    refuse_unstorable(mapper, row, self.dialect)
            raise

    def update_where(self, mapper: Mapper, query: Query, changes: Mapping[str, Any]) -> int:
        """Changes all rows of a query at once and returns how many."""
        return super().update_where(mapper, self._folded(mapper, query), changes)

    def delete_where(self, mapper: Mapper, query: Query) -> int:
        """Deletes all rows of a query at once and returns how many."""
        return super().delete_where(mapper, self._folded(mapper, query))

    def _change(self, mapper: Mapper, sql: str, parameters: Sequence[Any]) -> int:
        if watchers:
            note(sql)
        server = self.server
        active = current_transaction()
        if active is None:
            return self._store(mapper, lambda link: server.run(link, sql, parameters))
        return self._store_within(
            mapper, self._unit(active), lambda link: server.run_guarded(link, sql, parameters)
        )

    def _insert(self, mapper: Mapper, rows: Sequence[Row]) -> list[Any]:
        plan = self.plan(mapper)
        if watchers:
            note(plan.insert)
        insert = self.server.insert
        mend = cannot_mend
        if mapper.generated_key:
            mend = partial(self.server.count_on, plan)
        active = current_transaction()
        if active is not None:
            return self._store_within(
                mapper,
                self._unit(active),
                lambda link: insert(link, plan, rows, guarded=True),
                mend,
            )
        if len(rows) == 1:
            return self._store(mapper, lambda link: insert(link, plan, rows, guarded=False), mend)
        return self._store(
            mapper,
            lambda link: self._together(link, lambda: insert(link, plan, rows, guarded=False)),
            mend,
        )

    def _write(self, mapper: Mapper, work: Callable[[Any], T], *, several: bool = False) -> T:
        def guarded(link: Link) -> T:
            self.server.guard(link)
            return work(link.cursor)

        active = current_transaction()
        if active is not None:
            return self._store_within(mapper, self._unit(active), guarded)
        return self._store(mapper, lambda link: self._together(link, lambda: work(link.cursor)))

    def _together(self, link: Link, work: Callable[[], T]) -> T:
        """Runs several statements that last together or not at all."""
        link.cursor.execute("BEGIN")
        try:
            result = work()
            link.cursor.execute("COMMIT")
        except BaseException as error:
            link.doubtful |= not isinstance(error, self.server.error)
            if not link.doubtful and not self.server.is_broken(link.connection, error):
                link.cursor.execute("ROLLBACK")
            raise
        return result

    def _store(self, mapper: Mapper, work: Callable[[Link], T], mend: Mend = cannot_mend) -> T:
        """Does work that writes, outside transactions; mends what it lacks and tries again."""

        def store(link: Link) -> T:
            for _ in range(_ATTEMPTS):
                try:
                    return work(link)
                except self.server.error as error:
                    missing = self._to_create(error, mapper)
                    if missing:
                        self._together(link, lambda m=missing: self._create_all(m, link.cursor))
                    elif not mend(link, error):
                        raise
            return work(link)

        with self._slot():
            return self._alone(mapper, store)

    def _store_within(
        self,
        mapper: Mapper,
        unit: Unit,
        work: Callable[[Link], T],
        mend: Mend = cannot_mend,
    ) -> T:
        """Does work that writes in a transaction, of which a failure leaves the rest intact."""
        self.offload.warn_of_blocking()
        link = unit.link
        try:
            for _ in range(_ATTEMPTS):
                try:
                    return self._guarded(link, work)
                except self.server.error as error:
                    missing = self._to_create(error, mapper)
                    if missing:
                        self._create_beside(missing, unit)
                    elif not mend(link, error):
                        raise
            return self._guarded(link, work)
        except self.server.error as error:
            raise self.translated(link, error, mapper) from error

    def _guarded(self, link: Link, work: Callable[[Link], T]) -> T:
        try:
            return work(link)
        except BaseException as error:
            if not self.server.is_broken(link.connection, error):
                self.server.recover(link)
            raise

    def _to_create(self, error: Exception, mapper: Mapper) -> list[Mapper]:
        """Returns the entities whose tables have to be made before a statement can succeed."""
        missing = self.server.missing_table(error) if self.create_tables else None
        if missing is None:
            return []
        other = find_entity(missing)
        found = [mapper]
        if missing != mapper.info.table and other is not None:
            found.append(other.__nitro_mapper__)
        return found

    def _create_all(self, mappers: Sequence[Mapper], cursor: Any) -> None:  # noqa: ANN401
        self.server.before_creating(cursor, self.offload.patience)
        for mapper in mappers:
            self._create(mapper, cursor)

    def _create_beside(self, mappers: Sequence[Mapper], unit: Unit) -> None:
        """Creates tables for a transaction: outside it, so that others need not wait for its end.

        Where that would wait for the transaction itself, which has written to a table that a new
        one refers to, it is done inside.
        """
        spare = self.pool.take()

        def create() -> None:
            self.server.before_creating(spare.cursor, _CREATING)
            for mapper in mappers:
                self._create(mapper, spare.cursor)

        try:
            self._together(spare, create)
        except self.server.error as error:
            busy = isinstance(self.server.translated(error, None), DatabaseBusy)
            if not busy or not self.server.creates_inside:
                raise
        else:
            return
        finally:
            self.pool.give(spare)
        unit.created = True
        self.server.guard(unit.link)
        self._guarded(unit.link, lambda link: self._create_all(mappers, link.cursor))
