"""``multipart/form-data``, parsed while it comes in and within limits (RFC 7578).

The bytes are split by python-multipart's push parser; names and values are read here as browsers
write them (WHATWG HTML Standard, "multipart form data"): UTF-8, with ``%22 %0D %0A`` for what a
quoted name cannot hold. ``filename*`` (RFC 5987) is understood too, because some clients send it.
"""

from __future__ import annotations

import re
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from nitro_runtime.errors import Refused
from nitro_runtime.web.forms import MOST_FIELDS, Multi
from nitro_runtime.web.uploads import Posted, Upload, Uploads, base_name

MEMORY_BYTES = 256 * 1024
"""What a file may have before it goes to a temporary file."""

MOST_FILES = 100
MOST_TEXT_BYTES = 1024 * 1024
"""Bytes that the text fields of a form may have together."""

MOST_HEADERS = 8
MOST_HEADER_BYTES = 4096
"""Bytes that the headers of one part may have together."""

_BOUNDARY = re.compile(
    r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]"
)  # RFC 2046, 5.1.1
_PARAMETER = re.compile(r';\s*([\w!#$%&\'*+.^`|~-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;"]*)', re.A | re.S)
_QUOTED = re.compile(r'\\([\\"])|%(22|0[AD])', re.IGNORECASE)
_EXTENDED = re.compile(r"(utf-8|iso-8859-1)'[\w-]*'(.*)", re.IGNORECASE | re.A)
_BROKEN = "The form is not readable: it is no whole multipart/form-data."
_NOT_UTF_8 = "The form is not readable: its texts must be UTF-8."


class _Spool(SpooledTemporaryFile[bytes]):
    """A file that goes with its upload, of which nobody knows when it is done with."""

    def __del__(self) -> None:  # the base class warns of a file that was not closed
        self.close()


class _Part:
    """The part that is being read: its headers, then its content."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.header = bytearray()
        self.value = bytearray()
        self.header_bytes = 0
        self.name = ""
        self.filename: str | None = None
        self.text = bytearray()
        self.file: _Spool | None = None
        self.size = 0


class MultipartReader:
    """Reads one form; feed it the body in order, then `finish` it. For one thread at a time.

    Args:
        content_type: The header of the request.

    Raises:
        Refused: 422, the header names no boundary.
    """

    def __init__(self, content_type: str) -> None:
        boundary = parameters(content_type).get("boundary", "")
        if not _BOUNDARY.fullmatch(boundary):
            raise Refused(422, "The form is not readable: its content type names no boundary.")
        self._fields: list[tuple[str, str]] = []
        self._files: list[tuple[str, Upload]] = []
        self._part = _Part()
        self._size = 0
        self._text_bytes = 0
        self._ended = False
        self._parser = MultipartParser(
            boundary.encode(),
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._open,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_end": self._finished,
            },
        )

    def feed(self, data: bytes) -> None:
        """Takes the next bytes; may write to a temporary file.

        Raises:
            Refused: 413 or 422, as soon as the form is seen to be too much or broken.
        """
        self._size += len(data)
        try:
            self._parser.write(data)
        except FormParserError:
            raise Refused(422, _BROKEN) from None

    def finish(self) -> Posted:
        """Returns the form.

        Raises:
            Refused: 422, it ended before its last boundary.
        """
        if not self._ended:
            raise Refused(422, _BROKEN)
        return Posted(Multi(self._fields), Uploads(self._files), self._size)

    # -- what the parser calls ------------------------------------------------------------------

    def _begin(self) -> None:
        self._part = _Part()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._part.header += data[start:end]
        self._count_header(end - start)

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._part.value += data[start:end]
        self._count_header(end - start)

    def _count_header(self, length: int) -> None:
        part = self._part
        part.header_bytes += length
        if part.header_bytes > MOST_HEADER_BYTES or len(part.headers) >= MOST_HEADERS:
            raise Refused(413, "A part of the form has too many headers.")

    def _header_end(self) -> None:
        part = self._part
        part.headers[part.header.decode("latin-1").lower()] = part.value.decode("latin-1")
        part.header, part.value = bytearray(), bytearray()

    def _open(self) -> None:
        part = self._part
        disposition = part.headers.get("content-disposition", "")
        given = parameters(disposition)
        if not disposition.lower().startswith("form-data") or "name" not in given:
            raise Refused(422, "The form is not readable: a part of it has no name.")
        part.name = _utf_8(given["name"])
        part.filename = _filename(given)
        if part.filename is None:
            if len(self._fields) >= MOST_FIELDS:
                raise Refused(413, f"A form may have at most {MOST_FIELDS} fields.")
        else:
            if len(self._files) >= MOST_FILES:
                raise Refused(413, f"A form may have at most {MOST_FILES} files.")
            part.file = _Spool(MEMORY_BYTES)

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part.file is not None:
            part.size += end - start
            part.file.write(data[start:end])
            return
        self._text_bytes += end - start
        if self._text_bytes > MOST_TEXT_BYTES:
            raise Refused(413, f"The texts of a form may have at most {MOST_TEXT_BYTES} bytes.")
        part.text += data[start:end]

    def _end(self) -> None:
        part = self._part
        if part.file is None:
            try:
                self._fields.append((part.name, part.text.decode()))
            except UnicodeDecodeError:
                raise Refused(422, _NOT_UTF_8) from None
        elif part.filename or part.size:  # a browser sends an empty part for a field left empty
            part.file.seek(0)
            kind = part.headers.get("content-type", "").partition(";")[0].strip().lower()
            self._files.append(
                (
                    part.name,
                    Upload(
                        base_name(part.filename or ""),
                        kind or "application/octet-stream",
                        part.size,
                        cast("BinaryIO", part.file),
                    ),
                )
            )

    def _finished(self) -> None:
        self._ended = True


def parameters(header: str) -> dict[str, str]:
    """Returns the parameters of a header such as ``form-data; name="a"``, unquoted; the first wins."""
    found: dict[str, str] = {}
    for name, value in _PARAMETER.findall(header):
        found.setdefault(name.lower(), _unquoted(value))
    return found


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value.strip()
    return _QUOTED.sub(lambda found: found[1] or chr(int(found[2], 16)), value[1:-1])


def _filename(given: dict[str, str]) -> str | None:
    """The file name of a part; None when it is no file."""
    extended = _EXTENDED.fullmatch(given.get("filename*", ""))
    if extended is None:
        return _utf_8(given["filename"]) if "filename" in given else None
    try:
        return unquote_to_bytes(extended[2]).decode(extended[1])
    except UnicodeDecodeError:
        raise Refused(422, _NOT_UTF_8) from None


def _utf_8(text: str) -> str:
    """Headers are bytes that were read as Latin-1."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise Refused(422, _NOT_UTF_8) from None
