"""What stands in an entry of the log, and what is passed over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime.brokers.wire import KINDS, Message, decode


@given(
    st.text(),
    st.integers(min_value=1, max_value=2**63),
    st.sampled_from(KINDS),
    st.lists(st.text()),
    st.binary(),
)
def test_a_message_comes_back_as_it_was(
    origin: str, number: int, kind: str, topics: list[str], data: bytes
) -> None:
    message = Message(origin, number, kind, tuple(topics), data)  # type: ignore[arg-type]
    assert decode(message.encode()) == message


@given(st.binary())
def test_anything_else_is_nothing(entry: bytes) -> None:
    assert decode(entry) is None


@pytest.mark.parametrize(
    "entry",
    [b'[2,"o",1,"send",[]]\n', b'[1,"o",1,"send",[]]', b'[1,"o",true,"send",[]]\n', b'[1,"o",1,"x",[]]\n', b'[1,"o",1,"send",[1]]\n', b"[" * 100_000 + b"\n"],
    ids=["newer", "cut", "no number", "unknown", "no topics", "deep"],
)  # fmt: skip
def test_what_is_nearly_a_message_is_nothing(entry: bytes) -> None:
    assert decode(entry) is None
