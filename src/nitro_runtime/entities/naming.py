"""How an entity's class name becomes its table, its address and what people read."""

from __future__ import annotations

import re

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
    """Returns a class name in snake case: ``OrderItem`` as ``order_item``, ``APIKey`` as ``api_key``."""
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", spaced).lower().strip("_")


def pluralize(word: str) -> str:
    """Returns the English plural of a lower-case word, by rule; only its last part changes."""
    head, underscore, last = word.rpartition("_")
    return f"{head}{underscore}{_plural(last)}"


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


def sentence_case(name: str) -> str:
    """Returns a snake-case name as people write it: ``order_item`` as ``Order item``."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
