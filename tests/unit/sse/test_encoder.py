from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from datastar_py import ServerSentEventGenerator as Peer
from datastar_py.consts import ElementPatchMode
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from pydantic import BaseModel

from nitro_runtime.context import NONCE
from nitro_runtime.errors import ConfigurationError
from nitro_runtime.html import Html
from nitro_runtime.sse import (
    ElementsPatch,
    allow_scripts,
    emit_elements,
    emit_script,
    emit_signals,
    execute_script,
    patch_elements,
    patch_signals,
    remove_elements,
)


def events(stream: bytes) -> list[dict[str, Any]]:
    """Reads a stream as the HTML standard says: section 9.2.6, event stream interpretation."""
    found: list[dict[str, Any]] = []
    current: dict[str, Any] = {"data": []}
    for line in re.split("\r\n|\r|\n", stream.decode()):
        if not line:
            if current["data"]:
                found.append(current)
            current = {"data": []}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                current["data"].append(value)
            else:
                current[name] = value
    return found


def elements(stream: bytes) -> str:
    [event] = events(stream)
    assert event["event"] == "datastar-patch-elements"
    lines = [line for line in event["data"] if line.startswith("elements ")]
    return "\n".join(line.removeprefix("elements ") for line in lines)


HOSTILE = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029: \0"),
    ),
    min_size=1,
)


@given(HOSTILE)
def test_markup_arrives_as_an_html_parser_would_read_it(html: str) -> None:
    assert elements(patch_elements(html)) == html.replace("\r\n", "\n").replace("\r", "\n")


@given(HOSTILE, st.sampled_from(["inner", "append", "before"]))
def test_no_markup_can_add_a_field_or_an_event(html: str, mode: Any) -> None:
    [event] = events(patch_elements(html, selector="#x", mode=mode, event_id="7"))
    assert set(event) == {"event", "data", "id"}
    assert event["data"][:2] == [f"mode {mode}", "selector #x"]
    assert all(line.startswith("elements ") for line in event["data"][2:])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.text(), JSON))
def test_signals_arrive_as_they_were_sent_in_one_line_of_ascii(signals: dict[str, Any]) -> None:
    encoded = patch_signals(signals)
    [event] = events(encoded)
    assert event["event"] == "datastar-patch-signals"
    [line] = event["data"]
    assert json.loads(line.removeprefix("signals ")) == signals
    assert encoded.isascii()
    assert encoded.count(b"\n") == 3


@given(st.dictionaries(st.text(), JSON))
def test_signals_are_byte_for_byte_those_of_datastar_py(signals: dict[str, Any]) -> None:
    assert patch_signals(signals) == Peer.patch_signals(signals).encode()
    assert (
        patch_signals(signals, only_if_missing=True)
        == Peer.patch_signals(signals, only_if_missing=True).encode()
    )


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (patch_elements("<p id=a>x</p>"), Peer.patch_elements("<p id=a>x</p>")),
        (patch_elements("<p>\n x</p>"), Peer.patch_elements("<p>\n x</p>")),
        (
            patch_elements("<p>", selector="#a > p", mode="append", view_transition=True),
            Peer.patch_elements(
                "<p>",
                selector="#a > p",
                mode=ElementPatchMode.APPEND,
                use_view_transition=True,
            ),
        ),
        (
            patch_elements("<p>", event_id="5", retry=700),
            Peer.patch_elements("<p>", event_id="5", retry_duration=700),
        ),
        (remove_elements("#a").encode(), Peer.remove_elements("#a")),
        (emit_elements(Markup("<b>x</b>")).encode(), Peer.patch_elements("<b>x</b>")),
    ],
)
def test_ordinary_elements_are_byte_for_byte_those_of_datastar_py(ours: bytes, theirs: str) -> None:
    assert ours == theirs.encode()


class Colour(StrEnum):
    RED = "red"


class Size(Enum):
    BIG = 3


class Point(BaseModel):
    x: int
    at: date


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("19.90"), "19.90"),
        (Decimal("1E+30"), "1E+30"),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (datetime(2025, 1, 2, 3, 4, tzinfo=UTC), "2025-01-02T03:04:00+00:00"),
        (date(2025, 1, 2), "2025-01-02"),
        (time(3, 4), "03:04:00"),
        (timedelta(minutes=1), 60),
        (Colour.RED, "red"),
        (Size.BIG, 3),
        (MappingProxyType({"a": Decimal(1)}), {"a": "1"}),
        (Point(x=1, at=date(2025, 1, 2)), {"x": 1, "at": "2025-01-02"}),
        ((1, 2), [1, 2]),
        ("\u2028 </script> \ud800", "\u2028 </script> \ud800"),
        (2**70, 2**70),
    ],
)
def test_the_values_of_python_have_a_json_form(value: object, expected: object) -> None:
    [event] = events(emit_signals({"v": value}).encode())
    assert json.loads(event["data"][0].removeprefix("signals ")) == {"v": expected}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_json_has_not_are_refused_where_the_patch_is_made(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        emit_signals({"deep": [{"v": value}]})


def test_a_value_that_contains_itself_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["loop"] = loop
    with pytest.raises(ValueError, match="Circular"):
        emit_signals(loop)


def test_a_value_without_json_form_is_named_by_its_type_only() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        emit_signals({"v": object()})


@pytest.mark.parametrize("break_", ["\n", "\r", "\r\n"])
def test_line_breaks_where_one_line_stands_are_refused(break_: str) -> None:
    forged = f"#a{break_}data: elements <script>"
    for attempt in (
        lambda: emit_elements("", forged),
        lambda: remove_elements(forged),
        lambda: patch_elements("", event_id=forged),
        lambda: patch_signals({}, event_id=forged),
    ):
        with pytest.raises(ValueError, match="line break"):
            attempt()


def test_only_the_modes_of_datastar_are_taken() -> None:
    with pytest.raises(ValueError, match="unknown mode 'morph'; one of outer, inner"):
        emit_elements("", mode="morph")  # pyright: ignore[reportArgumentType] # a caller without types
    with pytest.raises(ValueError, match="unknown namespace"):
        patch_elements("", namespace="xml")  # pyright: ignore[reportArgumentType] # as above


def test_what_is_no_markup_is_refused() -> None:
    with pytest.raises(TypeError, match="int is no markup"):
        emit_elements(5)  # pyright: ignore[reportArgumentType] # a caller without types


def test_a_lone_surrogate_does_not_end_the_stream() -> None:
    assert elements(patch_elements("<p>\ud800</p>")) == "<p>?</p>"


def test_a_patch_is_frozen_encoded_once_and_shows_what_it_was_made_of() -> None:
    signals = {"a": 1}
    patch = emit_signals(signals)
    signals["a"] = 2
    assert patch.encode() is patch.encode()
    assert patch.encode() == b'event: datastar-patch-signals\ndata: signals {"a":1}\n\n'
    assert patch.signals == {"a": 1}
    assert patch == emit_signals({"a": 1})
    assert len({patch, emit_signals({"a": 1})}) == 1
    with pytest.raises(AttributeError):
        patch.signals = {}  # pyright: ignore[reportAttributeAccessIssue] # it is frozen
    element = emit_elements("<p>", "#a", "inner")
    assert element.encode() is element.encode()
    assert (str(patch), str(element)) == ('{"a":1}', "<p>")


# -- options, texts of signals, scripts -----------------------------------------------------------


def test_a_patch_of_elements_has_every_option() -> None:
    patch = emit_elements(
        "<circle/>", "#map", "append", namespace="svg", view_transition=True
    ).encode()
    assert events(patch)[0]["data"] == [
        "mode append",
        "selector #map",
        "useViewTransition true",
        "namespace svg",
        "elements <circle/>",
    ]


def test_the_text_of_an_object_is_sent_line_by_line() -> None:
    [event] = events(patch_signals('{"a": "x\u2028",\r\n "b":\r 2\n}'))
    assert event["data"] == ['signals {"a": "x\u2028",', 'signals  "b":', "signals  2", "signals }"]


@pytest.mark.parametrize(
    "text", ["", "[1]", "1", "a()", '{"a": NaN}', '{"a": -Infinity}', "{a: 1}", '{"a": 1} + f()']
)
def test_a_text_that_is_no_object_is_never_sent(text: str) -> None:
    with pytest.raises(ValueError):
        patch_signals(text)


@pytest.fixture(scope="module")
def scripts() -> Iterator[None]:
    """An app that allowed scripts."""
    allow_scripts()
    yield
    allow_scripts(False)


def test_no_script_is_sent_unless_the_app_allows_it() -> None:
    allow_scripts(False)
    for send in (emit_script, execute_script):
        with pytest.raises(ConfigurationError, match=r"call nitro\.allow_scripts\(\)"):
            send("go(1)")


@pytest.mark.usefixtures("scripts")
def test_a_script_removes_itself() -> None:
    assert events(execute_script("go(1)", event_id="3", retry=5)) == [
        {
            "event": "datastar-patch-elements",
            "id": "3",
            "retry": "5",
            "data": [
                "mode append",
                "selector body",
                'elements <script data-effect="el.remove()">go(1)</script>',
            ],
        }
    ]
    assert emit_script("go(1)").encode() == execute_script("go(1)")


@pytest.mark.usefixtures("scripts")
def test_a_script_may_stay_and_have_attributes() -> None:
    stream = execute_script(
        "let a = 1\nlet b = 2", auto_remove=False, attributes={"type": "module", "id": '"<x'}
    )
    assert elements(stream) == (
        '<script type="module" id="&quot;&lt;x">let a = 1\nlet b = 2</script>'
    )


@pytest.mark.usefixtures("scripts")
@given(HOSTILE)
def test_nothing_in_a_script_ends_its_element(text: str) -> None:
    script = f"const a = '</script><script>{text}</SCRIPT ><!--'"
    found = elements(execute_script(script))
    assert len(re.findall("(?i)</script", found)) == 1
    assert "<!--" not in found


@pytest.mark.parametrize("name", ["", "a b", "a=b", 'x"', "a>", "1a", "on\nload"])
@pytest.mark.usefixtures("scripts")
def test_a_name_that_no_attribute_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name of an attribute"):
        execute_script("go()", attributes={name: "x"})


@pytest.mark.usefixtures("scripts")
def test_what_stands_for_a_nonce_is_in_no_patch() -> None:
    markup = f'<html data-nonce="{NONCE}"><script nonce="{NONCE}">go()</script></html>'
    for sent in (
        patch_elements(markup),
        emit_elements(Html(markup)).encode(),
        ElementsPatch(markup).encode(),
    ):
        assert b"<html><script>go()</script></html>" in sent
    assert NONCE not in emit_script("go()", attributes={"nonce": NONCE}).encode().decode()
