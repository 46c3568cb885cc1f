"""Example data for development: `nitro db seed`. Replace it with your own."""

from nitro import Entity, samples, transaction

import shop.settings  # noqa: F401 # configures the database
from shop.registry import RESOURCES


def main(count: int) -> None:
    """Fills every empty table with up to `count` believable rows."""
    with transaction():
        for resource in RESOURCES:
            entity: type[Entity] = resource.entity
            if not entity.exists():
                entity.create_many(samples(entity, count))
