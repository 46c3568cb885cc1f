"""What lets a page call commands: the signals that name the tab and where commands are."""

from __future__ import annotations

from functools import lru_cache

from nitro_runtime.html import Div, Html, raw
from nitro_runtime.html.javascript import quoted

COMMANDS_SIGNAL = "_cmds"
"""The signal with the address that commands begin with: ``/cmds/``."""

TAB_SIGNAL = "_tab"
"""The signal with the signed id of the tab. Datastar sends neither along: they begin with ``_``."""


def calls_html(tab: str, commands_url: str) -> Html:
    """Returns the element with the two signals; before the content that calls.

    Args:
        tab: The signed id of the tab.
        commands_url: What addresses of commands begin with, with its final slash.
    """
    before, after = _around_tab(commands_url)
    return raw(f"{before}{quoted(tab)[1:-1]}{after}")


@lru_cache
def _around_tab(commands_url: str) -> tuple[str, str]:
    """Returns the element before and after the tab's id, which alone differs between pages."""
    mark = "{tab}"
    signals = {COMMANDS_SIGNAL: commands_url, TAB_SIGNAL: mark}
    before, _, after = Div(id="nitro-calls", hidden=True, signals=signals).rpartition(mark)
    return before, after
