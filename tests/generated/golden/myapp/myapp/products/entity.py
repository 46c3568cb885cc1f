"""What a product is."""

from nitro import Entity


class Product(Entity, timestamps=True):
    name: str
    price: float
