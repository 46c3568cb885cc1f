"""``icontains`` on servers, which do not fold the case of letters as Unicode asks.

Texts of ASCII letters the server folds itself; the others, where a field has any, are asked for and
folded here. ``Field(search=True)`` keeps a folded copy of each text, which needs none of this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nitro_runtime.entities.criteria import (
    Comparison,
    Criterion,
    Either,
    Every,
    Linked,
    Negation,
)
from nitro_runtime.entities.mapper import Mapper
from nitro_runtime.entities.text import fold

Texts = Callable[[Mapper, str], list[str]]
"""Returns the texts of a field that are not all ASCII, each once."""


def needs_folding(mapper: Mapper, criterion: Criterion | None) -> bool:
    """Whether a checked criterion asks for a part in any case of a field without a folded copy."""
    match criterion:
        case Comparison(field, "icontains"):
            return field not in mapper.search
        case Every(parts) | Either(parts):
            return any(needs_folding(mapper, part) for part in parts)
        case Negation(part):
            return needs_folding(mapper, part)
        case Linked():
            return needs_folding(_mapper(criterion.through), criterion.where)
        case _:
            return False


def folded(mapper: Mapper, criterion: Criterion, texts: Texts) -> Criterion:
    """Returns a criterion that a server answers alone: the texts that fit are named in it."""
    match criterion:
        case Comparison(field, "icontains") if field not in mapper.search:
            return _ascii_or_named(mapper, criterion, texts)
        case Every(parts):
            return Every(tuple(folded(mapper, part, texts) for part in parts))
        case Either(parts):
            return Either(tuple(folded(mapper, part, texts) for part in parts))
        case Negation(part):
            return Negation(folded(mapper, part, texts))
        case Linked(field, through, column, where):
            return Linked(field, through, column, folded(_mapper(through), where, texts))
        case _:
            return criterion


def _ascii_or_named(mapper: Mapper, node: Comparison, texts: Texts) -> Criterion:
    found = tuple(text for text in texts(mapper, node.field) if node.value in (fold(text) or ""))
    ascii_only: Any = "ascii_icontains"  # an operator that nobody can ask for
    plain = Comparison(node.field, ascii_only, node.value)
    return Either((plain, Comparison(node.field, "in", found))) if found else plain


def _mapper(entity: Any) -> Mapper:  # noqa: ANN401 # an entity class
    return entity.__nitro_mapper__
