"""What this package needs of ``typing``, for type checkers only: importing that takes 10 ms.

A program that imports tags alone, such as a short script, does not pay for it.
"""

from __future__ import annotations

TYPE_CHECKING = False
"""False, but for type checkers, which know the name."""

if TYPE_CHECKING:
    from typing import Any, NoReturn, Protocol, TypeAlias, cast
else:
    Any = NoReturn = TypeAlias = object

    class Protocol:
        """Stands for `typing.Protocol`, which means nothing when a program runs."""

    def cast(kind: object, value: object) -> object:
        """Returns the value as it is."""
        return value


__all__ = [
    "TYPE_CHECKING",
    "Any",
    "NoReturn",
    "Protocol",
    "TypeAlias",
    "cast",
]
