"""Fills the generated parts of the reference: ``python docs/reference/generate.py``.

A part stands between ``<!-- kind: words -->`` and ``<!-- end -->``; the words say what it shows. All
other text is written by hand and stays. A test compares the pages with what this makes.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from nitro_cli.grammar.types import MODIFIERS, TYPES
from nitro_cli.main import build
from nitro_runtime.views.theme import DEFAULT_CLASSES

FOLDER = Path(__file__).parent
PART = re.compile(r"(<!-- (\w+):([^>]*?)-->\n).*?(<!-- end -->)", re.DOTALL)
WIDTH = 88
LONGEST_SIGNATURE = 64


def refresh(page: str) -> str:
    """Returns a page with its generated parts made anew."""
    return PART.sub(lambda m: f"{m[1]}\n{PARTS[m[2]](m[3].split())}\n\n{m[4]}", page)


# -- names ----------------------------------------------------------------------------------------


def names(words: list[str]) -> str:
    """A table of public names: the first word says whose they are, ``nitro.Entity:``."""
    home = words[0].removesuffix(":")
    owner = find(home)
    rows = [(f"`{signature(name, owner)}`", meaning(getattr(owner, name))) for name in words[1:]]
    return table(("name", "what"), rows)


def find(dotted: str) -> Any:  # noqa: ANN401 # a module or a class
    """Imports a module, or a class by the module that it is in."""
    try:
        return import_module(dotted)
    except ModuleNotFoundError:
        module, _, name = dotted.rpartition(".")
        return getattr(import_module(module), name)


def signature(name: str, owner: object) -> str:
    """Returns a name as it is called, short enough for a table."""
    value: Any = getattr(owner, name)
    if isinstance(value, type) or not (inspect.isfunction(value) or inspect.ismethod(value)):
        return name
    parameters = [p for p in inspect.signature(value).parameters.values() if p.name != "self"]
    shown = [p.replace(annotation=p.empty, default=_default(p)) for p in parameters]
    whole = f"{name}{inspect.Signature(shown)}"
    return whole if len(whole) <= LONGEST_SIGNATURE else f"{name}(...)"


def _default(parameter: inspect.Parameter) -> object:
    value: object = parameter.default
    plain = value is parameter.empty or isinstance(value, str | int | float | bool | None)
    return value if plain else _Dots()


class _Dots:
    def __repr__(self) -> str:
        return "..."


def meaning(value: object) -> str:
    """Returns the first sentence of a docstring, as Markdown for a table."""
    paragraph = " ".join((inspect.getdoc(value) or "").partition("\n\n")[0].split())
    sentence = re.split(r"(?<=[.:])\s(?=[A-Z])", paragraph)[0]
    return sentence.replace("``", "`").replace("|", "\\|")


# -- the command ----------------------------------------------------------------------------------


def usage(words: list[str]) -> str:
    """What ``nitro WORDS --help`` prints."""
    runner = CliRunner(env={"COLUMNS": str(WIDTH)})
    done = runner.invoke(build(words), [*words, "--help"], prog_name="nitro")
    # Typer offers its own options for completion only where it knows the shell.
    text = re.sub(r"\n  --(install|show)-completion.*?(?=\n  -)", "", done.stdout, flags=re.DOTALL)
    return f"```text\n{text.strip()}\n```"


def types(_: list[str]) -> str:
    """The field types of the grammar."""
    rows = [
        (
            f"`{row.name}`",
            row.summary,
            f"`{row.python}`".replace("{enum}", "StrEnum").replace("{element}", "T"),
            " ".join(f"`{alias}`" for alias in row.aliases),
        )
        for row in TYPES.values()
    ]
    return table(("type", "holds", "in Python", "also typed"), rows)


def modifiers(_: list[str]) -> str:
    """The modifiers of the grammar."""
    rows = [
        (f"`{row.name}`", row.summary, _taken_by(row.name, everywhere=row.everywhere))
        for row in MODIFIERS.values()
    ]
    return table(("modifier", "means", "for"), rows)


def _taken_by(modifier: str, *, everywhere: bool) -> str:
    if everywhere:
        return "every type"
    taking = [row.name for row in TYPES.values() if modifier in row.modifiers]
    return " ".join(f"`{name}`" for name in taking)


# -- views ----------------------------------------------------------------------------------------


def theme(_: list[str]) -> str:
    """The parts of a theme, with their default classes."""
    rows = [(f"`{part}`", f"`{classes}`") for part, classes in DEFAULT_CLASSES.items()]
    return table(("part", "classes"), rows)


def tags(words: list[str]) -> str:
    """The tags of a module, in a paragraph."""
    module: Any = import_module(words[0])
    found = [name for name in import_module("nitro.html").__all__ if _is_tag(module, name)]
    return " ".join(f"`{name}`" for name in found)


def _is_tag(module: object, name: str) -> bool:
    return name[0].isupper() and type(getattr(module, name, None)).__name__ == "Tag"


# -- Markdown -------------------------------------------------------------------------------------


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Returns a Markdown table."""
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


PARTS: Mapping[str, Callable[[list[str]], str]] = {
    "names": names,
    "help": usage,
    "types": types,
    "modifiers": modifiers,
    "theme": theme,
    "tags": tags,
}
"""What makes a part, by the kind that its comment names."""


def main() -> None:
    """Rewrites the pages whose generated parts are old."""
    for path in sorted(FOLDER.glob("*.md")):
        old = path.read_text()
        new = refresh(old)
        if new != old:
            path.write_text(new)
            typer.echo(f"refreshed {path.name}")


if __name__ == "__main__":
    sys.exit(main())
