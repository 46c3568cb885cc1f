"""Who calls a command: the context that it runs in, and the rules that say who may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

Allow = Callable[..., "bool | Awaitable[bool]"]
"""Who may: a function, sync or async, that gets what it names of ``ctx user request signals`` and of
the fields of the input; for an action of an entity also ``entity``."""


@dataclass(frozen=True, slots=True)
class Context:
    """Who calls a command, and from where.

    Attributes:
        user: From the host framework's own authentication; None when nobody is signed in.
        tab: The verified id of the browser tab, or None.
        request: The request, neutral or native.
        signals: The page's signals: input from outside, not checked.
    """

    user: Any = None
    tab: str | None = None
    request: Any = None
    signals: Mapping[str, Any] = field(default_factory=dict[str, Any])


current: ContextVar[Context | None] = ContextVar("nitro_command_context", default=None)


def current_context() -> Context | None:
    """Returns the context of the command that this task or thread runs, or None outside one."""
    return current.get()


def anyone() -> bool:
    """Lets everybody in: for ``allow=anyone``."""
    return True


def signed_in(user: Any) -> bool:  # noqa: ANN401 # the host framework's user
    """Lets in whom the host framework knows; Django's ``AnonymousUser`` is nobody."""
    return user is not None and bool(getattr(user, "is_authenticated", True))
