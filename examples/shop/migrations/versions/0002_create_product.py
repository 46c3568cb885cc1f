"""Create product."""

import sqlalchemy as sa
from alembic import op
from nitro_runtime.entities.columns import EnumText, ExactDecimal, ExactText, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "product",
        sa.Column("id", ExactText(indexed=True), primary_key=True),
        sa.Column("name", ExactText(80), nullable=False),
        sa.Column("name_search", ExactText(), nullable=True),
        sa.Column("price", ExactDecimal(10, 2), nullable=False),
        sa.Column("stock", sa.BigInteger(), nullable=False),
        sa.Column("status", EnumText(32), nullable=False),
        sa.Column(
            "category_id",
            ExactText(indexed=True),
            sa.ForeignKey("category.id", name="fk_product_category_id"),
            nullable=False,
        ),
        sa.Column("description", ExactText(), nullable=True),
        sa.Column("available_from", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_product_category_id", "product", ["category_id"])


def downgrade() -> None:
    op.drop_table("product")
