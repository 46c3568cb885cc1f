"""From tags to compiled markup: render once with marks, then compile what stands between them.

A view is written with ordinary tags. Where a value will stand, `Marks.place` gives a mark: a text
that nothing escapes and nobody types. `Marks.compile` splits the finished markup at the marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter
from typing import Any, Generic, TypeVar

from nitro_runtime.html import Html, raw
from nitro_runtime.html.compiled import CompiledRow, Kind, Value, compile_row

Item = TypeVar("Item")

_MARK = re.compile("\ue000([0-9]+)\ue001")  # characters of private use


class Marks(Generic[Item]):
    """The marks in one piece of markup.

    Args:
        prefix: What stands before every path, ``"item."`` when the items are wrapped.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._values: list[Value] = []
        self._unwrapped: dict[int, Callable[[Any], object]] = {}

    def place(
        self,
        get: str | Callable[[Item], object],
        kind: Kind = "any",
        *,
        nullable: bool = False,
    ) -> str:
        """Returns a mark for a value; see `nitro_runtime.html.compiled.Value`.

        The mark may stand as text, as a whole attribute value, or inside either.
        """
        return self.put(Value(get, kind, nullable))

    def put(self, value: Value) -> str:
        """Returns a mark for a value that is described already."""
        if self._prefix:
            get = value.get
            get = f"{self._prefix}{get}" if isinstance(get, str) else self._unwrapping(get)
            value = replace(value, get=get)
        return self._add(value)

    def place_whole(self, get: Callable[[Item], object]) -> str:
        """Returns a mark for a value of the whole item, also when it is wrapped."""
        return self._add(Value(get))

    def _unwrapping(self, get: Callable[[Any], object]) -> Callable[[Any], object]:
        # the same one each time, so that a compiled row calls it once
        return self._unwrapped.setdefault(id(get), _after(self._prefix, get))

    def _add(self, value: Value) -> str:
        self._values.append(value)
        return f"\ue000{len(self._values) - 1}\ue001"

    def compile(self, markup: Html) -> CompiledRow[Item]:
        """Returns the markup compiled, each mark replaced by its value."""
        pieces = _MARK.split(markup)
        parts: list[Html | Value] = []
        for number, piece in enumerate(pieces):
            if number % 2:
                parts.append(self._values[int(piece)])
            elif piece:
                parts.append(raw(piece))
        return compile_row(parts)


def _after(prefix: str, get: Callable[[Any], object]) -> Callable[[Any], object]:
    unwrap = attrgetter(prefix.rstrip("."))
    return lambda item: get(unwrap(item))
