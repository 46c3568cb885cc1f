"""Modifiers of Datastar's attributes: ``on_input__debounce_200ms_leading``, checked as they are read.

A misspelt modifier would be left alone by the browser, so it is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from nitro_runtime.html.markup import refuse

Modifiers = Mapping[str, str | None]
"""The modifiers of an attribute: what may follow each, as a pattern; None for nothing."""

NO_MODIFIERS: Modifiers = {}

_TIME = r"\d+(ms|s)?"

CASES: Modifiers = {"case": "camel|kebab|snake|pascal"}
_TIMING: Modifiers = {
    "delay": _TIME,
    "debounce": f"{_TIME}(_leading|_notrailing)*",
    "throttle": f"{_TIME}(_noleading|_trailing)*",
}
_TRANSITION: Modifiers = {"viewtransition": None}
EVENTS: Modifiers = {
    **dict.fromkeys(
        ["once", "passive", "capture", "window", "document", "outside", "prevent", "stop"]
    ),
    **_TIMING,
    **_TRANSITION,
    **CASES,
}
INIT: Modifiers = {"delay": _TIME, **_TRANSITION}
INTERSECT: Modifiers = {
    **dict.fromkeys(["once", "half", "full", "exit"]),
    "threshold": r"\d\d?|100",
    **_TIMING,
    **_TRANSITION,
}
INTERVAL: Modifiers = {"duration": f"{_TIME}(_leading)?", **_TRANSITION}
PATCHES: Modifiers = _TIMING

_EXAMPLES = {
    "case": "case_kebab",
    "debounce": "debounce_200ms or debounce_200ms_leading",
    "delay": "delay_500ms",
    "duration": "duration_5s or duration_5s_leading",
    "event": "event_change",
    "prop": "prop_checked",
    "threshold": "threshold_75, in percent",
    "throttle": "throttle_1s or throttle_1s_trailing",
}


def suffix_of(key: str, modifiers: Sequence[str], known: Modifiers) -> str:
    """Returns the modifiers of a keyword as Datastar writes them: ``__debounce.200ms.leading``.

    Args:
        key: The whole keyword, for the error.
        modifiers: What stands after each two underscores.
        known: The modifiers that the attribute has.

    Raises:
        ViewError: The attribute has no such modifier, or the modifier no such argument.
    """
    for modifier in modifiers:
        name, _, arguments = modifier.partition("_")
        if name not in known:
            from nitro_runtime.errors import suggestion

            has = f"has {', '.join(sorted(known))}" if known else "has no modifiers"
            refuse(f"{key!r}: the attribute {has}, not {name!r}.{suggestion(name, known)}")
        pattern = known[name]
        if pattern is None and modifier != name:
            refuse(f"{key!r}: {name!r} takes nothing after it.")
        if pattern is not None and not re.fullmatch(pattern, arguments):
            refuse(f"{key!r}: write {_EXAMPLES[name]}.")
    suffix = "".join([f"__{modifier.replace('_', '.')}" for modifier in modifiers])
    return re.sub("[A-Z]", lambda upper: f"-{upper[0].lower()}", suffix)
