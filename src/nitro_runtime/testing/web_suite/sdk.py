# ruff: noqa: S101 # a suite of tests asserts
"""What Datastar asks of every SDK: events described in JSON come back as a stream of events.

The cases cover what the ones published beside the SDK specification cover, with values of our own,
and streams are compared as the script there compares them: fields by name, data lines by their key
and in order within it, markup as parsed, everything else exactly.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from nitro_runtime.testing.web_suite.server import Suite

ELEMENTS = "datastar-patch-elements"
SIGNALS = "datastar-patch-signals"


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Attributes:
        name: What it is about.
        events: What is asked for.
        stream: What must come.
    """

    name: str
    events: tuple[dict[str, Any], ...]
    stream: str


def _stream(event: str, *lines: str, **fields: object) -> str:
    """The text of one event."""
    named = [f"{name}: {value}" for name, value in fields.items()]
    data = [f"data: {line}" for line in lines]
    return "\n".join([f"event: {event}", *named, *data, "", ""])


CASES = [
    Case(
        "elements with defaults",
        ({"type": "patchElements", "elements": '<p id="news">None yet</p>'},),
        _stream(ELEMENTS, 'elements <p id="news">None yet</p>'),
    ),
    Case(
        "elements with defaults said",
        (
            {
                "type": "patchElements",
                "elements": "<i id='a'></i>",
                "mode": "outer",
                "namespace": "html",
                "useViewTransition": False,
                "retryDuration": 1000,
            },
        ),
        _stream(ELEMENTS, "elements <i id='a'></i>"),
    ),
    Case(
        "elements with all options",
        (
            {
                "type": "patchElements",
                "elements": "<li>Tea</li>",
                "selector": "#menu > ul",
                "mode": "prepend",
                "namespace": "mathml",
                "useViewTransition": True,
                "eventId": "menu-7",
                "retryDuration": 2500,
            },
        ),
        _stream(
            ELEMENTS,
            "selector #menu > ul",
            "mode prepend",
            "namespace mathml",
            "useViewTransition true",
            "elements <li>Tea</li>",
            id="menu-7",
            retry=2500,
        ),
    ),
    *(
        Case(
            f"elements placed by {mode}",
            (
                {
                    "type": "patchElements",
                    "elements": "<b>!</b>",
                    "selector": "main",
                    "mode": mode,
                },
            ),
            _stream(ELEMENTS, f"mode {mode}", "selector main", "elements <b>!</b>"),
        )
        for mode in ("inner", "replace", "prepend", "append", "before", "after")
    ),
    Case(
        "elements of a drawing",
        (
            {
                "type": "patchElements",
                "elements": '<circle cx="3"></circle>\n<circle cx="5"></circle>',
                "selector": "#map",
                "mode": "append",
                "namespace": "svg",
            },
        ),
        _stream(
            ELEMENTS,
            "mode append",
            "selector #map",
            "namespace svg",
            'elements <circle cx="3"></circle>',
            'elements <circle cx="5"></circle>',
        ),
    ),
    Case(
        "elements over several lines",
        (
            {
                "type": "patchElements",
                "elements": '<ul id="list">\n  <li>Größe</li>\n\n  <li>☃</li>\n</ul>',
            },
        ),
        _stream(
            ELEMENTS,
            'elements <ul id="list">',
            "elements   <li>Größe</li>",
            "elements ",
            "elements   <li>☃</li>",
            "elements </ul>",
        ),
    ),
    Case(
        "removal with defaults",
        ({"type": "removeElements", "selector": "#old"},),
        _stream(ELEMENTS, "mode remove", "selector #old"),
    ),
    Case(
        "removal with all options",
        (
            {
                "type": "removeElements",
                "selector": ".row, #x",
                "useViewTransition": True,
                "eventId": "r1",
                "retryDuration": 10,
            },
        ),
        _stream(
            ELEMENTS,
            "mode remove",
            "selector .row, #x",
            "useViewTransition true",
            id="r1",
            retry=10,
        ),
    ),
    Case(
        "removal as a mode of elements",
        ({"type": "patchElements", "selector": "#gone", "mode": "remove"},),
        _stream(ELEMENTS, "mode remove", "selector #gone"),
    ),
    Case(
        "signals with defaults",
        ({"type": "patchSignals", "signals": {"count": 3, "name": "Ann"}},),
        _stream(SIGNALS, 'signals {"count":3,"name":"Ann"}'),
    ),
    Case(
        "signals with all options",
        (
            {
                "type": "patchSignals",
                "signals": {"open": True, "ratio": 0.5},
                "onlyIfMissing": True,
                "eventId": "s-1",
                "retryDuration": 3000,
            },
        ),
        _stream(
            SIGNALS,
            "onlyIfMissing true",
            'signals {"open":true,"ratio":0.5}',
            id="s-1",
            retry=3000,
        ),
    ),
    Case(
        "signals with a default said",
        ({"type": "patchSignals", "signals": {"a": []}, "onlyIfMissing": False},),
        _stream(SIGNALS, 'signals {"a":[]}'),
    ),
    Case(
        "signals whose values have line breaks",
        ({"type": "patchSignals", "signals": {"note": "one\n two", "deep": {"x": "\t"}}},),
        _stream(SIGNALS, r'signals {"note":"one\n two","deep":{"x":"\t"}}'),
    ),
    Case(
        "signals given as a text of several lines",
        ({"type": "patchSignals", "signals-raw": '{\n  "one": 1,\n  "two": [2]\n}'},),
        _stream(SIGNALS, "signals {", 'signals   "one": 1,', 'signals   "two": [2]', "signals }"),
    ),
    Case(
        "signals removed",
        ({"type": "patchSignals", "signals": {"a": None, "b": {"c": None}}, "eventId": "x"},),
        _stream(SIGNALS, 'signals {"a":null,"b":{"c":null}}', id="x"),
    ),
    Case(
        "a script with defaults",
        ({"type": "executeScript", "script": "alert('hi & bye')"},),
        _stream(
            ELEMENTS,
            "mode append",
            "selector body",
            "elements <script data-effect=\"el.remove()\">alert('hi & bye')</script>",
        ),
    ),
    Case(
        "a script with all options",
        (
            {
                "type": "executeScript",
                "script": "go()",
                "autoRemove": False,
                "attributes": {"type": "module", "data-x": False},
                "eventId": "js",
                "retryDuration": 1,
            },
        ),
        _stream(
            ELEMENTS,
            "mode append",
            "selector body",
            'elements <script data-x="false" type="module">go()</script>',
            id="js",
            retry=1,
        ),
    ),
    Case(
        "a script over several lines",
        (
            {
                "type": "executeScript",
                "script": "if (a) {\n  b()\n}",
                "autoRemove": True,
                "retryDuration": 1000,
            },
        ),
        _stream(
            ELEMENTS,
            "selector body",
            "mode append",
            'elements <script data-effect="el.remove()">if (a) {',
            "elements   b()",
            "elements }</script>",
        ),
    ),
    Case(
        "several events",
        (
            {"type": "patchElements", "elements": "<p id='a'>1</p>", "eventId": "1"},
            {"type": "patchSignals", "signals": {"a": 1}},
            {"type": "removeElements", "selector": "#b", "eventId": "3"},
        ),
        _stream(ELEMENTS, "elements <p id='a'>1</p>", id=1)
        + _stream(SIGNALS, 'signals {"a":1}')
        + _stream(ELEMENTS, "mode remove", "selector #b", id=3),
    ),
    Case("no event", (), ""),
]


class DatastarSdk(Suite):
    """The endpoint ``/test``, asked by GET and by POST."""

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_events_are_sent_as_datastars_sdks_send_them(
        self, client: httpx.Client, method: str, case: Case
    ) -> None:
        """The stream means what the case says."""
        asked = json.dumps({"events": case.events})
        headers = {"accept": "text/event-stream", "datastar-request": "true"}
        if method == "GET":
            response = client.get("/test", params={"datastar": asked}, headers=headers)
        else:
            headers["content-type"] = "application/json"
            response = client.post("/test", content=asked, headers=headers)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].partition(";")[0] == "text/event-stream"
        assert response.headers["cache-control"] == "no-cache"
        assert meaning(response.text) == meaning(case.stream)


def meaning(stream: str) -> list[dict[str, Any]]:
    """Returns what a stream says: of each event its fields, and its data lines by key."""
    events: list[dict[str, Any]] = []
    for block in stream.split("\n\n"):
        fields: dict[str, Any] = {}
        data: dict[str, list[str]] = {}
        for line in block.split("\n"):
            name, colon, value = line.partition(":")
            if name == "data":
                key, _, text = value.removeprefix(" ").partition(" ")
                data.setdefault(key, []).append(text)
            elif colon:
                fields[name] = value.strip()
        if fields or data:
            events.append({**fields, "data": {key: _read(key, data[key]) for key in data}})
    return events


def _read(key: str, lines: list[str]) -> object:
    return _Markup("\n".join(lines)).parts if key == "elements" else lines


class _Markup(HTMLParser):
    """Markup as a parser sees it: attributes have no order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[object] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)
