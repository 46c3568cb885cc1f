"""Create product."""

import sqlalchemy as sa
from alembic import op
from nitro_runtime.entities.columns import Double, ExactText, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "product",
        sa.Column("id", ExactText(indexed=True), primary_key=True),
        sa.Column("name", ExactText(), nullable=False),
        sa.Column("price", Double(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("product")
