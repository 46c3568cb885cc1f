"""The signals that Datastar sends along: strict JSON, objects only, as a read-only mapping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from nitro_runtime.errors import Refused, suggestion
from nitro_runtime.strict_json import DEEPEST, decode, is_deeper


class Signals(Mapping[str, Any]):
    """Signals by name; ``signals.product_id`` reads like ``signals["product_id"]``.

    So does ``signals.product.name``; with brackets a nested object is a plain dict. Names that a
    mapping has itself (``items``, ``keys``, ``values``, ``get``) are read with brackets.

    Raises:
        AttributeError: There is no signal of that name; the message names the nearest one.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self._values: dict[str, Any] = dict(values or {})

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 # any JSON value
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 # any JSON value
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            value = self._values[name]
        except KeyError:
            hint = suggestion(name, self._values)
            raise AttributeError(f"The request has no signal {name!r}.{hint}") from None
        return Signals(cast("dict[str, Any]", value)) if isinstance(value, dict) else value

    def __repr__(self) -> str:
        return f"Signals({self.plain()!r})"

    def pick(self, names: Iterable[str]) -> dict[str, Any]:
        """Returns those of these names that there are."""
        values = self._values
        return {name: values[name] for name in names if name in values}

    def plain(self) -> dict[str, Any]:
        """Returns the signals as a plain dict."""
        return dict(self._values)


def parse_signals(text: str | bytes) -> Signals:
    """Parses a JSON object (RFC 8259) as signals; an empty text is no signals.

    Raises:
        Refused: 422. It is not UTF-8, not JSON, not an object, nested deeper than `DEEPEST`, has a
            number that JSON does not have (``NaN``, ``1e999``) or half a surrogate pair.
    """
    try:
        plain = text.decode() if isinstance(text, bytes) else text
        if not plain.strip():
            return Signals()
        value = decode(plain, bounded=True)
    except (ValueError, RecursionError):
        raise Refused(422, "The signals are not valid JSON.") from None
    if not isinstance(value, dict):
        raise Refused(422, "The signals must be a JSON object.")
    if is_deeper(value):  # pyright: ignore[reportUnknownArgumentType]
        raise Refused(422, f"The signals are nested deeper than {DEEPEST} levels.")
    return Signals(value)  # pyright: ignore[reportUnknownArgumentType]
