from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nitro_runtime.sse import compression
from nitro_runtime.sse.compression import (
    WINDOW_FROM_BYTES,
    WINDOW_TO_BYTES,
    Coder,
    GzipCoder,
    Windows,
    ZstdCoder,
)
from nitro_runtime.sse.frames import Frame
from nitro_runtime.sse.subscription import HEARTBEAT

CODERS: dict[str, Callable[[], Coder]] = {"zstd": ZstdCoder, "gzip": GzipCoder}


class Unzstd:
    """Reads frames one after another, as a browser does."""

    def __init__(self) -> None:
        self._one: Any = compression.zstd_module().ZstdDecompressor()

    def decompress(self, data: bytes) -> bytes:
        plain = b""
        while data:
            if self._one.eof:
                self._one = compression.zstd_module().ZstdDecompressor()
            plain += self._one.decompress(data)
            data = self._one.unused_data if self._one.eof else b""
        return plain

    @property
    def eof(self) -> bool:
        return self._one.eof


def decoder_of(coding: str) -> Any:
    return Unzstd() if coding == "zstd" else zlib.decompressobj(zlib.MAX_WBITS | 16)


def state(topic: str, number: int, length: int = 8_000) -> Frame:
    row = "data: elements <tr><td>{}</td></tr>\n"
    rows = [row.format(sha256(b"%d" % at).hexdigest()) for at in range(length // 97)]
    return Frame("".join(rows).encode() + b"data: %d\n\n" % number, None, topic)


@pytest.mark.parametrize("coding", CODERS)
def test_each_message_can_be_read_when_it_has_come(coding: str) -> None:
    coder, decoder = CODERS[coding](), decoder_of(coding)
    for number in range(50):
        frame = Frame(b"data: %d\n\n" % number)
        assert decoder.decompress(coder.encode(frame)) == frame.data
    assert decoder.decompress(coder.finish()) == b""
    assert decoder.eof


@pytest.mark.parametrize("coding", CODERS)
def test_all_streams_are_sent_the_same_bytes(coding: str) -> None:
    one, two = CODERS[coding](), CODERS[coding]()
    one.encode(Frame(b"data: for one alone\n\n"))
    two.encode(Frame(b"data: for the other\n\n"))
    frame = Frame(b"data: for all\n\n" * 20)
    assert one.encode(frame) is two.encode(frame)


@pytest.mark.parametrize("coding", CODERS)
def test_a_stream_that_ends_before_its_first_message_is_whole(coding: str) -> None:
    coder = CODERS[coding]()
    ended = coder.finish()
    assert coding == "zstd" or zlib.decompress(ended, zlib.MAX_WBITS | 16) == b""
    coder.close()
    coder.close()


def test_gzip_says_the_checksum_of_everything() -> None:
    coder = GzipCoder()
    frames = [Frame(bytes([number]) * 70_000) for number in range(5)]
    sent = b"".join(map(coder.encode, frames)) + coder.finish()
    assert zlib.decompress(sent, zlib.MAX_WBITS | 16) == b"".join(f.data for f in frames)


frames_ = st.lists(
    st.one_of(
        st.builds(lambda data: Frame(data), st.binary(max_size=5_000)),
        st.just(Frame(HEARTBEAT)),
        st.builds(
            lambda topic, number, length: state(f"view:{topic}", number, length),
            st.integers(0, 2),
            st.integers(),
            st.sampled_from([100, WINDOW_FROM_BYTES, 20_000, WINDOW_TO_BYTES]),
        ),
    ),
    max_size=12,
)


@given(frames_, st.sampled_from(sorted(CODERS)), st.integers(0, 1))
@settings(max_examples=60, deadline=None)
def test_whatever_is_sent_is_read_as_it_comes(
    frames: list[Frame], coding: str, windows: int
) -> None:
    coder = ZstdCoder(Windows(windows)) if coding == "zstd" else GzipCoder()
    decoder = decoder_of(coding)
    for frame in frames:
        assert decoder.decompress(coder.encode(frame)) == frame.data
    assert decoder.decompress(coder.finish()) == b""


# -- windows -------------------------------------------------------------------------------------


def lengths(coder: Coder, frames: Iterable[Frame]) -> list[int]:
    return [len(coder.encode(frame)) for frame in frames]


def test_the_next_state_of_a_view_is_sent_as_the_difference() -> None:
    first, *others = lengths(ZstdCoder(), [state("view:1", number) for number in range(5)])
    assert first > 2_500
    assert max(others) < 60


def test_a_heartbeat_does_not_end_the_window() -> None:
    coder = ZstdCoder()
    lengths(coder, [state("view:1", 1), Frame(HEARTBEAT)])
    assert len(coder.encode(state("view:1", 2))) < 60


@pytest.mark.parametrize(
    "other", [Frame(b"data: something private\n\n"), state("view:2", 1)], ids=["signals", "view"]
)
def test_nothing_else_shares_the_window_of_a_view(other: Frame) -> None:
    """What somebody can guess of one message must not show in the length of another."""
    coder = ZstdCoder()
    first = len(coder.encode(state("view:1", 1)))
    decoder = Unzstd()
    sent = coder.encode(other)
    begin = sent.index(b"\x28\xb5\x2f\xfd")  # a frame of its own
    assert decoder.decompress(sent[begin:]) == other.data
    again = coder.encode(state("view:1", 2))
    assert len(again) >= first - 20


def test_short_and_very_long_states_take_no_window() -> None:
    windows = Windows()
    coder = ZstdCoder(windows)
    coder.encode(state("view:1", 1, 500))
    coder.encode(state("view:1", 1, WINDOW_TO_BYTES))
    assert windows.open == 0


def test_there_are_few_windows_and_they_are_given_back() -> None:
    windows = Windows(2)
    coders = [ZstdCoder(windows) for _ in range(3)]
    for number in (1, 2):
        sent = [len(coder.encode(state("view:1", number))) for coder in coders]
    assert [length < 60 for length in sent] == [True, True, False]
    coders[0].close()
    coders[0].close()
    assert windows.open == 1
    for number in (1, 2):
        length = len(coders[2].encode(state("view:1", number)))
    assert length < 60


def test_a_window_is_not_kept_by_a_coder_that_was_closed_in_the_middle() -> None:
    coder = ZstdCoder(Windows(1))
    coder.encode(state("view:1", 1))
    coder.close()
    assert coder.finish() == b""
