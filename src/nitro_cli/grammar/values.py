"""Whether a field's modifiers and default fit its type."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from nitro_cli.grammar.problems import Problem
from nitro_cli.grammar.spec import FieldSpec
from nitro_cli.grammar.types import MODIFIER_NAMES, MODIFIERS, TYPES

_TEXTS = frozenset({"str", "text", "email", "url"})


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
    taken = row.modifiers | {m.name for m in MODIFIERS.values() if m.everywhere}
    problems = [
        _at("bad-modifier", f"{row.name!r} does not take the modifier {m.name!r}.", text, m.name)
        for m in spec.modifiers
        if m.name not in taken
    ]
    if spec.modifier("on") == "null" and not spec.has("opt"):
        sentence = "on.null empties the field, so it must be optional: add :opt."
        problems.append(_at("bad-modifier", sentence, text, "on.null"))
    hidden = spec.has("secret") or spec.has("readonly")
    if hidden and not spec.has("opt") and spec.default is None and spec.type != "bool":
        sentence = "No form fills a secret or readonly field: give it a default, or add :opt."
        problems.append(_at("unfillable", sentence, text, spec.name))
    return problems


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
        whole = spec.type in {"int", "bigint"} | _TEXTS
        if typed and whole and ("." in typed or (spec.type in _TEXTS and typed.startswith("-"))):
            sentence = f"{name!r} of {spec.type!r} is a whole number."
            return [_at("bad-modifier", sentence, text, f"{name}.{typed}")]
    if spec.type == "str" and spec.params and spec.has("max"):
        sentence = f"'str.{spec.params[0]}' says the longest length already; leave 'max' out."
        return [_at("bad-modifier", sentence, text, "max")]
    if low is not None and high is not None and low > high:
        return [_at("bad-modifier", "The least is greater than the greatest.", text, "min")]
    return []


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
            exponent = size.as_tuple().exponent
            scale = int(spec.params[1]) if spec.params else 2
            whole = (int(spec.params[0]) if spec.params else 10) - scale
            if (isinstance(exponent, int) and -exponent > scale) or size.adjusted() >= whole:
                return [_at("bad-default", "The default has too many digits.", text, place)]
    else:
        return []
    if (low is not None and size < low) or (high is not None and size > high):
        sentence = f"The {what} of the default, {size}, is outside of its bounds."
        return [_at("bad-default", sentence, text, place)]
    return []
