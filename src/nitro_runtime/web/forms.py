"""Multi-valued parameters: query strings and urlencoded bodies, parsed strictly.

The format is the WHATWG URL Standard's ``application/x-www-form-urlencoded``; bytes that are not
UTF-8 are refused, never replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar
from urllib.parse import parse_qsl

from nitro_runtime.errors import Refused

FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
"""What a browser sends for a form without JavaScript (HTML Standard, ``enctype``)."""

MOST_FIELDS = 1000

V = TypeVar("V")


class Values(Mapping[str, V]):
    """Values by name, in the order they came; a name may have several.

    As a mapping it holds the last value of each name.
    """

    def __init__(self, pairs: Iterable[tuple[str, V]] = ()) -> None:
        self._values: dict[str, list[V]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def __getitem__(self, name: str) -> V:
        return self._values[name][-1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.pairs()!r})"

    def getlist(self, name: str) -> list[V]:
        """Returns every value of a name, in order; an empty list when it is absent."""
        return list(self._values.get(name, ()))

    def pairs(self) -> list[tuple[str, V]]:
        """Returns every name with each of its values."""
        return [(name, value) for name, values in self._values.items() for value in values]


class Multi(Values[str]):
    """Parameters by name: of a query string, or the text fields of a form."""


def parse_urlencoded(text: str | bytes) -> Multi:
    """Parses a query string or an urlencoded body.

    Args:
        text: Without the leading ``?``.

    Raises:
        Refused: It has more than `MOST_FIELDS` fields (413), or is not UTF-8 (422).
    """
    if not text:
        return Multi()
    try:
        plain = text.decode("ascii") if isinstance(text, bytes) else text
        pairs = parse_qsl(plain, keep_blank_values=True, errors="strict", separator="&")
    except ValueError:  # UnicodeDecodeError is one
        raise Refused(422, "The form is not readable: it must be percent-encoded UTF-8.") from None
    if len(pairs) > MOST_FIELDS:
        raise Refused(413, f"A form may have at most {MOST_FIELDS} fields.")
    return Multi(pairs)
