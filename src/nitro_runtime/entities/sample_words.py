"""Words that believable sample entities are made of."""

from __future__ import annotations

CATEGORIES = (
    "Tea", "Coffee", "Kitchen", "Garden", "Books", "Toys", "Lighting", "Stationery",
    "Outdoor", "Bathroom", "Textiles", "Music",
)  # fmt: skip
FIRST_NAMES = (
    "Amara", "Björn", "Chloe", "Diego", "Elif", "Farah", "Georg", "Hana", "Ivan", "Jonas",
    "Keiko", "Lucía", "Mateo", "Nadia", "Oskar", "Priya", "Quentin", "Rosa", "Samir", "Tove",
)  # fmt: skip
LAST_NAMES = (
    "Ahmed", "Becker", "Costa", "Dubois", "Eriksen", "Fontana", "Garcia", "Hoffmann", "Ito",
    "Jensen", "Kowalski", "Lindqvist", "Moreau", "Novak", "O'Brien", "Patel", "Rossi", "Silva",
    "Tanaka", "Weber",
)  # fmt: skip
MATERIALS = (
    "Oak", "Linen", "Copper", "Ceramic", "Walnut", "Cotton", "Glass", "Steel", "Bamboo", "Wool",
    "Cork", "Marble", "Brass", "Leather", "Paper", "Porcelain", "Rattan", "Slate",
)  # fmt: skip
THINGS = (
    "Teapot", "Lamp", "Notebook", "Bowl", "Chair", "Blanket", "Clock", "Vase", "Basket", "Mirror",
    "Mug", "Shelf", "Cushion", "Candle", "Tray", "Kettle", "Bookend", "Planter", "Stool",
    "Jug", "Coaster", "Pen",
)  # fmt: skip
PLACES = (
    "Lisbon", "Kyoto", "Oslo", "Vienna", "Porto", "Bergen", "Lyon", "Turin", "Ghent", "Cork",
    "Malmö", "Seville", "Leeds", "Basel", "Kraków", "Utrecht",
)  # fmt: skip
STREETS = (
    "Mill Lane",
    "Harbour Street",
    "Station Road",
    "Orchard Way",
    "Bridge Street",
    "High Street",
)
COUNTRIES = ("Portugal", "Japan", "Norway", "Austria", "France", "Italy", "Belgium", "Ireland")
COMPANIES = (
    "Northwind Trading", "Blue Harbour", "Fern & Finch", "Atlas Works", "Quiet Mornings",
    "Old Mill Supply", "Paper Lantern", "Red Kite Goods", "Salt and Stone", "Tidewater",
)  # fmt: skip
TITLES = (
    "Plan the spring catalogue", "Call the printer", "Check the stock of the north store",
    "Write the monthly letter", "Renew the insurance", "Photograph the new lamps",
    "Answer the supplier", "Order more boxes", "Prepare the market stall", "Review the prices",
    "Update the opening hours", "Thank the volunteers",
)  # fmt: skip
SENTENCES = (
    "Made by hand in small batches.",
    "A favourite of those who were here first.",
    "Simple, sturdy and easy to repair.",
    "Comes in a plain box without plastic.",
    "Each piece differs a little from the next.",
    "Looks better with every year of use.",
    "Designed to be passed on.",
    "Best enjoyed slowly.",
)
WORDS = (
    "amber",
    "breeze",
    "cedar",
    "delta",
    "ember",
    "frost",
    "grove",
    "harbour",
    "iris",
    "juniper",
)
COLORS = ("Sand", "Moss", "Ink", "Rust", "Chalk", "Plum", "Sky", "Graphite")
