"""Runs the comparisons of this folder; see ``python -m benchmarks --help``."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import ModuleType

import benchmarks
from benchmarks.frame import (
    Comparison,
    Table,
    WrongOutput,
    as_markdown,
    as_text,
    measure,
    table_as_markdown,
    table_as_text,
    verify,
)

_NO_COMPARISONS = {"__main__", "entities", "frame", "rewriting", "routes", "streams"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what was asked for and returns the exit code: 2 when a name is unknown."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    given = _parser().parse_args(words)
    known = names()
    unknown = [name for name in given.names if name not in known]
    if unknown:
        sys.stderr.write(f"Unknown: {', '.join(unknown)}. There are: {', '.join(known)}.\n")
        return 2
    asked = given.names or known
    if len(asked) > 1:
        return _each_apart(asked, [word for word in words if word not in asked])
    version = f"Python {platform.python_version()}, {platform.machine()}"
    sys.stdout.write(f"{version}; interleaved rounds, best of each; * is the reference\n")
    try:
        _run(asked[0], given)
    except WrongOutput as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _each_apart(asked: Sequence[str], options: Sequence[str]) -> int:
    """Runs each module in a process of its own: one app, one database, one Django in each."""
    codes = [
        subprocess.run([sys.executable, "-m", "benchmarks", name, *options], check=False).returncode
        for name in asked
    ]
    return max(codes)


def names() -> list[str]:
    """Returns the names of the modules that hold comparisons."""
    found = {module.name for module in pkgutil.iter_modules(benchmarks.__path__)}
    return sorted(found - _NO_COMPARISONS)


def _run(name: str, given: argparse.Namespace) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    show = as_markdown if given.markdown else as_text
    for comparison in comparisons_of(module):
        if given.check:
            verify(comparison)
            _print(f"{comparison.name}: the same work")
            continue
        asked = replace(comparison, rounds=given.rounds) if given.rounds else comparison
        _print(f"\n{show(asked, measure(asked))}")
    if not given.check:
        show_table = table_as_markdown if given.markdown else table_as_text
        for found in tables_of(module, given.rounds, in_full=given.full):
            _print(f"\n{found if isinstance(found, str) else show_table(found)}")


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def comparisons_of(module: ModuleType) -> Iterator[Comparison]:
    """Yields what the module's ``comparisons()`` gives; a module without it has none."""
    make = getattr(module, "comparisons", None)
    if make is not None:
        yield from make()


def tables_of(
    module: ModuleType, rounds: int | None, *, in_full: bool = False
) -> Iterator[Table | str]:
    """Yields what the module's ``tables(rounds)`` gives: what no call in this process can measure.

    A sentence says why something is not measured here. In full it is ``tables_in_full(rounds)``, of
    modules that have it.
    """
    make = getattr(module, "tables_in_full", None) if in_full else None
    make = make or getattr(module, "tables", None)
    if make is not None:
        yield from make(rounds)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help="modules to run; all of them by default")
    parser.add_argument("--markdown", action="store_true", help="print tables for the README")
    parser.add_argument("--rounds", type=int, help="turns of each contender, instead of its own")
    parser.add_argument("--full", action="store_true", help="all sizes, where some take minutes")
    parser.add_argument("--check", action="store_true", help="compare the outputs, time nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
