"""What is wrong with a command's words: each problem with its place, a way out and a stable code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nitro_runtime.errors import UsageError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with what was typed.

    Attributes:
        code: Stable, for tools and documentation: ``unknown-type``.
        sentence: What is wrong and what to write instead.
        text: The argument as it was typed, or an empty string.
        start: Where in ``text`` it is, in characters from 0.
        length: How many characters are wrong; 0 when the place is the whole argument.
    """

    code: str
    sentence: str
    text: str = ""
    start: int = 0
    length: int = 0

    def __str__(self) -> str:
        message = f"{self.sentence} [{self.code}]"
        if not self.text or not self.text.isprintable():
            return message
        mark = " " * self.start + "^" * (self.length or max(1, len(self.text)))
        return f"{message}\n    {self.text}\n    {mark}"


class BadWords(UsageError):
    """A command's words are not valid; every problem is reported at once.

    Attributes:
        details: The problems as data, in the order of the arguments.
    """

    def __init__(self, details: Iterable[Problem]) -> None:
        self.details = tuple(details)
        super().__init__(*(str(problem) for problem in self.details))
