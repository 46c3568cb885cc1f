"""Templates that were compiled before: compiling them takes longer than all else that a generator does.

They are kept in the user's cache by name and file, each with the hash of its source (Jinja's own
format). A cache that cannot be read or written costs time and nothing else.
"""

from __future__ import annotations

import logging
import os
import pickle
import tempfile
from pathlib import Path

from jinja2.bccache import Bucket, BytecodeCache

from nitro_cli.caching import cache_dir

log = logging.getLogger(__name__)


class CompiledTemplates(BytecodeCache):
    """Compiled templates in the user's cache; safe when several commands run at once.

    Args:
        dialect: Names whatever else decides about the code that is made of a source.
        own: The project's own templates, of which nothing is kept: they change, and may be anybody's.
    """

    def __init__(self, dialect: str, own: Path | None) -> None:
        self._own = own
        try:
            self._folder: Path | None = cache_dir() / "templates" / dialect
        except RuntimeError:  # a user without a home
            self._folder = None

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """Returns the name of the file in the cache; empty for a template that is not kept."""
        is_own = filename is None or (self._own and Path(filename).is_relative_to(self._own))
        return "" if is_own else super().get_cache_key(name, filename)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fills the bucket when its template was compiled before, from the same source."""
        if self._folder is None or not bucket.key:
            return
        try:
            with (self._folder / bucket.key).open("rb") as file:
                bucket.load_bytecode(file)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):  # absent, or broken off
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps what was compiled."""
        if self._folder is None or not bucket.key:
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _replace(self._folder / bucket.key, bucket.bytecode_to_string())
        except OSError as problem:
            log.debug("compiled templates cannot be kept: %s", problem)


def _replace(path: Path, content: bytes) -> None:
    """Writes a file so that another command sees all of it or nothing."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
