"""Text as it is searched and matched, the same in Python and in a database."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


def fold(text: str | None) -> str | None:
    """Returns the text as it is compared when the case of letters does not matter.

    Unicode's compatibility caseless matching (Unicode Standard, section 3.13, D146).
    """
    if text is None:
        return None
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", text).casefold()).casefold()
    return unicodedata.normalize("NFC", folded)


def _parts(pattern: str) -> list[tuple[str, bool]]:
    """Splits a LIKE pattern into characters, each with whether it is a wildcard."""
    parts: list[tuple[str, bool]] = []
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            parts.append((next(characters, "\\"), False))
        else:
            parts.append((character, character in "%_"))
    return parts


@lru_cache(maxsize=256)
def like_regex(pattern: str) -> re.Pattern[str]:
    """Returns the regular expression that matches what a LIKE pattern matches."""
    wild = {"%": ".*", "_": "."}
    return re.compile(
        "".join(wild[c] if is_wild else re.escape(c) for c, is_wild in _parts(pattern)), re.DOTALL
    )


def like_glob(pattern: str) -> str:
    """Returns SQLite's GLOB pattern for a LIKE pattern: GLOB minds the case of letters, its LIKE does not."""
    wild = {"%": "*", "_": "?"}
    return "".join(
        wild[c] if is_wild else f"[{c}]" if c in "*?[" else c for c, is_wild in _parts(pattern)
    )


def like_escaped(pattern: str) -> str:
    """Returns a LIKE pattern in which every backslash has a character to escape, as servers ask."""
    return "".join(c if is_wild or c not in "%_\\" else f"\\{c}" for c, is_wild in _parts(pattern))
