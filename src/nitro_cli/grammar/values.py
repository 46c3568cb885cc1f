"""Whether a field's modifiers and default fit its type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from nitro_cli.grammar.problems import Problem
from nitro_cli.grammar.spec import FieldSpec
from nitro_cli.grammar.types import MODIFIER_NAMES, MODIFIERS, TYPES, FieldType

_TEXTS = frozenset({"str", "text", "email", "url"})
_SIZED = {"list": 1000, "file": 1000, "image": 1000}
"""The greatest 'max' of types that hold several values, or megabytes."""
_COUNTED = _TEXTS | _SIZED.keys()


def check_values(spec: FieldSpec, text: str) -> list[Problem]:
    """Returns what is wrong between a field's type, its modifiers and its default.

    Args:
        spec: The field; its type exists and each of its modifiers is well formed.
        text: The argument as typed, for the place.
    """
    problems = [*_unfit_modifiers(spec, text), *_bad_bounds(spec, text)]
    return problems or _bad_default(spec, text)


def _at(code: str, sentence: str, text: str, part: str) -> Problem:
    return Problem(code, sentence, text, max(text.find(part), 0), len(part))


def _unfit_modifiers(spec: FieldSpec, text: str) -> list[Problem]:
    row = TYPES[spec.type]
    reasons = dict(row.refuses)
    taken = row.modifiers | {m.name for m in MODIFIERS.values() if m.everywhere} - set(reasons)
    problems = [
        _at("bad-modifier", _unfit(row, m.name, reasons, taken), text, f":{m.name}")
        for m in spec.modifiers
        if m.name not in taken
    ]
    if spec.modifier("on") == "null" and not spec.has("opt"):
        sentence = "on.null empties the field, so it must be optional: add :opt."
        problems.append(_at("bad-modifier", sentence, text, "on.null"))
    if spec.has("secret") and spec.has("search"):
        sentence = "What is secret cannot be searched: finding it would tell what it is."
        problems.append(_at("bad-modifier", sentence, text, ":search"))
    hidden = spec.has("secret") or spec.has("readonly")
    if hidden and not may_be_left_out(spec):
        sentence = "No form fills a secret or readonly field: give it a default, or add :opt."
        problems.append(_at("unfillable", sentence, text, spec.name))
    return problems


def _unfit(row: FieldType, modifier: str, reasons: Mapping[str, str], taken: Iterable[str]) -> str:
    why = reasons.get(modifier) or f"It takes: {', '.join(m for m in MODIFIERS if m in taken)}."
    return f"{row.name!r} does not take the modifier {modifier!r}. {why}"


def may_be_left_out(spec: FieldSpec) -> bool:
    """Whether an entity is valid without a value for the field, because it has one by itself."""
    row = TYPES[spec.type]
    by_itself = row.implied or spec.type == "many" or (row.factory and not fewest(spec))
    return spec.has("opt") or spec.default is not None or bool(by_itself)


def fewest(spec: FieldSpec) -> int:
    """Returns how many values a list has at least."""
    return int(spec.modifier("min") or 0) if spec.type == "list" else 0


def in_a_form(spec: FieldSpec) -> bool:
    """Whether a form may hold the field: nobody sends what is secret or readonly."""
    return not (spec.has("secret") or spec.has("readonly"))


def check_form(name: str, fields: Iterable[FieldSpec]) -> list[Problem]:
    """Returns the problem of an entity with pages whose form would be empty, or none.

    Args:
        name: The entity as typed.
        fields: Its fields.
    """
    if any(map(in_a_form, fields)):
        return []
    sentence = f"The form of {name} would be empty: leave one field that is not secret or readonly."
    return [Problem("empty-form", sentence, name)]


def bounds(spec: FieldSpec) -> tuple[Decimal | None, Decimal | None]:
    """Returns the least and greatest value of a number, or length of a text; None when open."""
    low, high = spec.modifier("min"), spec.modifier("max")
    if high is None and spec.type == "str" and spec.params:
        high = spec.params[0]
    return (Decimal(low) if low else None), (Decimal(high) if high else None)


def _bad_bounds(spec: FieldSpec, text: str) -> list[Problem]:
    low, high = bounds(spec)
    for name in ("min", "max"):
        typed = spec.modifier(name)
        counted = spec.type in _COUNTED
        whole = spec.type in {"int", "bigint"} or counted
        if typed and whole and ("." in typed or (counted and typed.startswith("-"))):
            sentence = f"{name!r} of {spec.type!r} is a whole number."
            return [_at("bad-modifier", sentence, text, f"{name}.{typed}")]
    for bound in (low, high):
        if spec.type == "decimal" and bound is not None and _places(bound) > _scale(spec):
            sentence = f"A bound of {spec.type!r} has no more digits after the point than it keeps."
            return [_at("bad-modifier", sentence, text, str(bound))]
    if spec.type == "str" and spec.params and spec.has("max"):
        sentence = f"'str.{spec.params[0]}' says the longest length already; leave 'max' out."
        return [_at("bad-modifier", sentence, text, "max")]
    if spec.type in _SIZED and high is not None and not 1 <= high <= _SIZED[spec.type]:
        sentence = f"'max' of {spec.type!r} is a whole number from 1 to {_SIZED[spec.type]}."
        return [_at("bad-modifier", sentence, text, f"max.{spec.modifier('max')}")]
    if low is not None and high is not None and low > high:
        return [_at("bad-modifier", "The least is greater than the greatest.", text, "min")]
    return []


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _scale(spec: FieldSpec) -> int:
    """Returns how many digits after the point a decimal keeps."""
    return int(spec.params[1]) if spec.params else 2


def _bad_default(spec: FieldSpec, text: str) -> list[Problem]:
    if spec.default is None:
        return []
    row = TYPES[spec.type]
    place = "=" + spec.default
    if spec.type == "enum":
        if spec.default in spec.params:
            return []
        sentence = f"{spec.default!r} is none of its words: {', '.join(spec.params)}."
        return [_at("bad-default", sentence, text, place)]
    if not row.expects:
        return [_at("bad-default", f"A field of type {row.name!r} has no default.", text, place)]
    try:
        row.default(spec.default)
    except (ValueError, OverflowError):
        sentence = f"{spec.default!r} cannot be its default: {row.name!r} expects {row.expects}."
        sentence += _misplaced(spec)
        return [_at("bad-default", sentence, text, place)]
    return _default_in_bounds(spec, text, place)


def _misplaced(spec: FieldSpec) -> str:
    """Returns what to write for ``stock:int=5:index``, where a modifier follows the default."""
    default, *modifiers = (spec.default or "").split(":")
    if not modifiers or any(m.partition(".")[0] not in MODIFIER_NAMES for m in modifiers):
        return ""
    before = str(replace(spec, default=None))
    return f" The default comes last: {before}:{':'.join(modifiers)}={default}."


def _default_in_bounds(spec: FieldSpec, text: str, place: str) -> list[Problem]:
    low, high = bounds(spec)
    default = spec.default or ""
    if spec.type in _TEXTS:
        size, what = Decimal(len(default)), "length"
    elif spec.type in {"int", "bigint", "float", "decimal"}:
        size, what = Decimal(default), "default"
        if spec.type == "decimal":
            whole = (int(spec.params[0]) if spec.params else 10) - _scale(spec)
            if _places(size) > _scale(spec) or size.adjusted() >= whole:
                return [_at("bad-default", "The default has too many digits.", text, place)]
    else:
        return []
    if (low is not None and size < low) or (high is not None and size > high):
        sentence = f"The {what} of the default, {size}, is outside of its bounds."
        return [_at("bad-default", sentence, text, place)]
    return []
