"""Entities: validated objects that find, save and delete themselves (Active Record)."""

from nitro_runtime.entities.criteria import Arithmetic, Attribute, Criterion, Ordering, col
from nitro_runtime.entities.entity import Entity
from nitro_runtime.entities.fields import Field, Text
from nitro_runtime.entities.many_to_many import ManyToMany, many_to_many
from nitro_runtime.entities.memory import MemoryRepository
from nitro_runtime.entities.queryset import QueryPage, QuerySet
from nitro_runtime.entities.related import RelatedSet
from nitro_runtime.entities.relations import (
    BelongsTo,
    HasMany,
    HasOne,
    belongs_to,
    has_many,
    has_one,
)
from nitro_runtime.entities.repository import Query, Repository, UnitHandle
from nitro_runtime.entities.retrying import retry_stale
from nitro_runtime.entities.samples import samples
from nitro_runtime.entities.schema_creation import connect, create_tables
from nitro_runtime.entities.settings import configure, register_backend, use
from nitro_runtime.entities.sql.tables import build_tables
from nitro_runtime.entities.table_repository import TableRepository
from nitro_runtime.entities.transactions import transaction
from nitro_runtime.entities.uploads import FileKey, ImageKey

__all__ = [
    "Arithmetic",
    "Attribute",
    "BelongsTo",
    "Criterion",
    "Entity",
    "Field",
    "FileKey",
    "HasMany",
    "HasOne",
    "ImageKey",
    "ManyToMany",
    "MemoryRepository",
    "Ordering",
    "Query",
    "QueryPage",
    "QuerySet",
    "RelatedSet",
    "Repository",
    "TableRepository",
    "Text",
    "UnitHandle",
    "belongs_to",
    "build_tables",
    "col",
    "configure",
    "connect",
    "create_tables",
    "has_many",
    "has_one",
    "many_to_many",
    "register_backend",
    "retry_stale",
    "samples",
    "transaction",
    "use",
]
