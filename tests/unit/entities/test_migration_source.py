"""What migrations say of tables, names of constraints, and types as migrations write them."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from nitro_runtime.entities import columns
from nitro_runtime.entities.migrations.types import portable
from nitro_runtime.entities.migrations.written import migration_tables, written_columns
from nitro_runtime.naming import constraint_name

FIRST = """
def upgrade():
    op.create_table(
        "product",
        sa.Column("id", ExactText(indexed=True), primary_key=True),
        sa.Column("price", ExactDecimal(10, 2), nullable=False),
        sa.Column("stock", sa.BigInteger(), nullable=False),
        sa.Column("own", mine.Type()),
        sa.UniqueConstraint("price"),
    )
    op.create_table(name, sa.Column("x", sa.Text()))
    op.create_table("old", sa.Column("x", sa.Date()))


def downgrade():
    op.create_table("never", sa.Column("x", sa.Text()))
"""

SECOND = """
def upgrade():
    with op.batch_alter_table("product") as batch_op:
        batch_op.add_column(sa.Column("sku", ExactText(20)))
        batch_op.alter_column("price", type_=ExactDecimal(12, 3))
        batch_op.alter_column("stock", new_column_name="count")
        batch_op.drop_column("own")
    op.add_column("product", sa.Column("at", UtcDateTime()))
    op.drop_column("product", "at")
    op.alter_column("product", "sku", type_=unknown)
    op.rename_table("old", "young")
"""


def test_columns_are_known_as_the_migrations_leave_them(tmp_path: Path) -> None:
    for name, text in (("1.py", FIRST), ("2.py", SECOND), ("3.py", "def upgrade(:\n")):
        (tmp_path / name).write_text(text)
    known = written_columns([tmp_path / name for name in ("1.py", "2.py", "3.py")])
    assert {f"{table}.{name}": repr(kind) for (table, name), kind in known.items()} == {
        "product.id": "ExactText(indexed=True)",
        "product.price": "ExactDecimal(12, 3)",
        "product.count": "BigInteger()",
        "young.x": "Date()",
    }


def test_the_tables_that_migrations_make_are_known(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions/1.py").write_text(FIRST)
    (tmp_path / "versions/2.py").write_text(SECOND)
    assert migration_tables(tmp_path) == {"product", "old", "young", "never"}


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        (sa.VARCHAR(80), "ExactText(80)"),
        (mysql.LONGTEXT(collation="utf8mb4_nopad_bin"), "ExactText()"),
        (mysql.TINYINT(display_width=1), "Boolean()"),
        (mysql.TINYINT(display_width=4), "SmallInteger()"),
        (mysql.DATETIME(fsp=6), "UtcDateTime()"),
        (mysql.DECIMAL(10, 2), "ExactDecimal(10, 2)"),
        (mysql.DOUBLE(), "Double()"),
        (postgresql.TIMESTAMP(timezone=True), "UtcDateTime()"),
        (postgresql.BYTEA(), "ExactBytes()"),
        (postgresql.JSON(), "JSON()"),
        (sa.UUID(), "ExactUuid()"),
        (sa.TIME(), "ExactTime()"),
        (sa.BIGINT(), "BigInteger()"),
        (columns.EnumText(32), "EnumText(32)"),
    ],
)
def test_a_type_that_was_read_from_a_database_is_written_as_every_database_has_it(
    kind: object, source: str
) -> None:
    assert repr(portable(kind)) == source


def test_what_a_migration_wrote_says_more_than_the_database() -> None:
    assert repr(portable(sa.BIGINT(), columns.ExactDecimal(10, 2))) == "ExactDecimal(10, 2)"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("uq", "product", ["sku"]), "uq_product_sku"),
        (("uq", "link", ["a_id", "b_id"]), "uq_link_a_id_b_id"),
        (("ix", "t" * 30, ["c" * 26]), f"ix_{'t' * 30}_{'c' * 26}"),
        (("ix", "t" * 30, ["c" * 27]), f"ix_{'t' * 30}_{'c' * 17}_1265bc88"),
    ],
)
def test_a_constraint_has_a_name_that_every_database_takes(
    words: tuple[str, str, list[str]], name: str
) -> None:
    assert constraint_name(*words) == name
    assert len(name) <= 60
