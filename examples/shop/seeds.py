"""Example data for development: `nitro db seed`. Replace it with your own."""

from nitro import transaction

from shop.registry import RESOURCES
from shop.settings import configure_database


def main(count: int) -> None:
    """Fills every empty table with up to `count` believable rows."""
    configure_database()
    with transaction():
        for resource in RESOURCES:
            entity = resource.entity
            if entity is not None and not entity.exists():
                entity.create_many(resource.seeds(count))
