"""What a generated project's tests call: the client that its ``conftest.py`` makes.

Each framework has a test client of its own kind; tests name only this part, which all of them share, so
they read the same on every framework.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from io import BytesIO
from typing import Any, Protocol

Files = Mapping[str, tuple[str, bytes, str]]
"""Uploads by the name of the field: file name, content, content type."""


class Response(Protocol):
    """An answer of the app."""

    @property
    def status_code(self) -> int:
        """The status, 303 for a redirect: none is followed."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; the case of a name does not matter."""
        ...

    @property
    def text(self) -> str:
        """The body."""
        ...


class Client(Protocol):
    """A visitor on a page of the app itself, who keeps its cookies."""

    def get(self, url: str) -> Response:
        """Asks for a page."""
        ...

    def post(
        self,
        url: str,
        *,
        data: Mapping[str, str] | None = None,
        files: Files | None = None,
    ) -> Response:
        """Sends a form.

        Args:
            url: A path of the app.
            data: What the visitor typed, by the name of the field.
            files: What the visitor chose to upload.
        """
        ...


class _File(BytesIO):
    """An upload as test clients take one that read it from a file."""

    def __init__(self, name: str, content: bytes, content_type: str) -> None:
        super().__init__(content)
        self.name = name
        self.content_type = content_type


def form_data(options: MutableMapping[str, Any]) -> dict[str, Any]:
    """Takes ``data`` and ``files`` out of a call's options, for a client that wants all in one.

    Returns:
        The fields and, under their own names, the uploads as open files.
    """
    data: Mapping[str, str] = options.pop("data", None) or {}
    files: Files = options.pop("files", None) or {}
    return {**data, **{field: _File(*upload) for field, upload in files.items()}}
