"""Fields of a form that hold files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Protocol

from typing_extensions import override

from nitro_runtime.html import A, Fragment, Html, Img, Input, Label, P
from nitro_runtime.storage import IMAGE_TYPES, current_storage, image_suffix, safe_suffix
from nitro_runtime.views.choices import Choices
from nitro_runtime.views.field import Attributes, Complaint, FormField
from nitro_runtime.views.words import say

MEGABYTE = 1_000_000


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
            empty. What a visitor's machine says a file is can be a lie: it is asked for the
            visitor's sake, and every file that is no picture is only ever offered as a download.
    """

    max_megabytes: float = 10
    accept: tuple[str, ...] = ()

    part: ClassVar[str] = "file"
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
        if self.accept and not any(_fits(upload, wanted) for wanted in self.accept):
            raise Complaint(say("file_kind", kinds=", ".join(self.accept)))

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
