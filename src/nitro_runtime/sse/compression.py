"""Compressed streams: each message once for all clients, or with a window of one client's own.

A compressed message is whole in itself and refers to nothing before it, so the same bytes go into
every stream of that coding: as a zstd frame (RFC 8878, which lets frames follow each other), or as
deflate blocks that end in a full flush (RFC 1951), between a gzip header and trailer of each stream's
own (RFC 1952).

The successive states of one live view are nearly the same. So a stream of zstd may keep a window
over them: what is sent then is the difference. Windows take memory, and there are few of them
(`MOST_WINDOWS`). One never spans anything but the states of one view: lengths would tell whoever can
write into one message what stands in another (the attack is called BREACH).
"""

from __future__ import annotations

import sys
import zlib
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import Any, Protocol

from nitro_runtime.sse.frames import Frame
from nitro_runtime.sse.subscription import HEARTBEAT

MOST_WINDOWS = 64
"""Streams of this process that have a window at one time."""

WINDOW_FROM_BYTES = 2_048
WINDOW_TO_BYTES = 1 << 20
"""States of this length are worth a window: shorter ones have little to gain."""

_LEVEL = 1
"""Of zstd and of gzip: higher ones take several times as long for the same length."""


class Coder(Protocol):
    """Encodes one stream's messages; it belongs to one event loop."""

    def encode(self, frame: Frame) -> bytes:
        """Returns a message as it is sent; a decoder has all of it when it has these bytes."""
        ...

    def finish(self) -> bytes:
        """Returns what ends the coding; perhaps nothing."""
        ...

    def close(self) -> None:
        """Gives back what the coder holds; safe to call again."""
        ...


# -- gzip ----------------------------------------------------------------------------------------

_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # RFC 1952, 2.3: no name, no time
_GZIP_END = b"\x03\x00"  # an empty last block (RFC 1951, 3.2.6)


class GzipCoder:
    """Gzip: one member for the whole stream, of blocks that all streams share."""

    __slots__ = ("_begun", "_checksum", "_length")

    def __init__(self) -> None:
        self._begun = False
        self._checksum = 0
        self._length = 0

    def encode(self, frame: Frame) -> bytes:
        """Returns the message's blocks, behind the header if they are the first."""
        self._checksum = zlib.crc32(frame.data, self._checksum)
        self._length += len(frame.data)
        blocks = frame.coded("gzip", _deflated)
        return blocks if self._begun else self._begin() + blocks

    def finish(self) -> bytes:
        """Returns the end of the member, with the checksum of all that was in it."""
        checksum, length = self._checksum, self._length & 0xFFFFFFFF
        trailer = checksum.to_bytes(4, "little") + length.to_bytes(4, "little")
        return (b"" if self._begun else self._begin()) + _GZIP_END + trailer

    def close(self) -> None:
        """Holds nothing."""

    def _begin(self) -> bytes:
        self._begun = True
        return _GZIP_HEADER


def _deflated(data: bytes) -> bytes:
    # A compressor of its own refers to nothing earlier; the flush ends the blocks on a whole byte.
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush(zlib.Z_FULL_FLUSH)


# -- zstd ----------------------------------------------------------------------------------------


class ZstdCoder:
    """Zstd: a frame a message that all streams share, and a window over the states of one view.

    Args:
        windows: Counts those that are open.
    """

    __slots__ = ("_compressor", "_is_open", "_topic", "_windows")

    def __init__(self, windows: Windows | None = None) -> None:
        self._windows = windows or _windows
        self._compressor: Any = None
        self._topic: str | None = None
        self._is_open = False

    def encode(self, frame: Frame) -> bytes:
        """Returns the message as a frame, or as the next block of the open one."""
        if self._topic is not None and frame.data == HEARTBEAT:
            return self._next(frame.data)
        if frame.replaces is not None and self._has_window(frame):
            ended = b"" if frame.replaces == self._topic else self.finish()
            self._topic = frame.replaces
            return ended + self._next(frame.data)
        return self.finish() + frame.coded("zstd", _zstd_frame)

    def finish(self) -> bytes:
        """Ends the open frame."""
        if not self._is_open:
            return b""
        self._is_open = False
        self._topic = None
        return self._compressor.flush(self._compressor.FLUSH_FRAME)

    def close(self) -> None:
        """Gives the window back."""
        if self._compressor is not None:
            self._compressor = None
            self._is_open = False
            self._topic = None
            self._windows.give_back()

    def _has_window(self, frame: Frame) -> bool:
        if not WINDOW_FROM_BYTES <= len(frame) <= WINDOW_TO_BYTES // 2:
            return False
        if self._compressor is None and self._windows.take():
            self._compressor = _compressor(window=_log2(len(frame) * 2))
        return self._compressor is not None

    def _next(self, data: bytes) -> bytes:
        self._is_open = True
        return self._compressor.compress(data, self._compressor.FLUSH_BLOCK)


class Windows:
    """Counts windows. Safe across threads.

    Args:
        most: That may be open at one time.
    """

    def __init__(self, most: int = MOST_WINDOWS) -> None:
        self.most = most
        self.open = 0
        self._lock = Lock()

    def take(self) -> bool:
        """Takes one, if there is one left."""
        with self._lock:
            if self.open >= self.most:
                return False
            self.open += 1
            return True

    def give_back(self) -> None:
        """Gives one back."""
        with self._lock:
            self.open -= 1


_windows = Windows()


def _log2(length: int) -> int:
    """The exponent of the least power of two that is as long."""
    return (length - 1).bit_length()


def has_zstd() -> bool:
    """Whether zstd can be used: always from Python 3.14 on, before with the extra ``zstd``."""
    return sys.version_info >= (3, 14) or _find("backports.zstd")


def _find(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # its package is not there
        return False


def zstd_module() -> Any:  # noqa: ANN401 # one of two modules with the same names
    """Returns the module of zstd: Python's own from 3.14 on, or that of the extra ``zstd``."""
    return import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")


def _compressor(window: int | None = None) -> Any:  # noqa: ANN401 # of that module
    zstd = zstd_module()
    options = {zstd.CompressionParameter.compression_level: _LEVEL}
    if window is not None:
        options[zstd.CompressionParameter.window_log] = window
    return zstd.ZstdCompressor(options=options)


_shared: list[Any] = []


def _zstd_frame(data: bytes) -> bytes:
    if not _shared:
        _shared.append(_compressor())  # to make one takes longer than most messages
    # One call is one whole frame, whichever thread calls: the compressor has a lock of its own.
    return _shared[0].compress(data, _shared[0].FLUSH_FRAME)
