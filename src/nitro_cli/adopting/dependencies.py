"""The edit that adds Nitro to a file of dependencies."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlparse

from nitro_cli.adopting import toml_text
from nitro_cli.adopting.dependency_files import (
    ARRAY,
    ENTRIES,
    PIPENV,
    POETRY,
    Kind,
    names_of,
    value_at,
)
from nitro_cli.plan.plan import Edited

HATCH = ("tool", "hatch", "metadata")
"""The table in which Hatch is allowed requirements with an address."""


@dataclass(frozen=True, slots=True)
class AddDependency:
    """Adds a requirement to a file of dependencies, at the end, and touches no other.

    Attributes:
        kind: The form of the file.
        requirement: The line as pip takes it: ``nitro-kit>=0.1`` or ``nitro-kit @ file:///...``.
    """

    kind: Kind
    requirement: str

    @property
    def package(self) -> str:
        """The name of what is added."""
        return next(iter(names_of([self.requirement])))

    def to_json(self) -> Mapping[str, Any]:
        """Returns the edit as data, for the project's memory; where it comes from is local."""
        return {"edit": "depend", "package": self.package}

    def apply(self, source: str) -> Edited:
        """Returns the file with the requirement in it; one that names the package stays."""
        try:
            if self.package in names_of(ENTRIES[self.kind](source)):
                return Edited("there", source)
            text = _ADD[self.kind](source, self.requirement)
            good = text is not None and self._is_checked(source, text)
        except (tomllib.TOMLDecodeError, configparser.Error):
            text, good = None, False
        if text is None or not good:
            return Edited("cannot", source, f"Add this dependency to it:\n    {self.requirement}")
        return Edited("done", text)

    def _is_checked(self, before: str, after: str) -> bool:
        """Makes sure that the new text names what the old one did, in that order, and Nitro."""
        old, new = ENTRIES[self.kind](before), ENTRIES[self.kind](after)
        return new[:-1] == old and self.package in names_of(new[-1:])


Add = Callable[[str, str], str | None]


def _add_to_array(text: str, requirement: str) -> str | None:
    text = _allowing_references(text) if " @ " in requirement else text
    for entry in toml_text.read(text):
        if isinstance(entry, toml_text.Value) and entry.path == ARRAY:
            return toml_text.appended(text, entry.start, entry.end, requirement)
    return _add_line(text, ARRAY[:-1], f'{ARRAY[-1]} = ["{requirement}"]')


def _allowing_references(text: str) -> str:
    """Returns the text with the setting without which Hatch refuses requirements with an address."""
    backend = value_at(text, ("build-system",)).get("build-backend")
    if backend != "hatchling.build" or "allow-direct-references" in value_at(text, HATCH):
        return text
    line = "allow-direct-references = true"
    newline = "\r\n" if "\r\n" in text else "\n"
    end = "" if text.endswith("\n") else newline
    new_table = f"{text}{end}{newline}[{'.'.join(HATCH)}]{newline}{line}{newline}"
    return _add_line(text, HATCH, line) or new_table


def _add_line(text: str, table: toml_text.Path, line: str) -> str | None:
    """Returns the text with a line at the end of a table."""
    own = [
        entry.end
        for entry in toml_text.read(text)
        if (entry.table if isinstance(entry, toml_text.Value) else entry.path) == table
    ]
    if not own:
        return None
    newline = "\r\n" if "\r\n" in text else "\n"
    end = re.compile(r"[^\r\n]*").match(text, own[-1])
    place = end.end() if end else own[-1]
    return f"{text[:place]}{newline}{line}{text[place:]}"


def _add_to_table(table: toml_text.Path) -> Add:
    def add(text: str, requirement: str) -> str | None:
        return _add_line(text, table, _table_line(requirement))

    return add


def _table_line(requirement: str) -> str:
    """Returns a requirement as Poetry and Pipenv write it."""
    name, _, source = requirement.partition(" @ ")
    if not source:
        package, _, version = requirement.partition(">=")
        return f'{package} = ">={version}"'
    if source.startswith("file://"):
        return f'{name} = {{ path = "{unquote(urlparse(source).path)}" }}'
    address, _, revision = source.removeprefix("git+").rpartition("@")
    if source.startswith("git+") and address:
        return f'{name} = {{ git = "{address}", rev = "{revision}" }}'
    return f'{name} = {{ url = "{source}" }}'


def _add_as_line(text: str, requirement: str) -> str | None:
    if "--hash=" in text:  # pinned by hashes: what is added by hand is refused by pip
        return None
    newline = "\r\n" if "\r\n" in text else "\n"
    joint = "" if not text or text.endswith(("\n", "\r")) else newline
    return f"{text}{joint}{requirement}{newline}"


_INSTALL_REQUIRES = re.compile(
    r"^install_requires[ \t]*=[ \t]*\r?\n(?:[ \t]+\S[^\r\n]*(?:\r?\n|\Z)|[ \t]*\r?\n(?=[ \t]+\S))+",
    re.MULTILINE,
)


def _add_to_setup(text: str, requirement: str) -> str | None:
    block = _INSTALL_REQUIRES.search(text)
    if block is None:
        return None
    newline = "\r\n" if "\r\n" in text else "\n"
    last = [line for line in block[0].splitlines() if line.strip()][-1]
    indent = last[: len(last) - len(last.lstrip())]
    joint = "" if block[0].endswith("\n") else newline
    return f"{text[: block.end()]}{joint}{indent}{requirement}{newline}{text[block.end() :]}"


_ADD: Mapping[Kind, Add] = {
    "project": _add_to_array,
    "poetry": _add_to_table(POETRY),
    "pipenv": _add_to_table(PIPENV),
    "lines": _add_as_line,
    "setup": _add_to_setup,
}
"""Adds a requirement to a text; None when its form is not known."""
