"""`create_tables`: the tables of the entities defined so far, made at once."""

from __future__ import annotations

from typing import Any

from nitro_runtime.entities.settings import default_repository
from nitro_runtime.schema import registered_entities


def create_tables(*entities: type[Any]) -> None:
    """Creates the tables of the given entities, or of all defined so far, where they are missing.

    Migrations do this in an application that has them; scripts and tests need no call, as tables
    are created at the first write. A backend without tables has nothing to do.
    """
    repository = default_repository()
    create = getattr(repository, "create", None)
    if create is None:
        return
    chosen = entities or tuple(
        entity for entity in registered_entities() if entity.repository() is repository
    )
    create([entity.__nitro_mapper__ for entity in chosen])
