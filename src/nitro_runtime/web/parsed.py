"""A form that a framework has parsed already: its body is gone, so what it made of it is taken."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import IO, Any, BinaryIO, cast

from nitro_runtime.web.forms import Multi
from nitro_runtime.web.uploads import Posted, Upload, Uploads, base_name

ParsedFile = tuple[str, str | None, str | None, IO[bytes]]
"""A file of a form, as a framework gives it: the name of its field, the file's own name (a field that
was left empty has none), its media type, the content."""


def posted(fields: Iterable[tuple[str, str]], files: Iterable[ParsedFile], size: int) -> Posted:
    """Makes a form of what a framework has parsed.

    Args:
        fields: Name and text, in the order they came.
        files: The files.
        size: The bytes of the body, as announced.
    """
    uploads = [
        (field, _upload(filename, content_type, file))
        for field, filename, content_type, file in files
        if filename
    ]
    return Posted(Multi(fields), Uploads(uploads), size)


def posted_lists(
    fields: Iterable[tuple[str, Iterable[str]]],
    files: Iterable[tuple[str, Iterable[Any]]],
    environ: Mapping[str, Any],
) -> Posted:
    """Makes a form of lists by name: of texts, and of files with ``name content_type file``.

    Args:
        fields: Name and texts.
        files: Name and files.
        environ: Where CGI's ``CONTENT_LENGTH`` is, if it was announced.
    """
    texts = [(name, text) for name, several in fields for text in several]
    named = [(name, file) for name, several in files for file in several]
    uploads = [(name, file.name, file.content_type, file.file) for name, file in named]
    return posted(texts, uploads, int(environ.get("CONTENT_LENGTH") or 0))


def _upload(filename: str, content_type: str | None, file: IO[bytes]) -> Upload:
    kind = (content_type or "").partition(";")[0].strip().lower()
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return Upload(
        base_name(filename), kind or "application/octet-stream", size, cast("BinaryIO", file)
    )
