"""The resources of this app, one line each; the menu shows them in this order."""

from nitro import Resource

RESOURCES: list[Resource] = [
    Resource("Products", None, "myapp.products"),
]
