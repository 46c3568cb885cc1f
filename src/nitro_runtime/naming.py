"""The forms of one English name: ``OrderItem``, ``order_item``, ``order_items``, "Order items".

The entities name their tables and addresses by these rules, and the command the files that it
writes. Only the standard library is imported, so that the command may start without a database.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_IRREGULAR = {
    "person": "people",
    "child": "children",
    "man": "men",
    "woman": "women",
    "foot": "feet",
    "tooth": "teeth",
    "goose": "geese",
    "mouse": "mice",
    "datum": "data",
    "medium": "media",
    "criterion": "criteria",
    "analysis": "analyses",
    "basis": "bases",
    "leaf": "leaves",
    "life": "lives",
    "wife": "wives",
    "shelf": "shelves",
    "half": "halves",
    "hero": "heroes",
    "potato": "potatoes",
    "tomato": "tomatoes",
    "echo": "echoes",
    "quiz": "quizzes",
}
_UNCHANGED = frozenset({"news", "series", "species", "equipment", "information", "sheep", "fish"})


def snake_case(name: str) -> str:
    """Returns ``order_item`` for ``OrderItem`` and ``order-item``, ``api_key`` for ``APIKey``."""
    return _BOUNDARY.sub("_", name).replace("-", "_").lower().strip("_")


def pascal_case(name: str) -> str:
    """Returns ``OrderItem`` for ``order_item`` and ``order-item``; ``OrderItem`` stays."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[-_]+", name))


def sentence_case(name: str) -> str:
    """Returns ``Order item`` for ``order_item``, as people write it."""
    words = name.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def pluralize(name: str) -> str:
    """Returns the plural of a snake-case singular, by rule; only its last word changes."""
    head, joint, word = name.rpartition("_")
    return f"{head}{joint}{_plural(word)}"


def _plural(word: str) -> str:
    if word in _UNCHANGED:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if re.search(r"(s|x|z|ch|sh)$", word):
        return f"{word}es"
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}s"


def looks_plural(name: str) -> bool:
    """Whether a snake-case name is most likely a plural: ``products``, ``order_items``."""
    word = name.rpartition("_")[2]
    if word in _IRREGULAR.values():
        return True
    return len(word) > 3 and word not in _UNCHANGED and bool(re.search(r"[^siuao]s$", word))


def singularize(name: str) -> str:
    """Returns a guess at the singular of a name that `looks_plural`."""
    head, joint, word = name.rpartition("_")
    known = {plural: single for single, plural in _IRREGULAR.items()}
    if word in known:
        return f"{head}{joint}{known[word]}"
    if word.endswith("ies"):
        return f"{head}{joint}{word[:-3]}y"
    stem = word[:-2] if re.search(r"(x|z|ch|sh|ss)es$", word) else word[:-1]
    return f"{head}{joint}{stem}"


def link_names(table: str, relation: str) -> tuple[str, str, str]:
    """Returns the table that links many to many, and its two columns.

    ``product`` and ``tags`` give ``product_tag`` with ``product_id`` and ``tag_id``; the entity
    ``user`` with the relation ``users`` to itself ``user_user`` with ``user_id`` and
    ``other_user_id``.

    Args:
        table: The table of the entity that declares the relation.
        relation: The name of the relation.
    """
    single = singularize(relation) if looks_plural(relation) else relation
    right = f"other_{single}" if single == table else single
    return f"{table}_{single}", f"{table}_id", f"{right}_id"


_LONGEST_NAME = 60
"""Characters that every database takes: PostgreSQL 63, MariaDB 64."""


def constraint_name(kind: str, table: str, columns: Iterable[str]) -> str:
    """Returns the name of a constraint or index: ``uq_product_sku``.

    One that a database would refuse for its length ends in a few figures of its sum instead.

    Args:
        kind: ``"uq"``, ``"fk"`` or ``"ix"``.
        table: The table's name.
        columns: The names of its columns, in order.
    """
    name = "_".join((kind, table, *columns))
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME - 9]}_{zlib.crc32(name.encode()):08x}"
