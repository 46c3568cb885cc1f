"""JSON and YAML as lists, objects and texts: numbers and words stay as they were written.

A name that stands twice in an object is refused, and so are YAML's aliases, with which a short file
can describe an endless document.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nitro_runtime.errors import UsageError

LARGEST = 1_000_000
"""The greatest file, in bytes."""


def read_document(path: Path) -> object:
    """Reads a file: lists, dictionaries, texts; in JSON also booleans and None.

    Args:
        path: It ends in ``.json``, ``.yaml`` or ``.yml``.

    Raises:
        UsageError: It has another ending, cannot be read, or is not well formed.
    """
    load = _LOADERS.get(path.suffix.lower())
    if load is None:
        raise UsageError(f"{path} is no file of entities: its name ends in .json, .yaml or .yml.")
    try:
        return load(_text_of(path), path.name)
    except _Twice as error:
        raise UsageError(f"{path.name}: {error}") from None
    except RecursionError:
        raise UsageError(f"{path.name} is nested too deep.") from None


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > LARGEST:
        raise UsageError(f"{path} is too long: it may have at most {LARGEST} bytes.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text.") from None


class _Twice(ValueError):
    """A name stands twice in one object."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} stands twice in one object; leave one out.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(name)
        found[name] = value
    return found


# -- JSON -----------------------------------------------------------------------------------------


def _json(text: str, name: str) -> object:
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=str
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UsageError(f"{name}, {place}: this is not JSON: {error.msg}.") from None


# -- YAML -----------------------------------------------------------------------------------------


def _yaml(text: str, name: str) -> object:
    import yaml

    made: Any = yaml  # its types say little
    try:
        alias = next((e for e in made.parse(text) if isinstance(e, yaml.AliasEvent)), None)
        node = made.compose(text) if alias is None else None
    except yaml.YAMLError as error:
        reason = getattr(error, "problem", None) or "it cannot be read"
        mark = getattr(error, "problem_mark", None)
        raise UsageError(f"{name}{_place(mark)}: this is not YAML: {reason}.") from None
    if alias is not None:
        place = _place(alias.start_mark)
        raise UsageError(f"{name}{place}: aliases are not taken here; write it out.")
    return _value(node)


def _place(mark: Any) -> str:  # noqa: ANN401 # PyYAML's own
    return "" if mark is None else f", line {mark.line + 1}, column {mark.column + 1}"


def _value(node: Any) -> object:  # noqa: ANN401 # PyYAML's own
    """Returns a node as plain data: every scalar is a text, so ``no`` and ``on`` are words."""
    if node is None:
        return None
    if node.id == "sequence":
        return [_value(each) for each in node.value]
    if node.id == "mapping":
        return _object([(str(_value(key)), _value(value)) for key, value in node.value])
    return None if node.style is None and node.value in {"", "~"} else node.value


_LOADERS: Mapping[str, Callable[[str, str], object]] = {
    ".json": _json,
    ".yaml": _yaml,
    ".yml": _yaml,
}
