# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
"""Fills the shop with fixed rows, for pictures and for whoever looks at pages; run in the project."""

from datetime import date
from decimal import Decimal

from shop.categories.entity import Category
from shop.products.entity import Product, ProductStatus
from shop.settings import configure_database

ROWS = """
Brass Desk Lamp     | 89.00  | 14  | live    | Lighting | 2026-03-02
Cork Serving Board  | 24.50  | 120 | live    | Kitchen  | 2026-03-09
Cotton Apron        | 32.00  | 48  | draft   | Kitchen  |
Enamel Coffee Pot   | 46.90  | 0   | retired | Kitchen  | 2025-10-20
Field Guide to Owls | 19.90  | 75  | live    | Books    | 2026-01-12
Glass Terrarium     | 54.00  | 9   | live    | Garden   | 2026-04-01
Linen Notebook      | 12.75  | 310 | live    | Books    | 2026-02-16
Oak Plant Stand     | 68.00  | 22  | draft   | Garden   | 2026-05-04
Paper Lantern       | 8.95   | 64  | live    | Lighting | 2026-01-26
Slate Bird Bath     | 140.00 | 3   | live    | Garden   | 2026-03-30
"""
ABOUT = "Forty-one owls of Europe and Asia, by call, flight and feather.\nWith maps."

configure_database()
lines = [[cell.strip() for cell in line.split("|")] for line in ROWS.strip().splitlines()]
categories = {name: Category.create(name=name) for name in sorted({line[4] for line in lines})}
for name, price, stock, status, category, available in lines:
    Product.create(
        name=name,
        price=Decimal(price),
        stock=int(stock),
        status=ProductStatus(status),
        category_id=categories[category].id,
        description=ABOUT if "Owls" in name else None,
        available_from=date.fromisoformat(available) if available else None,
    )
