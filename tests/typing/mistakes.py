"""Mistakes that a type checker must find: each ignore here is needed, or it is reported itself."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

import nitro
from nitro import Entity, Page, emit_signals
from nitro.html import Div


class Product(Entity):
    name: str
    stock: int = 0


def mistakes() -> None:
    print(nitro.Entty)  # pyright: ignore[reportAttributeAccessIssue]
    Product.gett("1")  # pyright: ignore[reportAttributeAccessIssue]
    product = Product.get("1")
    print(product.nme)  # pyright: ignore[reportAttributeAccessIssue]
    product.stock = "many"  # pyright: ignore[reportAttributeAccessIssue]
    emit_signals("name")  # pyright: ignore[reportArgumentType]
    Page(Div())  # pyright: ignore[reportCallIssue]
