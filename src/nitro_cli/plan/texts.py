"""How a file of the user's is read, and written again in its own way.

Generators work on plain text, its lines ended as on Unix. A file may begin with a byte order mark and
have the line ends of Windows; both are set aside while it is edited or compared, and put back after.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from nitro_runtime.errors import UsageError

BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a file is written.

    Attributes:
        bom: Whether it begins with a byte order mark.
        crlf: Whether each of its lines ends as on Windows; a mixture is left as it is.
    """

    bom: bool = False
    crlf: bool = False

    @classmethod
    def of(cls, text: str) -> Manner:
        """Returns the manner of a text as it was read."""
        ends = text.count("\r\n")
        return cls(text.startswith(BOM), 0 < ends == text.count("\n") == text.count("\r"))

    def plain(self, text: str) -> str:
        """Returns a text that was read, without its manner."""
        text = text.removeprefix(BOM) if self.bom else text
        return text.replace("\r\n", "\n") if self.crlf else text

    def dressed(self, text: str) -> str:
        """Returns a plain text as it is to be written."""
        text = text.replace("\n", "\r\n") if self.crlf else text
        return BOM + text if self.bom else text


def plain(text: str) -> str:
    """Returns a text that was read, without its byte order mark and with plain line ends."""
    return Manner.of(text).plain(text)


def parse_python(path: str, text: str) -> ast.Module:
    """Returns the syntax tree of a file of the user's.

    Args:
        path: Its path from the project's folder, for the message.
        text: Its text, plain.

    Raises:
        UsageError: It is not Python; the sentence says where.
    """
    try:
        return ast.parse(text)
    except SyntaxError as error:
        place = f"{path}, line {error.lineno}" if error.lineno else path
        reason = error.msg
    except ValueError as error:  # a null byte
        place, reason = path, str(error)
    raise UsageError(f"{place} is not Python: {reason}. Correct it first; nothing was written.")
