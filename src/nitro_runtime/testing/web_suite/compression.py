# ruff: noqa: S101 # a suite of tests asserts
"""Compressed streams: what a client may ask for, and that every event can be read when it has come."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import httpx
import pytest

from nitro_runtime.sse.compression import has_zstd, zstd_module
from nitro_runtime.testing.web_suite.client import SHOWN, Tab, read_until
from nitro_runtime.testing.web_suite.server import Suite

CODINGS = ["gzip", pytest.param("zstd", marks=pytest.mark.skipif(not has_zstd(), reason="no zstd"))]


class Decoder(Protocol):
    """Reads one coding as it comes."""

    def decompress(self, data: bytes, /) -> bytes:
        """Returns all that these bytes tell."""
        ...

    @property
    def eof(self) -> bool:
        """Whether what came by now is whole."""
        ...


class Frames:
    """Reads zstd frames one after another, as browsers do."""

    def __init__(self) -> None:
        self._frame: Any = zstd_module().ZstdDecompressor()

    def decompress(self, data: bytes, /) -> bytes:
        """Returns all that these bytes tell."""
        told = b""
        while data:
            if self._frame.eof:
                self._frame = zstd_module().ZstdDecompressor()
            told += self._frame.decompress(data)
            data = self._frame.unused_data if self._frame.eof else b""
        return told

    @property
    def eof(self) -> bool:
        """Whether the last frame is whole."""
        return self._frame.eof


def decoder_of(coding: str) -> Decoder:
    """Returns what reads a coding: ``gzip`` or ``zstd``."""
    return Frames() if coding == "zstd" else zlib.decompressobj(zlib.MAX_WBITS | 16)


@contextmanager
def raw_stream(tab: Tab, **headers: str) -> Generator[httpx.Response]:
    """Opens the stream of a tab; what it yields has decoded nothing yet."""
    params = httpx.QueryParams({"tab": tab.id, "view": tab.views})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    address = f"{tab.path}events"
    with tab.client.stream("GET", address, params=params, headers=named) as response:
        assert response.status_code == 200, response.read()
        yield response


def decoded(chunks: Iterator[bytes], decoder: Decoder) -> Iterator[str]:
    """Yields what a stream tells, as it comes; cut off anywhere but in the middle of a character."""
    for chunk in chunks:
        yield decoder.decompress(chunk).decode()


class Compression(Suite):
    """Streams in the codings that a client takes."""

    @pytest.mark.parametrize("coding", CODINGS)
    def test_each_event_can_be_read_when_it_has_come(self, tab: Tab, coding: str) -> None:
        """The next one is caused only then; heartbeats come too."""
        self.needs_one_process()
        with raw_stream(tab, accept_encoding=coding) as response:
            assert response.headers["content-encoding"] == coding
            assert "accept-encoding" in response.headers["vary"].lower()
            raw = response.iter_raw()  # held here: one that nobody holds ends the stream
            chunks = decoded(raw, decoder_of(coding))
            read_until(chunks, SHOWN)
            for name in ("Pressed once", "Pressed twice", "Pressed thrice"):
                tab.command("suite.create", {"name": name})
                read_until(chunks, name)
            read_until(chunks, ":\n\n")

    @pytest.mark.parametrize(
        "asked",
        [
            {"accept_encoding": "identity"},
            {"accept_encoding": "gzip;q=0, br"},
            {"accept_encoding": "gzip, zstd", "cache_control": "no-transform"},
        ],
        ids=["identity", "q=0", "no-transform"],
    )
    def test_nobody_gets_a_coding_that_they_do_not_take(
        self, tab: Tab, asked: dict[str, str]
    ) -> None:
        """Nor one who wants nothing transformed."""
        with raw_stream(tab, **asked) as response:
            assert response.headers.get("content-encoding", "identity") == "identity"
            assert next(response.iter_raw()).startswith(b"retry: ")

    def test_answers_to_commands_are_sent_as_they_are(self, tab: Tab) -> None:
        """They hold the page's token beside what a visitor sent; lengths would tell of it."""
        answer = tab.command("suite.create", {"name": "x" * 30}, accept_encoding="gzip, zstd")
        assert answer.status_code == 200
        assert "content-encoding" not in answer.headers


class CompressedEnds(Suite):
    """The end of compressed streams, on servers that let a stream end."""

    def test_the_end_of_a_stream_is_no_error_of_its_coding(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A decoder has it all, with its checksum, when the server stops."""
        silent = {**self.environment, "NITRO_SUITE_HEARTBEAT": "60"}
        monkeypatch.setattr(type(self), "environment", silent)
        with self.serving() as served, self.browser(served.url) as client, ExitStack() as stack:
            reading: list[tuple[Iterator[bytes], Decoder]] = []
            for coding in ("gzip", "zstd") if has_zstd() else ("gzip",):
                opened = raw_stream(Tab(client), accept_encoding=coding)
                raw, decoder = stack.enter_context(opened).iter_raw(), decoder_of(coding)
                read_until(decoded(raw, decoder), "retry: ")
                reading.append((raw, decoder))
            served.process.terminate()
            for raw, decoder in reading:
                for chunk in raw:
                    decoder.decompress(chunk)
                assert decoder.eof
