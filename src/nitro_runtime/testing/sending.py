"""Sends commands in tests, as a tab of a visitor's browser does."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from nitro_runtime.signing import signature
from nitro_runtime.web.session import SESSION_COOKIE

if TYPE_CHECKING:
    from nitro_runtime.testing.client import Client, Response


def send(client: Client, command: str, data: Mapping[str, object] | None = None) -> Response:
    """Sends a command with its input as a form, from a tab of a new visitor.

    Args:
        client: The fixture ``client`` of a generated project.
        command: Its name, ``product.restock``.
        data: Its input; a list is sent as several values.

    Returns:
        The answer: 303 back to the page when the command returned nothing, 422 when the input does
        not fit, 403 when the visitor may not.
    """
    session, random = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
    tab = f"{random}.{signature('tab', f'{session}|{random}')}"
    _set_cookie(client, SESSION_COOKIE, session)
    return cast("Any", client).post(f"/cmds/{command}/{tab}", data=dict(data or {}))


def _set_cookie(client: Any, name: str, value: str) -> None:  # noqa: ANN401 # each framework's own
    if hasattr(client, "set_cookie"):
        client.set_cookie(name, value)
        return
    keeper = client if hasattr(client, "cookies") else client.client
    keeper.cookies[name] = value
