"""Runs the migrations: `nitro db upgrade`, or plain `alembic upgrade head`."""

from alembic import context
from nitro_runtime.entities import build_tables, connect
from nitro_runtime.entities.migrations import name_constraints, render_item

from shop.registry import RESOURCES
from shop.settings import configure_database

configure_database()
for resource in RESOURCES:
    resource.module("entity")

with connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=build_tables(),
        render_as_batch=True,
        render_item=render_item,
        process_revision_directives=name_constraints,
    )
    with context.begin_transaction():
        context.run_migrations()
