"""No value can break a frame: streams are read back by a parser written from the standard."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime.errors import ConfigurationError
from nitro_runtime.sse import (
    allow_scripts,
    broadcast,
    emit_elements,
    emit_redirect,
    emit_script,
    emit_signals,
    patch_elements,
    patch_signals,
    remove_elements,
)
from nitro_runtime.sse.encoder import resync
from nitro_runtime.sse.frames import event_id, with_id


@dataclass
class Reader:
    """An event stream, interpreted as WHATWG HTML 9.2.6 says, character by character."""

    events: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """Type, data, last event id."""
    retry: int | None = None
    last_id: str = ""
    unknown: list[str] = field(default_factory=list[str])
    _type: str = ""
    _data: str = ""

    def read(self, stream: bytes) -> Reader:
        text = stream.decode("utf-8").removeprefix("\ufeff")
        for line in self._lines(text):
            self._line(line)
        return self

    @staticmethod
    def _lines(text: str) -> Iterator[str]:
        """A line ends with CR LF, LF or CR; what has no end is no line."""
        line = ""
        at = 0
        while at < len(text):
            if text[at] in "\r\n":
                yield line
                line = ""
                at += 2 if text[at : at + 2] == "\r\n" else 1
            else:
                line += text[at]
                at += 1

    def _line(self, line: str) -> None:
        if line == "":
            self._dispatch()
        elif line.startswith(":"):
            pass
        else:
            name, colon, value = line.partition(":")
            self._field(name, value.removeprefix(" ") if colon else "")

    def _field(self, name: str, value: str) -> None:
        if name == "event":
            self._type = value
        elif name == "data":
            self._data += value + "\n"
        elif name == "id":
            if "\0" not in value:
                self.last_id = value
        elif name == "retry":
            if value.isascii() and value.isdigit():
                self.retry = int(value)
        else:
            self.unknown.append(name)

    def _dispatch(self) -> None:
        if self._data:
            data = self._data.removesuffix("\n")
            self.events.append((self._type or "message", data, self.last_id))
        self._type = self._data = ""


def read(stream: bytes) -> Reader:
    found = Reader().read(stream)
    assert found.unknown == []
    return found


SENTINEL = emit_signals({"sentinel": True}).encode()

# What could end a line or an event, for any parser that knows less than the standard or more.
ENDS = ["\n\n", "\r\r", "\r\n\r\n", "\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1e"]
FORGED = ["event: x", "data: x", "id: 9", "retry: 1", ": x", "data", "\ufeff", "</script>", "\0"]
TEXT = st.lists(
    st.one_of(st.text(), st.sampled_from([*ENDS, *FORGED]), st.just("\ud800")), max_size=6
).map("".join)
ANYTHING = st.one_of(TEXT, st.binary(), st.integers(), st.none(), st.floats(), st.just([]))


def whole(stream: bytes) -> list[tuple[str, str, str]]:
    """The events of a stream, when what follows it is read as what it is."""
    found = read(stream + SENTINEL).events
    assert found[-1][:2] == ("datastar-patch-signals", 'signals {"sentinel":true}')
    return found[:-1]


def fields_of(data: str) -> dict[str, str]:
    """Datastar's own reading of the data: by lines, the first word is the key."""
    found: dict[str, list[str]] = {}
    for line in data.split("\n"):
        key, _, value = line.partition(" ")
        found.setdefault(key, []).append(value)
    return {key: "\n".join(values) for key, values in found.items()}


@given(
    html=ANYTHING,
    selector=st.one_of(st.none(), ANYTHING),
    mode=st.one_of(st.sampled_from(["outer", "append", "remove"]), ANYTHING),
    namespace=st.one_of(st.just("html"), ANYTHING),
    identity=st.one_of(st.none(), ANYTHING),
    retry=st.one_of(st.none(), st.integers(), ANYTHING),
)
def test_elements_are_one_event_or_an_error(
    html: Any, selector: Any, mode: Any, namespace: Any, identity: Any, retry: Any
) -> None:
    try:
        stream = patch_elements(
            html, selector=selector, mode=mode, namespace=namespace, event_id=identity, retry=retry
        )
    except (ValueError, TypeError, OverflowError):
        return
    # an event without any data line is none (nothing to patch, nothing to select)
    for kind, data, last in whole(stream):
        assert kind == "datastar-patch-elements"
        assert set(fields_of(data)) <= {"mode", "selector", "namespace", "elements"}
        assert fields_of(data).get("mode", "outer") == mode
        assert last == ("" if identity is None else identity.encode("utf-8", "replace").decode())


@given(html=TEXT, selector=st.one_of(st.none(), TEXT), transition=st.booleans())
def test_patches_of_elements_bring_their_markup_and_nothing_else(
    html: str, selector: str | None, transition: bool
) -> None:
    try:
        stream = emit_elements(html, selector, view_transition=transition).encode()
    except ValueError:
        assert selector is not None
        assert "\n" in selector or "\r" in selector
        return
    sent = html.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    for _, data, _ in whole(stream):
        assert fields_of(data).get("elements", "") == sent
        assert ("useViewTransition" in fields_of(data)) is transition


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=8,
)


@given(st.dictionaries(TEXT, JSON), st.booleans())
def test_signals_are_one_event_of_strict_json_or_an_error(
    signals: dict[str, Any], missing: bool
) -> None:
    try:
        stream = emit_signals(signals, only_if_missing=missing).encode()
    except (ValueError, TypeError):
        return
    [(kind, data, _)] = whole(stream)
    assert kind == "datastar-patch-signals"
    found = fields_of(data)
    assert json.loads(found.pop("signals"), parse_constant=pytest.fail) == signals
    assert found == ({"onlyIfMissing": "true"} if missing else {})


@given(TEXT)
def test_a_text_of_signals_is_one_event_or_an_error(text: str) -> None:
    for given_text in (text, json.dumps({text: text}), json.dumps({text: text}, indent=1)):
        try:
            stream = patch_signals(given_text)
        except ValueError:
            continue
        [(_, data, _)] = whole(stream)
        assert json.loads(fields_of(data)["signals"]) == json.loads(given_text)


@given(TEXT)
def test_a_removal_is_one_event_or_an_error(selector: str) -> None:
    try:
        stream = remove_elements(selector).encode()
    except ValueError:
        return
    [(_, data, _)] = whole(stream)
    sent = selector.encode("utf-8", "replace").decode()
    assert fields_of(data) == {"mode": "remove", "selector": sent}


@given(st.lists(TEXT), st.integers(0, 2**63))
def test_a_resync_is_two_events(topics: list[str], number: int) -> None:
    here = event_id("epoch", (number, 0))
    first, second = whole(resync(topics, here))
    assert first[0] == "nitro-resync"
    assert json.loads(first[1]) == {"topics": sorted(topics)}
    assert (second[0], second[2]) == ("datastar-patch-signals", here)


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3))
def test_the_number_of_a_broadcast_stands_in_its_last_event(markup: list[tuple[str, str]]) -> None:
    events = [
        patch_elements(html or "x") + emit_signals({"name": name}).encode() for html, name in markup
    ]
    found = whole(with_id(b"".join(events), "epoch:1-2"))
    assert [last for _, _, last in found] == [*[""] * (2 * len(markup) - 1), "epoch:1-2"]


@given(st.binary())
def test_bytes_that_are_no_whole_events_are_refused(data: bytes) -> None:
    """What came next would become a part of them."""
    if data.endswith(b"\n\n"):
        assert broadcast("framing", data) == 0
    else:
        with pytest.raises(ValueError, match="whole events"):
            broadcast("framing", SENTINEL, data)


# -- redirects and scripts ------------------------------------------------------------------------


class Attributes(HTMLParser):
    """The elements of markup, as a browser reads them."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@given(TEXT)
def test_a_redirect_goes_to_this_site_or_nowhere(url: str) -> None:
    for address in (url, f"/{url}", f"/products?search={url}"):
        try:
            patch = emit_redirect(address)
        except ConfigurationError:
            continue
        assert address.startswith("/")
        assert address[1:2] not in {"/", "\\"}
        [(_, data, _)] = whole(patch.encode())
        found = fields_of(data)
        assert (found["mode"], found["selector"]) == ("append", "body")
        [(tag, attributes)] = Attributes(found["elements"]).found
        assert (tag, set(attributes)) == ("div", {"hidden", "data-init"})
        code = attributes["data-init"] or ""
        here, target = strings_of(code)
        assert code.count("@") == 1  # the action, and none in what was given
        assert "$" not in code
        assert target.startswith("/")
        assert re.split("[?#]", target)[0] == here


def strings_of(code: str) -> tuple[str, str]:
    """The two texts in the code, read as JSON."""
    start = "location.pathname === "
    middle = " ? @get(location.href) : location.assign("
    assert code.startswith(start)
    assert code.endswith(")")
    first, _, second = code.removeprefix(start).removesuffix(")").partition(middle)
    return json.loads(first), json.loads(second)


ELSEWHERE = ["", "products", "//evil.example", "/\\evil.example", "https://evil.example/", "/a b"]
NO_ADDRESS = [
    "javascript:go()",
    "/a\nb",
    "/a\\b",
    "/\t/evil.example",
    "data:text/html,x",
    "/\0",
    " /a",
]


@pytest.mark.parametrize("url", [*ELSEWHERE, *NO_ADDRESS])
def test_a_redirect_elsewhere_is_an_error(url: str) -> None:
    with pytest.raises(ConfigurationError, match="a path of this site"):
        emit_redirect(url)


@given(TEXT, TEXT, TEXT)
def test_a_script_is_one_event_with_one_element(script: str, name: str, value: str) -> None:
    allow_scripts()
    try:
        stream = emit_script(script, attributes={"nonce": value, **({name: value} if name else {})})
    except ValueError:
        return
    finally:
        allow_scripts(False)
    [(_, data, _)] = whole(stream.encode())
    markup = fields_of(data)["elements"]
    assert [tag for tag, _ in Attributes(markup).found] == ["script"]
