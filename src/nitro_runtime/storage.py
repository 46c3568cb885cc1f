"""Where uploaded files are kept: `Storage`, and a folder as the storage that needs nothing else.

An entity holds only a file's key, a short text that the storage makes up; nothing that a visitor
names ever becomes a path. Standard library only, so that every part of Nitro may use it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import secrets
import shutil
import threading
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol, cast, runtime_checkable

log = logging.getLogger(__name__)

KEY_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"
"""What the key of a file looks like, whatever the storage: no slash, so never a path."""

UPLOADS_URL = "/uploads"
"""Where Nitro's own route serves the files, below the prefix of its installation."""

SUFFIXES = frozenset((
    "bmp", "csv", "doc", "docx", "epub", "flac", "gif", "gz", "jpeg", "jpg", "json", "m4a", "md",
    "mp3", "mp4", "odp", "ods", "odt", "ogg", "opus", "pdf", "png", "ppt", "pptx", "rtf", "tar",
    "tgz", "tsv", "txt", "wav", "webm", "webp", "xls", "xlsx", "xml", "zip",
))  # fmt: skip
"""Extensions that are kept: documents and media, nothing that a server or a shell would run."""

IMAGE_TYPES = {
    "gif": "image/gif",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
}
"""The pictures that are shown in a browser, by the suffix that their content gets."""


_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)

_BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    "bmp": (b"BM",),
    "flac": (b"fLaC",),
    "gif": (b"GIF87a", b"GIF89a"),
    "gz": (b"\x1f\x8b",),
    "jpeg": (b"\xff\xd8\xff",),
    "jpg": (b"\xff\xd8\xff",),
    "ogg": (b"OggS",),
    "opus": (b"OggS",),
    "pdf": (b"%PDF-",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "rtf": (b"{\\rtf",),
    "tgz": (b"\x1f\x8b",),
    "wav": (b"RIFF",),
    "webm": (b"\x1a\x45\xdf\xa3",),
    "webp": (b"RIFF",),
    **dict.fromkeys(("doc", "ppt", "xls"), _OLE),
    **dict.fromkeys(("docx", "epub", "odp", "ods", "odt", "pptx", "xlsx", "zip"), _ZIP),
}
"""How contents begin, by extension; what is not here may begin anyhow."""


@runtime_checkable
class Storage(Protocol):
    """Keeps files. Safe from every thread; its calls may block, so coroutines call it in threads."""

    def save(self, content: BinaryIO, suffix: str = "") -> str:
        """Keeps a file and returns its key, which no other file ever has.

        Args:
            content: Read from its present place to its end.
            suffix: An extension without a dot, from `safe_suffix` or `image_suffix`; or empty.

        Raises:
            OSError: It could not be kept; then nothing is left of it.
        """
        ...

    def open(self, key: str) -> BinaryIO:
        """Opens a file for reading; its size is found by seeking to its end.

        Raises:
            FileNotFoundError: There is none with this key.
        """
        ...

    def delete(self, key: str) -> None:
        """Deletes a file; without one of this key nothing happens."""
        ...

    def url(self, key: str) -> str:
        """Returns the address that a page links to."""
        ...


class FolderStorage:
    """Keeps files in one folder, under random names of 128 bits that nobody can guess.

    Args:
        folder: Made when the first file is saved.
        url: The address of the files, without a final slash; Nitro's own route when left out.
    """

    def __init__(self, folder: str | os.PathLike[str], url: str | None = None) -> None:
        self.folder: Path = Path(folder).absolute()
        self._url = url

    def save(self, content: BinaryIO, suffix: str = "") -> str:
        """Keeps a file: written under another name first, so that a file is there whole or not."""
        if suffix not in SUFFIXES:
            suffix = ""
        key = secrets.token_hex(16) + (f".{suffix}" if suffix else "")
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f".{key}.part"
        try:
            with part.open("xb") as file:
                shutil.copyfileobj(content, file)
            part.replace(self.folder / key)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return key

    def open(self, key: str) -> BinaryIO:
        """Opens a file; a link that somebody put into the folder is not followed."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        try:
            file = os.fdopen(os.open(self._path(key), flags), "rb")
        except OSError as error:
            raise FileNotFoundError(key) from error
        return cast("BinaryIO", file)

    def delete(self, key: str) -> None:
        """Deletes a file; without one of this key nothing happens."""
        with contextlib.suppress(FileNotFoundError):
            self._path(key).unlink()

    def url(self, key: str) -> str:
        """Returns the address: ``/uploads/<key>``."""
        return f"{self._url if self._url is not None else _places.url}/{key}"

    def _path(self, key: str) -> Path:
        if not is_key(key):
            raise FileNotFoundError(key)
        return self.folder / key


# -- the storage of this process ----------------------------------------------------------------


class _Places:
    """The storage that is used, and where its files are served."""

    def __init__(self) -> None:
        self.storage: Storage | None = None
        self.url = UPLOADS_URL
        self.lock = threading.Lock()


_places = _Places()


def use_storage(storage: Storage | str | os.PathLike[str] | None) -> None:
    """Sets the storage of this process.

    Args:
        storage: A storage, or the folder of one; None asks ``NITRO_UPLOADS`` anew at the next use,
            and takes the folder ``uploads`` in the working directory without it.
    """
    if isinstance(storage, str | os.PathLike):
        storage = FolderStorage(storage)
    _places.storage = storage


def current_storage() -> Storage:
    """Returns the storage of this process."""
    found = _places.storage
    if found is None:
        with _places.lock:
            folder = os.environ.get("NITRO_UPLOADS") or "uploads"
            found = _places.storage = _places.storage or FolderStorage(folder)
    return found


def serve_below(prefix: str) -> None:
    """Says where an app serves the files: ``{prefix}/uploads``; ``install`` does this."""
    _places.url = f"{prefix}{UPLOADS_URL}"


def discard(keys: Iterable[str]) -> None:
    """Deletes files that nothing refers to any more; one that cannot be deleted is logged."""
    storage, keys = current_storage(), list(keys)
    loop = None if isinstance(storage, FolderStorage) else _running_loop()
    if loop is None:
        _delete(storage, keys)
    else:  # it may be behind a network, for which an event loop does not wait
        loop.run_in_executor(None, _delete, storage, keys)


def _delete(storage: Storage, keys: Iterable[str]) -> None:
    for key in keys:
        try:
            storage.delete(key)
        except Exception:  # whatever a storage of one's own raises: what is stored is stored
            log.warning("the file %s could not be deleted", key, exc_info=True)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


# -- what a file is -----------------------------------------------------------------------------


def is_key(text: str) -> bool:
    """Whether a text can be the key of a file."""
    return re.match(KEY_PATTERN, text) is not None and not text.endswith("\n")


def safe_suffix(filename: str) -> str:
    """Returns the extension of a visitor's file name when it is one of `SUFFIXES`, else nothing."""
    suffix = filename.rpartition(".")[2].lower() if "." in filename else ""
    return suffix if suffix in SUFFIXES else ""


def image_suffix(content: BinaryIO) -> str | None:
    """Returns what picture a content is, by its first bytes: ``png jpg gif webp``, or None.

    Reads from the beginning, and goes back there.
    """
    content.seek(0)
    head = content.read(12)
    content.seek(0)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    return "webp" if head[:4] == b"RIFF" and head[8:] == b"WEBP" else None


def fits_suffix(content: BinaryIO, suffix: str) -> bool:
    """Whether a content begins as files of an extension do, as far as that is known.

    Reads from the beginning, and goes back there.

    Args:
        content: The content.
        suffix: The extension, without a dot.
    """
    content.seek(0)
    head = content.read(1024)
    content.seek(0)
    if suffix in {"m4a", "mp4"}:
        return head[4:8] == b"ftyp"
    if suffix == "pdf":  # readers look for it in the first kilobyte
        return b"%PDF-" in head
    return head.startswith(_BEGINNINGS.get(suffix, (b"",)))


def save_bytes(content: bytes, suffix: str = "") -> str:
    """Keeps some bytes in the storage of this process and returns their key."""
    return current_storage().save(BytesIO(content), suffix)
