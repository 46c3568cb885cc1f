from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime.errors import Refused
from nitro_runtime.sse import emit_signals
from nitro_runtime.web.signals import DEEPEST, Signals, parse_signals

text = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(text, values, max_size=6), st.booleans())
def test_what_json_says_comes_back_unchanged(given: dict[str, Any], ascii_only: bool) -> None:
    encoded = json.dumps(given, ensure_ascii=ascii_only).encode()
    assert parse_signals(encoded).plain() == given


@given(st.binary(max_size=60))
def test_any_bytes_are_parsed_or_refused_with_a_sentence(body: bytes) -> None:
    try:
        parse_signals(body)
    except Refused as refused:
        assert refused.status == 422
        assert str(refused).endswith(".")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("[]", "The signals must be a JSON object."),
        ("3", "The signals must be a JSON object."),
        ("null", "The signals must be a JSON object."),
        ('{"a": NaN}', "The signals are not valid JSON."),
        ('{"a": Infinity}', "The signals are not valid JSON."),
        ('{"a": -Infinity}', "The signals are not valid JSON."),
        ('{"a": 1e999}', "The signals are not valid JSON."),
        ('{"a": "\\ud800"}', "The signals are not valid JSON."),
        ('{"\\udfff": 1}', "The signals are not valid JSON."),
        ('{"a": 1', "The signals are not valid JSON."),
        ("{'a': 1}", "The signals are not valid JSON."),
        ('{"a":' * 60_000, "The signals are not valid JSON."),
        ('{"a":' + "9" * 5_000 + "}", "The signals are not valid JSON."),
        (b"\xff\xfe{}", "The signals are not valid JSON."),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_plain_json_object_is_refused(body: str | bytes, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_signals(body)
    assert (refused.value.status, str(refused.value)) == (422, sentence)


def test_nesting_is_limited_to_the_level() -> None:
    allowed = '{"a":' * (DEEPEST - 1) + "{}" + "}" * (DEEPEST - 1)
    assert parse_signals(allowed)
    with pytest.raises(Refused, match="nested deeper than 20 levels"):
        parse_signals('{"a":' + allowed + "}")


@pytest.mark.parametrize("body", ["", "  \n", b""])
def test_an_empty_body_is_no_signals(body: str | bytes) -> None:
    assert dict(parse_signals(body)) == {}


def test_signals_are_read_as_attributes_and_by_name() -> None:
    signals = parse_signals('{"product": {"name": "Lamp"}, "quantity": 50, "items": [1]}')
    assert signals.quantity == 50
    assert signals.product.name == "Lamp"
    assert signals["product"] == {"name": "Lamp"}
    assert signals["items"] == [1]
    assert list(signals) == ["product", "quantity", "items"]


def test_signals_go_back_out_as_they_came_in() -> None:
    signals = parse_signals('{"product": {"name": "Lamp", "tags": [{"a": 1}]}}')
    sent = emit_signals(signals).encode()
    assert b'{"product":{"name":"Lamp","tags":[{"a":1}]}}' in sent


def test_a_missing_signal_names_the_nearest_one() -> None:
    with pytest.raises(AttributeError, match=r"no signal 'quantty'\. Did you mean 'quantity'\?"):
        _ = Signals({"quantity": 1}).quantty
