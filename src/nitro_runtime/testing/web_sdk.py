"""The ``/test`` endpoint that Datastar asks of its SDKs: events described in JSON, sent as a stream.

Follows the SDK specification of starfederation/datastar (``sdk/ADR.md``) and what the tests beside
it send: ``{"events": [{"type": "patchElements", "elements": ..., ...}]}`` among the signals.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from nitro_runtime.sse import allow_scripts, execute_script, patch_elements, patch_signals
from nitro_runtime.web import Reply, Request
from nitro_runtime.web.replies import STREAM_HEADERS

Described = dict[str, Any]

allow_scripts()

DEFAULT_RETRY = 1000
"""Milliseconds that a browser waits by itself; the specification has it left out."""


async def sdk_test(request: Request) -> Reply:
    """Sends the events that the signals of the request describe."""
    wanted = (await request.signals()).plain()["events"]
    return Reply(200, list(STREAM_HEADERS), _events(wanted))


async def _events(wanted: list[Described]) -> AsyncIterator[bytes]:
    for event in wanted:
        yield _ENCODERS[event["type"]](event)


def _elements(event: Described) -> bytes:
    return patch_elements(
        event.get("elements", ""),
        selector=event.get("selector"),
        mode=event.get("mode", "outer"),
        namespace=event.get("namespace", "html"),
        view_transition=event.get("useViewTransition", False),
        **_sent(event),
    )


def _removal(event: Described) -> bytes:
    return _elements({**event, "mode": "remove"})


def _signals(event: Described) -> bytes:
    given = event["signals-raw"] if "signals-raw" in event else event["signals"]
    return patch_signals(given, only_if_missing=event.get("onlyIfMissing", False), **_sent(event))


def _script(event: Described) -> bytes:
    attributes = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in event.get("attributes", {}).items()
    }
    return execute_script(
        event["script"],
        auto_remove=event.get("autoRemove", True),
        attributes=attributes,
        **_sent(event),
    )


def _sent(event: Described) -> Described:
    """What every event may have."""
    retry = event.get("retryDuration", DEFAULT_RETRY)
    return {"event_id": event.get("eventId"), "retry": None if retry == DEFAULT_RETRY else retry}


_ENCODERS: dict[str, Callable[[Described], bytes]] = {
    "patchElements": _elements,
    "removeElements": _removal,
    "patchSignals": _signals,
    "executeScript": _script,
}
