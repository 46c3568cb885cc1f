"""Names with stars."""

from __future__ import annotations

import re


def pattern_of(name: str) -> re.Pattern[str]:
    """Returns a pattern in which ``*`` stands for any text, dots included."""
    return re.compile(".*".join(re.escape(part) for part in name.split("*")), re.DOTALL)
