"""Shows what a plan would change, as a unified diff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import unified_diff

from nitro_cli.plan.resolve import Change

_COLOURS = (("+++", "1"), ("---", "1"), ("@@", "36"), ("+", "32"), ("-", "31"))


def render_diff(changes: Iterable[Change], *, colour: bool = False) -> str:
    """Returns the unified diff of the changes; empty when nothing changes.

    Args:
        changes: A new file is compared with ``/dev/null``.
        colour: Whether to colour the lines for a terminal.
    """
    lines = [line for change in changes for line in _diff(change)]
    return "".join(_coloured(line) if colour else line for line in lines)


def _diff(change: Change) -> Iterator[str]:
    if change.old == change.new or not change.shown:
        return
    before = "/dev/null" if change.old is None else f"a/{change.path}"
    after = "/dev/null" if change.new is None else f"b/{change.path}"
    old, new = _lines(change.old), _lines(change.new)
    for line in unified_diff(old, new, before, after):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: str | None) -> list[str]:
    return [] if text is None else [f"{line}\n" for line in text.split("\n")[:-1]] + _last(text)


def _last(text: str) -> list[str]:
    rest = text.rpartition("\n")[2]
    return [rest] if rest else []


def _coloured(line: str) -> str:
    code = next((code for start, code in _COLOURS if line.startswith(start)), "")
    return f"\x1b[{code}m{line.rstrip(chr(10))}\x1b[0m\n" if code else line
