"""What a generated project's tests call: the client that its ``conftest.py`` makes.

Each framework has a test client of its own kind; tests name only this part, which all of them share, so
they read the same on every framework.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


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
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> Response:
        """Sends a form.

        Args:
            url: A path of the app.
            data: What the visitor typed, by the name of the field.
            files: Uploads by the name of the field: file name, content, content type.
        """
        ...
