"""Runs the comparisons of this folder; see ``python -m benchmarks --help``."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import ModuleType

import benchmarks
from benchmarks.frame import Comparison, WrongOutput, as_markdown, as_text, measure

_NO_COMPARISONS = {"__main__", "frame"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what was asked for and returns the exit code: 2 when a name is unknown."""
    given = _parser().parse_args(arguments)
    known = names()
    unknown = [name for name in given.names if name not in known]
    if unknown:
        sys.stderr.write(f"Unknown: {', '.join(unknown)}. There are: {', '.join(known)}.\n")
        return 2
    version = f"Python {platform.python_version()}, {platform.machine()}"
    sys.stdout.write(f"{version}; interleaved rounds, best of each; * is the reference\n")
    try:
        for name in given.names or known:
            _run(name, given.rounds, given.markdown)
    except WrongOutput as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def names() -> list[str]:
    """Returns the names of the modules that hold comparisons."""
    found = {module.name for module in pkgutil.iter_modules(benchmarks.__path__)}
    return sorted(found - _NO_COMPARISONS)


def _run(name: str, rounds: int | None, markdown: bool) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    show = as_markdown if markdown else as_text
    for comparison in comparisons_of(module):
        asked = replace(comparison, rounds=rounds) if rounds else comparison
        sys.stdout.write(f"\n{show(asked, measure(asked))}\n")
        sys.stdout.flush()


def comparisons_of(module: ModuleType) -> Iterator[Comparison]:
    """Yields what the module's ``comparisons()`` gives; a module without it has none."""
    make = getattr(module, "comparisons", None)
    if make is not None:
        yield from make()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help="modules to run; all of them by default")
    parser.add_argument("--markdown", action="store_true", help="print tables for the README")
    parser.add_argument("--rounds", type=int, help="turns of each contender, instead of its own")
    return parser


if __name__ == "__main__":
    sys.exit(main())
