"""What is wrong with a value, said for people: pydantic's errors become the sentences of `words`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from nitro_runtime.views.words import say

Details = Mapping[str, Any]
"""What pydantic tells about one error: ``ctx``."""


def _limit(value: object) -> str:
    """Returns a bound as people write it: 0 for 0.0, 1000 for 1E+3."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _bound(word: str, key: str) -> Callable[[Details], str]:
    return lambda details: say(word, limit=_limit(details[key]))


def _count(word: str, key: str) -> Callable[[Details], str]:
    return lambda details: say(word, count=details[key])


def _just(word: str) -> Callable[[Details], str]:
    return lambda _: say(word)


def _own(details: Details) -> str:
    """A sentence raised by a validator of the application stands as it is."""
    return str(details.get("error") or say("invalid"))


_SENTENCES: Mapping[str, Callable[[Details], str]] = {
    "missing": _just("required"),
    "string_too_short": _count("too_short", "min_length"),
    "string_too_long": _count("too_long", "max_length"),
    "too_short": _count("too_few", "min_length"),
    "too_long": _count("too_many", "max_length"),
    "string_pattern_mismatch": _just("format"),
    "int_parsing": _just("whole_number"),
    "int_parsing_size": _just("whole_number"),
    "int_from_float": _just("whole_number"),
    "int_type": _just("whole_number"),
    "float_parsing": _just("number"),
    "float_type": _just("number"),
    "finite_number": _just("number"),
    "decimal_parsing": _just("number"),
    "decimal_type": _just("number"),
    "greater_than_equal": _bound("at_least", "ge"),
    "less_than_equal": _bound("at_most", "le"),
    "greater_than": _bound("more_than", "gt"),
    "less_than": _bound("less_than", "lt"),
    "multiple_of": _bound("multiple_of", "multiple_of"),
    "decimal_max_places": _count("decimal_places", "decimal_places"),
    "decimal_max_digits": _count("max_digits", "max_digits"),
    "decimal_whole_digits": _count("whole_digits", "whole_digits"),
    "date_parsing": _just("date"),
    "date_type": _just("date"),
    "date_from_datetime_parsing": _just("date"),
    "date_from_datetime_inexact": _just("date"),
    "time_parsing": _just("time"),
    "time_type": _just("time"),
    "datetime_parsing": _just("date_time"),
    "datetime_from_date_parsing": _just("date_time"),
    "datetime_type": _just("date_time"),
    "enum": _just("one_of"),
    "literal_error": _just("one_of"),
    "url_parsing": _just("url"),
    "url_scheme": _just("url"),
    "url_type": _just("url"),
    "extra_forbidden": _just("unknown_field"),
    "assertion_error": _own,
}


def _sentence(kind: str, message: str, details: Details) -> str:
    say_it = _SENTENCES.get(kind)
    if say_it is not None:
        return say_it(details)
    if "email" in message:  # pydantic has no error type of its own for it
        return say("email")
    return _own(details) if kind == "value_error" else say("invalid")


def sentences(
    error: ValidationError, fields: Sequence[str], *, partial: bool = False
) -> dict[str, list[str]]:
    """Returns what is wrong, by field.

    Args:
        error: What pydantic found.
        fields: The fields that are shown.
        partial: Whether the other fields come later, so that it is not wrong if they are missing.

    Returns:
        Field name to sentences. What belongs to no shown field stands under the empty name, with
        the name of its field in front where it has one.
    """
    found: dict[str, list[str]] = {}
    for item in error.errors(include_url=False, include_input=False):
        place = str(item["loc"][0]) if item["loc"] else ""
        if partial and place not in fields and item["type"] == "missing":
            continue
        text = _sentence(item["type"], item["msg"], item.get("ctx") or {})
        within = item["loc"][1] if len(item["loc"]) > 1 else None
        if isinstance(within, int):  # one value of a list
            text = say("value", number=within + 1, text=text)
        if place and place not in fields:
            place, text = "", f"{place}: {text}"
        known = found.setdefault(place, [])
        if text not in known:
            known.append(text)
    return found
