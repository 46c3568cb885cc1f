"""The files of a form while it is saved: kept first, and discarded when nothing comes to refer to them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from nitro_runtime.context import on_rollback
from nitro_runtime.storage import current_storage, discard
from nitro_runtime.views.field import Complaint
from nitro_runtime.views.upload_fields import FileField, UploadedFile
from nitro_runtime.views.words import say

log = logging.getLogger(__name__)


class KeptFiles:
    """What one save has put into the storage. It belongs to one task.

    Attributes:
        keys: The key of each file by the name of its field.
    """

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}

    async def keep(self, fields: Mapping[str, FileField], values: Mapping[str, Any]) -> None:
        """Puts the uploaded files among the values into the storage, one after the other.

        Raises:
            FileNotKept: The storage could not; what was kept before stays to be discarded.
        """
        for name, each in fields.items():
            upload: UploadedFile | str | None = values.get(name)
            if upload is None or isinstance(upload, str):
                continue
            try:
                self.keys[name] = await _keep(upload, each.suffix(upload))
            except OSError as error:
                log.exception("the file of the field %s could not be kept", name)
                raise FileNotKept(name) from error

    def discard(self) -> None:
        """Deletes them: nothing refers to them."""
        keys, self.keys = self.keys, {}
        discard(keys.values())

    def hand_over(self) -> None:
        """Leaves them to what refers to them now, unless the transaction around it is undone."""
        if self.keys:
            on_rollback(partial(discard, tuple(self.keys.values())))


class FileNotKept(Complaint):
    """A file could not be kept.

    Attributes:
        name: The name of its field.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(say("file_not_kept"))


async def _keep(upload: UploadedFile, suffix: str) -> str:
    upload.file.seek(0)
    keeping = asyncio.ensure_future(asyncio.to_thread(current_storage().save, upload.file, suffix))
    try:
        return await asyncio.shield(keeping)
    except asyncio.CancelledError:
        keeping.add_done_callback(_discard_late)  # the thread goes on, and nobody waits for it
        raise


def _discard_late(keeping: asyncio.Future[str]) -> None:
    if not keeping.cancelled() and keeping.exception() is None:
        discard([keeping.result()])
