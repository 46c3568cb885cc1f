"""What a category is."""

from nitro import Entity, Field


class Category(Entity, timestamps=True):
    name: str = Field(max_length=60, unique=True)
