"""An authentication backend for tests of adapters."""

from __future__ import annotations

from starlette.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    BaseUser,
    SimpleUser,
    UnauthenticatedUser,
)
from starlette.requests import HTTPConnection


class ByHeader(AuthenticationBackend):
    """Signs in whom the header ``x-user`` names; ``-`` is a user who is not signed in."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
        """Returns whom the header names, None without one."""
        name = conn.headers.get("x-user")
        if name is None:
            return None
        return AuthCredentials(), UnauthenticatedUser() if name == "-" else SimpleUser(name)
