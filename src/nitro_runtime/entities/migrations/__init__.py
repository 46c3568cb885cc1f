"""Migrations by Alembic: what ``migrations/env.py`` and the migrations themselves call."""

from nitro_runtime.entities.migrations.autogenerate import name_constraints, prepare_script
from nitro_runtime.entities.migrations.running import run_migrations
from nitro_runtime.entities.migrations.types import compare_type, render_item
from nitro_runtime.entities.migrations.values import convert_column, fold_column

__all__ = [
    "compare_type",
    "convert_column",
    "fold_column",
    "name_constraints",
    "prepare_script",
    "render_item",
    "run_migrations",
]
