"""TOML as text with the places of its values, so that one value is added and all else stays.

`tomllib` says what a file means and refuses one that is wrong; this says where in the text it says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEADER = re.compile(r"\[\[?([^\[\]\r\n]+)\]\]?[^\r\n]*")
_KEY = re.compile(r"""((?:"[^"\r\n]*"|'[^'\r\n]*'|[\w-]+|[ \t]*\.[ \t]*)+)[ \t]*=[ \t]*""")
_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^."'\s]+))\s*(?:\.|$)""")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""' r"|'''.*?'''" r'|"(?:\\.|[^"\\\r\n])*"' r"|'[^'\r\n]*'", re.DOTALL
)
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*)+")

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """One key with its value.

    Attributes:
        path: The whole key, ``("project", "dependencies")``.
        table: The table that it stands in.
        start: Where the value starts in the text.
        end: Where it ends.
    """

    path: Path
    table: Path
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a table.

    Attributes:
        path: The table's name, ``("tool", "poetry")``.
        end: Where its line ends in the text, the line end not included.
    """

    path: Path
    end: int


def read(text: str) -> list[Header | Value]:
    """Returns the tables and values of a TOML text that is known to be right, in their order."""
    return list(_read(text))


def _read(text: str) -> Iterator[Header | Value]:
    place, table = 0, ()
    while (place := _skip(text, place)) < len(text):
        if header := _HEADER.match(text, place):
            table = _parts(header[1])
            place = header.end()
            yield Header(table, place)
        elif key := _KEY.match(text, place):
            place = _value_end(text, key.end())
            yield Value((*table, *_parts(key[1])), table, key.end(), place)
        else:
            return  # a form that this does not know; the caller finds nothing to edit


def _parts(name: str) -> Path:
    return tuple(a or b or c for a, b, c in _PART.findall(name))


def _skip(text: str, place: int) -> int:
    space = _SPACE.match(text, place)
    return space.end() if space else place


def _value_end(text: str, place: int) -> int:
    depth = 0
    while place < len(text):
        if string := _STRING.match(text, place):
            place = string.end()
        elif depth and (space := _SPACE.match(text, place)):
            place = space.end()
        elif not depth and text[place] in "#\r\n":
            break
        else:
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(text[place], 0)
            place += 1
    return place - (len(text[:place]) - len(text[:place].rstrip(" \t")))


def elements(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Returns where the strings of an array start and end; the array is ``text[start:end]``."""
    found: list[tuple[int, int]] = []
    place = start + 1
    while (place := _skip(text, place)) < end - 1:
        if string := _STRING.match(text, place):
            found.append(string.span())
            place = string.end()
        else:
            place += 1
    return found


def appended(text: str, start: int, end: int, item: str) -> str:
    """Returns the text with a string more at the end of an array, written as its others are.

    Args:
        text: The whole text.
        start: Where the array starts.
        end: Where it ends.
        item: The string, without quotes; it holds none.
    """
    there = elements(text, start, end)
    newline = "\r\n" if "\r\n" in text else "\n"
    if not there:
        return f'{text[: start + 1]}"{item}"{text[start + 1 :]}'
    last_start, last_end = there[-1]
    quote = "'" if text[last_start] == "'" else '"'
    rest = text[last_end : end - 1]
    own_line = re.split(r"[\r\n]", text[:last_start])[-1]
    if "\n" not in rest or own_line.strip():
        comma = "," if "," in _code(rest) else ""
        return (
            f"{text[:last_end]}, {quote}{item}{quote}{comma}{_after_comma(rest)}{text[end - 1 :]}"
        )
    first_line, _, others = rest.partition("\n")
    has_comma = "," in _code(rest)
    joint = first_line if has_comma else f",{first_line}"
    joint = joint.rstrip("\r")
    mark = "," if has_comma else ""
    added = f"{joint}{newline}{own_line}{quote}{item}{quote}{mark}{newline}"
    return f"{text[:last_end]}{added}{others}{text[end - 1 :]}"


def _code(rest: str) -> str:
    return re.sub(r"#[^\r\n]*", "", rest)


def _after_comma(rest: str) -> str:
    return rest.replace(",", "", 1) if "," in _code(rest) else rest
