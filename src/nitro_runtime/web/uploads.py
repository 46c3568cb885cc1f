"""Uploads: the files of a form, and the form as a whole once it was read.

A file name is what a visitor says; here it is a base name without control characters, never a
path, and no promise about the content.
"""

from __future__ import annotations

import re
import shutil
import unicodedata
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from nitro_runtime.web.forms import Multi, Values

UNNAMED = "unnamed"
"""The name of an upload whose own name holds nothing that a file could be called."""

_LONGEST_NAME = 255  # bytes; NAME_MAX of Linux and macOS
_LONGEST_SUFFIX = 32


@dataclass(frozen=True, slots=True, eq=False)
class Upload:
    """One file of a form. It lasts as long as its request.

    Attributes:
        filename: The base name that the visitor's machine gave it; for showing, not for trusting.
        content_type: The media type that the visitor's machine gave it, ``image/png``, in small
            letters without parameters; ``application/octet-stream`` when it gave none.
        size: Bytes.
        file: The content, open for reading; a temporary file when it is long.
    """

    filename: str
    content_type: str
    size: int
    file: BinaryIO = field(repr=False)

    def read(self) -> bytes:
        """Returns the whole content, however often it is asked for."""
        self.file.seek(0)
        content = self.file.read()
        self.file.seek(0)
        return content

    def save(self, path: str | PathLike[str]) -> None:
        """Writes the content to a file, over what is there.

        It blocks while it writes; in async code a long one is
        ``await asyncio.to_thread(upload.save, path)``.

        Args:
            path: Where to; make it up yourself rather than from `filename`.
        """
        self.file.seek(0)
        with Path(path).open("wb") as target:
            shutil.copyfileobj(self.file, target)
        self.file.seek(0)


class Uploads(Values[Upload]):
    """The files of a form by the name of their field; a field may hold several."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A form that was read.

    Attributes:
        fields: What is text in it.
        files: What are files in it; a file field that was left empty is not there.
        size: The bytes of the whole body.
    """

    fields: Multi = field(default_factory=Multi)
    files: Uploads = field(default_factory=Uploads)
    size: int = 0


def base_name(name: str) -> str:
    """Returns the last part of a path of any system, fit to be shown and to be a file's name.

    Control and format characters are left out (they reorder what is shown), and a long name is cut
    before its suffix.
    """
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join([c for c in last if unicodedata.category(c) not in {"Cc", "Cf", "Cs"}]).strip()
    if not shown.strip("."):
        return UNNAMED
    return _cut(shown)


def _cut(name: str) -> str:
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    stem, dot, suffix = name.rpartition(".")
    ending = f"{dot}{suffix}".encode() if stem else b""
    if len(ending) > _LONGEST_SUFFIX:
        stem, ending = name, b""
    kept = (stem or name).encode()[: _LONGEST_NAME - len(ending)]
    return kept.decode(errors="ignore") + ending.decode()
