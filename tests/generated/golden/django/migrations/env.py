"""Runs the migrations: `nitro db upgrade`, or plain `alembic upgrade head`."""

from nitro_runtime.entities.migrations import run_migrations

import shop.wsgi  # noqa: F401 - sets Django up
from shop.settings import configure_database

configure_database()
run_migrations("shop")
