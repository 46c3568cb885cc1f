"""The names of a table's constraints and indexes, the same on every database."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from nitro_runtime.naming import constraint_name


def name_constraints(table: sa.Table) -> None:
    """Names what a table's columns declare without a name, so that a migration can drop it.

    A name that somebody chose stays; that of an index is only shortened where a database would
    refuse it.
    """
    for constraint in table.constraints:
        if constraint.name is not None:
            continue
        if isinstance(constraint, sa.UniqueConstraint):
            constraint.name = constraint_name("uq", table.name, constraint.columns.keys())
        elif isinstance(constraint, sa.ForeignKeyConstraint):
            constraint.name = constraint_name("fk", table.name, constraint.column_keys)
    for index in table.indexes:
        columns = index.columns.keys()
        if index.name == "_".join(("ix", table.name, *columns)):
            index.name = quoted_name(constraint_name("ix", table.name, columns), quote=None)
