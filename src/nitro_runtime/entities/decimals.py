"""Decimals with all their digits: rounded to a column's places, and as texts that sort as they do."""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation

_BIAS = 5000  # above every exponent of a Decimal that a person writes
_GREATEST_PLACE = 9999
_COMPLEMENT = str.maketrans("0123456789", "9876543210")


# Python's own context has 28 digits; a column may have more.
WIDE = Context(prec=5_100, traps=[InvalidOperation])


def quantized(value: Decimal, quantum: Decimal) -> Decimal:
    """Returns a number with exactly the decimal places of the quantum, however many digits it has.

    Raises:
        InvalidOperation: It has more digits than any column.
    """
    return value.quantize(quantum, context=WIDE)


def trimmed(value: Decimal) -> Decimal:
    """Returns a number without the zeros at the end of its places, written out: 100 and not 1E+2."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return Decimal(text) if value else Decimal(0)


def is_unusual(value: Decimal) -> bool:
    """Whether a number is greater, or less, than any that is kept."""
    return bool(value) and value.adjusted() + 1 + _BIAS > _GREATEST_PLACE


def sortable_text(value: Decimal) -> str:
    """Returns a text that sorts among others as the numbers do, and holds every digit.

    ``1`` zero, ``2`` a positive number, ``0`` a negative one; then the exponent and the digits, of a
    negative number complemented, and there a ``~`` so that the shorter comes last.
    """
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError("Only finite decimals can be stored.")
    # By hand: Decimal.normalize would round to the digits of the current context.
    text = "".join(map(str, digits)).lstrip("0")
    if not text:
        return "1"
    place = exponent + len(text) + _BIAS
    if not 0 <= place <= _GREATEST_PLACE:
        raise ValueError(f"{value} is too great or too small to be stored.")
    body = f"{place:04d}{text.rstrip('0')}"
    return f"0{body.translate(_COMPLEMENT)}~" if sign else f"2{body}"


def from_sortable_text(text: str) -> Decimal:
    """Returns the number that `sortable_text` made the text of."""
    if text == "1":
        return Decimal(0)
    negative = text[0] == "0"
    body = text[1:-1].translate(_COMPLEMENT) if negative else text[1:]
    digits, exponent = body[4:], int(body[:4]) - _BIAS - len(body[4:])
    # Whole numbers are written out: 100 and not 1E+2.
    whole = digits + "0" * max(0, exponent)
    return Decimal((int(negative), tuple(map(int, whole)), min(exponent, 0)))
