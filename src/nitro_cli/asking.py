"""Asks in a terminal what to do with files that the user changed and a generator wants to write.

One key answers; Enter keeps the file. Without a terminal nothing is asked.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import typer

from nitro_cli.plan.diff import render_diff
from nitro_cli.plan.resolve import Change, Policy

KEYS = "  [o]verwrite  [K]eep  [d]iff  overwrite [a]ll  [q]uit  "
_ENTER = ("\r", "\n")
_ENDS = ("\x03", "\x04", "\x1b")
"""Ctrl-C, Ctrl-D and Escape, where the terminal hands them on as keys."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """How to ask: a test gives its own.

    Attributes:
        key: Waits for a key and returns it.
        say: Shows a text, without a line end of its own.
        colour: Whether the diff is coloured.
    """

    key: Callable[[], str]
    say: Callable[[str], None]
    colour: bool = True


def terminal() -> Terminal | None:
    """Returns the terminal that the program runs in, or None when it runs in none."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return Terminal(typer.getchar, lambda text: typer.echo(text, nl=False, err=True))


def ask(conflicts: Iterable[Change], policy: Policy, at: Terminal) -> Policy | None:
    """Asks about each file in the way, and returns what to do; None when the user quits.

    Args:
        conflicts: The files; each has the text that is there and the one that is wanted.
        policy: What is decided already.
        at: Where to ask.
    """
    for change in conflicts:
        answer = _answer(change, at)
        if answer == "q":
            return None
        if answer == "a":
            return replace(policy, force=True)
        if answer == "o":
            policy = replace(policy, overwrite=policy.overwrite | {change.path})
        else:
            policy = replace(policy, keep=policy.keep | {change.path})
    return policy


def _answer(change: Change, at: Terminal) -> str:
    at.say(f"  conflict  {change.path}: you changed it, and so would nitro.\n")
    while True:
        at.say(KEYS)
        key = _key(at)
        at.say("\n")
        if key == "d":
            at.say(render_diff([change], colour=at.colour))
        elif key in {"o", "k", "a", "q"}:
            return key


def _key(at: Terminal) -> str:
    try:
        key = at.key().lower()
    except (KeyboardInterrupt, EOFError):
        return "q"
    return "k" if key in _ENTER else "q" if key in _ENDS else key
