"""Values for generated tests: what a form takes, what it refuses, what a test changes."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal

from nitro_cli.generators.model import Changed, FieldView, Invalid
from nitro_cli.grammar.spec import EntitySpec, FieldSpec
from nitro_cli.grammar.types import TYPES, UPLOADS, FieldType
from nitro_cli.grammar.values import bounds, fewest

_TEXT, _NUMBER = "{1}", "{0}"
_CHANGEABLE = {
    "str": _TEXT,
    "text": _TEXT,
    "email": _TEXT,
    "url": _TEXT,
    "int": _NUMBER,
    "bigint": _NUMBER,
    "float": _NUMBER,
}


def example(spec: EntitySpec, field: FieldSpec, row: FieldType) -> str:
    """Returns the source of a valid value; none for a file, which no text can be."""
    if field.type == "enum":
        return repr(field.default or field.params[0])
    if field.type in UPLOADS:
        return ""
    if field.type in {"ref", "many"}:
        return f"make({field.params[0]}).id" if field.params[0] != spec.name else '""'
    return repr(examples(field, row)[0])


def examples(field: FieldSpec, row: FieldType) -> tuple[str, str]:
    """Returns two values that are valid for the field, inside of its bounds."""
    low, high = bounds(field)
    if row.html == "number":
        first = _number_within(Decimal(row.example), low, high, field)
        return first, _number_within(Decimal(row.other_example), low, high, field)
    if field.type == "list":
        return _list_within(field, "example"), _list_within(field, "other_example")
    if field.type in {"str", "text"}:
        return _text_within(row.example, low, high), _text_within(row.other_example, low, high)
    return row.example, row.other_example


def _list_within(field: FieldSpec, which: str) -> str:
    """Returns the values one a line, as many as must be."""
    element = TYPES[field.params[0]]
    value = "true" if element.name == "bool" else str(getattr(element, which))
    return "\n".join([value] * max(1, fewest(field)))


def bad_example(field: FieldSpec, row: FieldType) -> str | None:
    """Returns the source of a value that is never valid, or None when there is none."""
    text = TYPES[field.params[0]].bad_example if field.type == "list" else row.bad_example
    return None if text is None else repr(text)


def file_example(field: FieldSpec) -> str:
    """Returns the source of a file as the client of the tests sends it; empty for other fields."""
    return _FILES.get(field.type, "")


_FILES = {
    "file": '("example.txt", b"Example", "text/plain")',
    "image": '("example.png", sample_png(), "image/png")',
}


def _number_within(
    number: Decimal, low: Decimal | None, high: Decimal | None, field: FieldSpec
) -> str:
    if field.type == "decimal" and field.params:
        digits, scale = int(field.params[0]), int(field.params[1])
        number = number.quantize(Decimal(1).scaleb(-scale), ROUND_DOWN) % 10 ** (digits - scale)
        number = number if number else Decimal("0.5")
    if low is not None and number < low:
        number = low
    if high is not None and number > high:
        number = high
    return str(number)


def _text_within(text: str, low: Decimal | None, high: Decimal | None) -> str:
    if low is not None and len(text) < low:
        text = text.ljust(int(low), "x")
    return text if high is None else text[-int(high) :]


def invalid(fields: Iterable[FieldView]) -> Invalid | None:
    """Returns what a form refuses: an empty value where one is needed, else one of a wrong kind."""
    shown = [field for field in fields if field.form_field is not None]
    texts = [f for f in shown if not (f.relation or f.file_example)]
    empty = (Invalid(f.name, '""') for f in texts if f.required)
    bad = (Invalid(f.name, f.bad_example) for f in shown if f.bad_example is not None)
    return next(empty, None) or next(bad, None)


def changed(field: FieldSpec) -> Changed | None:
    """Returns what a test changes a field to, when the change is plain to see."""
    row = TYPES[field.type]
    if field.type not in _CHANGEABLE or field.has("secret") or field.has("readonly"):
        return None
    first, other = examples(field, row)
    if first == other:
        return None
    return Changed(field.name, other, _CHANGEABLE[field.type].format(other, repr(other)))
