"""A Python file as text with its syntax tree: places in the tree are places in the text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from nitro_cli.plan.edits import lines_of


@dataclass(frozen=True, slots=True)
class Splice:
    """A piece of text put in the place of another.

    Attributes:
        start: Where, counted in characters.
        end: Where what it replaces ends; the start when nothing is replaced.
        text: What stands there afterwards.
    """

    start: int
    end: int
    text: str


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """Returns the text with all splices done; those at one place stand in the order given."""
    for _, one in sorted(enumerate(splices), key=lambda pair: (pair[1].start, pair[0]))[::-1]:
        text = text[: one.start] + one.text + text[one.end :]
    return text


class Source:
    """The text of a Python file, parsed.

    Args:
        text: The text, without a byte order mark.

    Raises:
        SyntaxError: It is not Python.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(self.text)

    @cached_property
    def newline(self) -> str:
        """The line end of the file."""
        first = re.search(r"\r\n|\r|\n", self.text)
        return first[0] if first else "\n"

    @cached_property
    def _lines(self) -> list[str]:
        return lines_of(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self._lines:
            starts.append(starts[-1] + len(line))
        return starts

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def line(self, number: int) -> str:
        """Returns a line, its end included."""
        return self._lines[number - 1]

    def place(self, line: int, column: int) -> int:
        """Returns the place in the text of a place in the tree, whose columns count UTF-8 bytes."""
        within = self._lines[line - 1] if line <= len(self._lines) else ""
        return self._starts[line - 1] + len(within.encode()[:column].decode())

    def span(self, node: ast.expr | ast.stmt | ast.alias) -> tuple[int, int]:
        """Returns where a node starts and ends in the text."""
        end = self.place(node.end_lineno or node.lineno, node.end_col_offset or 0)
        return self.place(node.lineno, node.col_offset), end

    def segment(self, node: ast.expr) -> str:
        """Returns the text of an expression."""
        start, end = self.span(node)
        return self.text[start:end]

    def line_start(self, line: int) -> int:
        """Returns where a line starts in the text."""
        return self._starts[min(line - 1, len(self._lines))]

    def line_end(self, line: int) -> int:
        """Returns where a line ends, its line end included."""
        return self._starts[line]

    def before(self, node: ast.stmt) -> str:
        """Returns what stands on the line before a statement: its indentation, if it is alone."""
        return self.text[self._starts[node.lineno - 1] : self.span(node)[0]]

    def after(self, node: ast.stmt) -> str:
        """Returns what stands on the last line after a statement, without the line end."""
        return self.text[self.span(node)[1] : self.line_end(node.end_lineno or 1)].rstrip("\r\n")

    def stands_alone(self, node: ast.stmt) -> bool:
        """Whether a statement has its lines for itself, but for a comment."""
        rest = self.after(node).strip()
        return not self.before(node).strip() and (not rest or rest.startswith("#"))

    def line_after(self, node: ast.stmt, text: str) -> Splice:
        """Returns the splice that puts text on lines of its own after a statement."""
        end = self.line_end(node.end_lineno or 1)
        complete = self.text[:end].endswith(("\n", "\r"))
        added = f"{text}{self.newline}" if complete else f"{self.newline}{text}"
        return Splice(end, end, added)
