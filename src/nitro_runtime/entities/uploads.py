"""Fields that hold uploaded files: the key of each, and what becomes of files nobody refers to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import Field

from nitro_runtime.context import after_commit
from nitro_runtime.storage import KEY_PATTERN, discard

if TYPE_CHECKING:
    from nitro_runtime.entities.mapper import Mapper

UploadKind = Literal["file", "image"]


@dataclass(frozen=True, slots=True)
class Upload:
    """Marks a text as the key of a file.

    Attributes:
        kind: ``"file"`` or ``"image"``.
        max_length: The longest key, in characters.
    """

    kind: UploadKind
    max_length: int = 80


FileKey = Annotated[str, Field(pattern=KEY_PATTERN), Upload("file")]
"""The key of an uploaded file: ``manual: FileKey | None = None``."""

ImageKey = Annotated[str, Field(pattern=KEY_PATTERN), Upload("image")]
"""The key of an uploaded picture: ``photo: ImageKey``."""


def upload_of(annotation: Any, metadata: Iterable[Any]) -> Upload | None:  # noqa: ANN401 # any annotation
    """Returns the mark of a field, wherever it stands in its annotation; None for any other."""
    found = next((item for item in metadata if isinstance(item, Upload)), None)
    if found is not None:
        return found
    parts = get_args(annotation)
    own = next((item for item in parts if isinstance(item, Upload)), None)
    return own or next((mark for part in parts if (mark := upload_of(part, ()))), None)


def release(mapper: Mapper, row: Mapping[str, Any], names: Iterable[str]) -> None:
    """Deletes the files of fields of a row that was stored, after the commit.

    A rollback keeps them. The key of a file belongs to one entity: whoever copies it into another
    deletes the file of both.
    """
    keys = [row[name] for name in names if name in mapper.uploads and row[name] is not None]
    if keys:
        after_commit(partial(discard, keys))
