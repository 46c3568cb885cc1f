"""Fields of a form that hold files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from mimetypes import guess_extension
from typing import BinaryIO, ClassVar, Protocol

from typing_extensions import override

from nitro_runtime.html import A, Fragment, Html, Img, Input, Label, P
from nitro_runtime.storage import (
    IMAGE_TYPES,
    current_storage,
    fits_suffix,
    image_suffix,
    safe_suffix,
)
from nitro_runtime.views.choices import Choices
from nitro_runtime.views.field import Attributes, Complaint, FormField
from nitro_runtime.views.words import say

MEGABYTE = 1_000_000

_KINDS = {kind: "JPEG" if suffix == "jpg" else suffix for suffix, kind in IMAGE_TYPES.items()}


class UploadedFile(Protocol):
    """A file of a posted form, as the web layer gives it."""

    @property
    def filename(self) -> str:
        """What the visitor's machine calls it; for showing, not for trusting."""
        ...

    @property
    def content_type(self) -> str:
        """What the visitor's machine takes it for; for showing, not for trusting."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def file(self) -> BinaryIO:
        """The content, open for reading."""
        ...


class Files(Protocol):
    """The files of a posted form by field."""

    def getlist(self, name: str, /) -> Sequence[UploadedFile]:
        """Returns every file posted under the name."""
        ...


@dataclass(frozen=True, kw_only=True)
class FileField(FormField):
    """A file that is uploaded, kept in the storage, and deleted when nothing refers to it any more.

    Attributes:
        max_megabytes: The greatest file, in millions of bytes.
        accept: What may be chosen, as in HTML: ``(".pdf", "image/*", "text/csv")``; everything when
            empty. A content that can be told by how it begins (PDF, ZIP and what is made of it,
            pictures, sounds) must begin so. For the rest there is only what the visitor's machine
            says, which can be a lie: every file that is no picture is only ever a download.
    """

    max_megabytes: float = 10
    accept: tuple[str, ...] = ()

    part: ClassVar[str] = "file"
    is_checked: ClassVar[bool] = False
    slot: ClassVar[bool] = False

    @property
    def max_bytes(self) -> int:
        """The greatest file, in bytes."""
        return int(self.max_megabytes * MEGABYTE)

    def check(self, upload: UploadedFile) -> None:
        """Refuses a file that is too great, empty, or of another kind.

        Raises:
            Complaint: It is.
        """
        if upload.size > self.max_bytes:
            raise Complaint(say("file_too_great", limit=f"{self.max_megabytes:g}"))
        if not upload.size:
            raise Complaint(say("file_empty"))
        wanted = [each for each in self.accept if _fits(upload, each)]
        if self.accept and not wanted:
            raise Complaint(say("file_kind", kinds=", ".join(self.accept)))
        if wanted and not any(_begins_so(upload, each) for each in wanted):
            raise Complaint(say("file_content"))

    @override
    def hint(self, choices: Choices) -> str:
        del choices
        limit = f"{self.max_megabytes:g}"
        kinds = ", ".join(
            dict.fromkeys(_KINDS.get(each, each).lstrip(".").upper() for each in self.accept)
        )
        if not kinds or "/" in kinds:  # a media type is no word for people
            return say("file_limit", limit=limit)
        return say("file_kinds_limit", kinds=kinds, limit=limit)

    def suffix(self, upload: UploadedFile) -> str:
        """Returns the extension that a file is kept under; empty when its own is not safe."""
        return safe_suffix(upload.filename)

    @override
    def control(self, attributes: Attributes, shown: str, choices: Choices) -> Html:
        del choices
        given = dict(attributes)
        given["required"] = bool(self.required) and not shown
        chooser = Input(given, type="file", accept=",".join(self.accept) or None)
        if not shown:
            return chooser
        return Fragment(P(self.current(shown)), chooser, None if self.required else self._remove())

    def current(self, shown: str) -> Html:
        """Returns what shows the file that is there already."""
        return A(say("current_file"), href=current_storage().url(shown))

    def _remove(self) -> Html:
        box = Input(type="checkbox", name=remove_name(self.name), value="on", cls="checkbox")
        return Label(box, " ", say("remove_file"), cls="choice")


def _fits(upload: UploadedFile, wanted: str) -> bool:
    if wanted.startswith("."):
        return upload.filename.lower().endswith(wanted.lower())
    kind, _, rest = wanted.partition("/")
    return upload.content_type == wanted or (
        rest == "*" and upload.content_type.startswith(f"{kind}/")
    )


def _begins_so(upload: UploadedFile, wanted: str) -> bool:
    """Whether the content begins as its own name and the kind that was asked for say."""
    asked = wanted if wanted.startswith(".") else guess_extension(wanted) or ""
    suffixes = {asked.removeprefix(".").lower(), safe_suffix(upload.filename)}
    return all(fits_suffix(upload.file, suffix) for suffix in suffixes)


def remove_name(name: str) -> str:
    """Returns the name of the box that takes a file away; no field can be called so."""
    return f"{name}-remove"


@dataclass(frozen=True, kw_only=True)
class ImageField(FileField):
    """A picture: PNG, JPEG, GIF or WebP, told by its content and not by its name."""

    max_megabytes: float = 5
    accept: tuple[str, ...] = tuple(sorted(IMAGE_TYPES.values()))

    @override
    def check(self, upload: UploadedFile) -> None:
        if upload.size > self.max_bytes:
            raise Complaint(say("file_too_great", limit=f"{self.max_megabytes:g}"))
        suffix = image_suffix(upload.file)
        if suffix is None or not (not self.accept or self._accepts(IMAGE_TYPES[suffix], suffix)):
            raise Complaint(say("image_kind"))

    def _accepts(self, content_type: str, suffix: str) -> bool:
        return bool({content_type, f".{suffix}", "image/*"} & set(self.accept))

    @override
    def suffix(self, upload: UploadedFile) -> str:
        return image_suffix(upload.file) or ""

    @override
    def current(self, shown: str) -> Html:
        return Img(src=current_storage().url(shown), alt=say("current_image"), cls="thumb")
