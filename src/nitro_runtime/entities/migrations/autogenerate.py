"""Turns what Alembic finds into a migration that runs: on every database, with rows in the tables.

Alembic compares the entities with one database. What it writes then has that database's own types,
drops an index while a foreign key needs it, adds a required column that no row has a value for. Here
its operations are put right before they are rendered, so that nobody has to edit the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext

from nitro_runtime.entities.migrations.preparing import Preparation
from nitro_runtime.entities.migrations.types import WRITTEN
from nitro_runtime.naming import constraint_name


def prepare_script(
    context: MigrationContext, _revision: object, directives: Sequence[ops.MigrationScript]
) -> None:
    """Puts the operations of a new revision right.

    Passed to ``context.configure(process_revision_directives=prepare_script)``.
    """
    written = context.opts.get(WRITTEN, {})
    for script in directives:
        for upgrade in script.upgrade_ops_list:
            _prepare(upgrade, Preparation(True, written))
        for downgrade in script.downgrade_ops_list:
            _prepare(downgrade, Preparation(False, written))
            _name_dropped(_flat(downgrade.ops))


def _prepare(container: ops.OpContainer, preparation: Preparation) -> None:
    _name_added(_flat(container.ops))
    _tidy(_flat(container.ops))
    for table in container.ops:
        if isinstance(table, ops.ModifyTableOps):
            table.ops = [_as_constraint(one) for one in table.ops]
    container.ops = list(_in_order(preparation.prepared(container.ops)))


def _tidy(operations: Iterable[ops.MigrateOperation]) -> None:
    """Leaves out what a database tells of an index and what every index has anyway."""
    for operation in operations:
        if isinstance(operation, ops.CreateIndexOp):
            operation.unique = bool(operation.unique)
        if isinstance(
            operation, ops.CreateIndexOp | ops.DropIndexOp | ops.CreateUniqueConstraintOp
        ):
            said: dict[str, Any] = operation.kw
            operation.kw = {name: value for name, value in said.items() if value}


def _as_constraint(operation: ops.MigrateOperation) -> ops.MigrateOperation:
    """Returns a unique constraint for the index that MariaDB has in its place, by its name."""
    if isinstance(operation, ops.DropIndexOp) and str(operation.index_name).startswith("uq_"):
        return ops.DropConstraintOp(
            operation.index_name,
            operation.table_name or "",
            "unique",
            _reverse=_unique(operation.to_index()),
        )
    if isinstance(operation, ops.CreateIndexOp) and str(operation.index_name).startswith("uq_"):
        return _unique(operation.to_index())
    return operation


def _unique(index: sa.Index) -> ops.CreateUniqueConstraintOp:
    table = index.table.name if index.table is not None else ""
    return ops.CreateUniqueConstraintOp(index.name, table, index.columns.keys())


# -- order ----------------------------------------------------------------------------------------


def _in_order(operations: Iterable[ops.MigrateOperation]) -> Iterator[ops.MigrateOperation]:
    """Yields what makes tables first and what drops them last: a foreign key needs its target."""
    found = list(operations)
    made = [one for one in found if isinstance(one, ops.CreateTableOp)]
    dropped = [one for one in found if isinstance(one, ops.DropTableOp)]
    gone = {one.table_name for one in dropped}
    yield from made
    yield from _linked_afterwards(made)
    for one in found:
        if isinstance(one, ops.ModifyTableOps):
            yield _unlinked_first(one, gone)
        elif not isinstance(one, ops.CreateTableOp | ops.DropTableOp):
            yield one
    yield from _unlinked_before(dropped)
    yield from dropped


def _linked_afterwards(made: Sequence[ops.CreateTableOp]) -> Iterator[ops.ModifyTableOps]:
    """Takes out of new tables the foreign keys to those that come later, and yields them."""
    later = {one.table_name for one in made}
    for one in made:
        later.discard(one.table_name)
        links = [each for each in one.columns if _target(each) in later]
        if links:
            added = [ops.AddConstraintOp.from_constraint(_attached(one, each)) for each in links]
            one.columns = [each for each in one.columns if _target(each) not in later]
            yield ops.ModifyTableOps(one.table_name, added, schema=one.schema)


def _unlinked_before(dropped: Sequence[ops.DropTableOp]) -> Iterator[ops.ModifyTableOps]:
    """Yields what drops the foreign keys to tables that go before those that have them."""
    before: set[str] = set()
    for one in dropped:
        links = [each for each in one.to_table().constraints if _target(each) in before]
        if links:
            gone = [ops.DropConstraintOp.from_constraint(each) for each in links]
            yield ops.ModifyTableOps(one.table_name, gone, schema=one.schema)
        before.add(one.table_name)


def _target(item: object) -> str | None:
    """Returns the table that a foreign key refers to; None for everything else."""
    if not isinstance(item, sa.ForeignKeyConstraint):
        return None
    return item.elements[0].target_fullname.rpartition(".")[0]


def _attached(table: ops.CreateTableOp, item: Any) -> sa.ForeignKeyConstraint:  # noqa: ANN401 # an item of a table
    """Returns a foreign key of a table that is about to lose it, still part of one."""
    whole = table.to_table().foreign_key_constraints
    return next(each for each in whole if each.column_keys == item.column_keys)


def _unlinked_first(table: ops.ModifyTableOps, dropped: set[str]) -> ops.ModifyTableOps:
    """Drops foreign keys first: MariaDB keeps the index that one needs.

    The indexes of a table that goes as a whole go with it.
    """
    kept = [
        one
        for one in table.ops
        if not (isinstance(one, ops.DropIndexOp) and table.table_name in dropped)
    ]
    kept.sort(key=lambda one: not _drops_foreign_key(one))
    return ops.ModifyTableOps(table.table_name, kept, schema=table.schema)


def _drops_foreign_key(operation: ops.MigrateOperation) -> bool:
    return isinstance(operation, ops.DropConstraintOp) and operation.constraint_type == "foreignkey"


# -- names ----------------------------------------------------------------------------------------


def name_constraints(
    _context: object, _revision: object, directives: Sequence[ops.MigrationScript]
) -> None:
    """Names what ``alembic revision --autogenerate`` adds to a table that is there.

    `prepare_script` does this and more; environments that name this function still run.
    """
    for script in directives:
        for upgrade in script.upgrade_ops_list:
            _name_added(_flat(upgrade.ops))
        for downgrade in script.downgrade_ops_list:
            operations = list(_flat(downgrade.ops))
            _name_added(operations)
            _name_dropped(operations)


def _flat(operations: Iterable[ops.MigrateOperation]) -> Iterator[ops.MigrateOperation]:
    for operation in operations:
        if isinstance(operation, ops.OpContainer):
            yield from _flat(operation.ops)
        else:
            yield operation


def _name_added(operations: Iterable[ops.MigrateOperation]) -> None:
    for operation in operations:
        if isinstance(operation, ops.CreateUniqueConstraintOp):
            if operation.constraint_name is None:
                operation.constraint_name = constraint_name(
                    "uq", operation.table_name, map(str, operation.columns)
                )
        elif isinstance(operation, ops.CreateForeignKeyOp) and operation.constraint_name is None:
            operation.constraint_name = constraint_name(
                "fk", operation.source_table, operation.local_cols
            )


def _name_dropped(operations: Iterable[ops.MigrateOperation]) -> None:
    """Names what a downgrade drops; the upgrade has given it this name."""
    for operation in operations:
        if not isinstance(operation, ops.DropConstraintOp) or operation.constraint_name is not None:
            continue
        constraint = operation.to_constraint()
        if isinstance(constraint, sa.UniqueConstraint):
            names = constraint.columns.keys()
            operation.constraint_name = constraint_name("uq", operation.table_name, names)
        elif isinstance(constraint, sa.ForeignKeyConstraint):
            names = constraint.column_keys
            operation.constraint_name = constraint_name("fk", operation.table_name, names)
