from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime.errors import Refused
from nitro_runtime.web.forms import MOST_FIELDS, Multi, parse_urlencoded

text = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(text, text), max_size=8))
def test_what_was_encoded_comes_back(pairs: list[tuple[str, str]]) -> None:
    parsed = parse_urlencoded(urlencode(pairs).encode())
    assert parsed.pairs() == Multi(pairs).pairs()


@given(st.binary(max_size=60))
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    try:
        parse_urlencoded(body)
    except Refused as refused:
        assert refused.status in {413, 422}


def test_a_name_may_have_several_values() -> None:
    form = parse_urlencoded("tag=a&name=Lamp&tag=b&empty=")
    assert form["tag"] == "b"
    assert form.getlist("tag") == ["a", "b"]
    assert form.getlist("absent") == []
    assert form.get("absent") is None
    assert form["empty"] == ""
    assert dict(form) == {"tag": "b", "name": "Lamp", "empty": ""}


@pytest.mark.parametrize("body", ["a=%FF", "%C3=1", b"a=\xc3\xa9"])
def test_what_is_not_utf_8_is_refused(body: str | bytes) -> None:
    with pytest.raises(Refused) as refused:
        parse_urlencoded(body)
    assert refused.value.status == 422


def test_too_many_fields_are_refused() -> None:
    assert len(parse_urlencoded("&".join(f"a{i}=" for i in range(MOST_FIELDS)))) == MOST_FIELDS
    with pytest.raises(Refused) as refused:
        parse_urlencoded("&".join(f"a{i}=" for i in range(MOST_FIELDS + 1)))
    assert refused.value.status == 413
