"""Runs the migrations: `nitro db upgrade`, or plain `alembic upgrade head`."""

from nitro_runtime.entities.migrations import run_migrations

from myapp.settings import configure_database

configure_database()
run_migrations("myapp")
