"""What joins the modules without making them depend on one another. Standard library only.

Three things live here, each held in a `contextvars.ContextVar`, so each task and thread has its own:

- the **unit of work**: callbacks that wait for the commit of the current transaction;
- **changes**: entities announce them, the event bus and live views listen;
- the **outlet**: where a patch that a handler yields goes.

And one registry: how an adapter's native request becomes Nitro's neutral one.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

log = logging.getLogger(__name__)

# -- unit of work -------------------------------------------------------------------------------


Owner = tuple[int, "asyncio.Task[object] | None"]


_lent = threading.local()


def current_owner() -> Owner:
    """Returns who runs this line: the thread, and the task if there is one."""
    lent: Owner | None = getattr(_lent, "owner", None)
    if lent is not None:
        return lent
    try:
        return threading.get_ident(), asyncio.current_task()
    except RuntimeError:
        return threading.get_ident(), None


@contextmanager
def acting_as(owner: Owner) -> Generator[None]:
    """Lets this thread work for a task that waits for it: what the task owns is found here."""
    before: Owner | None = getattr(_lent, "owner", None)
    _lent.owner = owner
    try:
        yield
    finally:
        _lent.owner = before


@dataclass(slots=True)
class UnitOfWork:
    """What waits for one transaction to end. It belongs to the task or thread that makes it."""

    callbacks: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])
    owner: Owner = field(default_factory=current_owner)

    def is_mine(self) -> bool:
        """Whether this line belongs to the transaction: its own task, or its thread without one.

        A transaction of plain synchronous code holds its thread, so a loop that runs there inside
        it is a part of it.
        """
        thread, task = self.owner
        now, running = current_owner()
        return thread == now and (task is None or task is running)

    def mark(self) -> int:
        """Returns a savepoint to go back to with `rewind`."""
        return len(self.callbacks)

    def rewind(self, mark: int) -> None:
        """Forgets what was added since the mark: that part was rolled back."""
        del self.callbacks[mark:]

    def run(self) -> None:
        """Runs the callbacks in order, each once, after the commit.

        One that raises stops none of the others.

        Raises:
            ExceptionGroup: One or more of them raised.
        """
        callbacks, self.callbacks = self.callbacks, []
        errors: list[Exception] = []
        for callback in callbacks:
            try:
                callback()
            except Exception as error:  # collected and raised below
                errors.append(error)
        if errors:
            raise ExceptionGroup("what ran after the commit failed", errors)


_unit: ContextVar[UnitOfWork | None] = ContextVar("nitro_unit_of_work", default=None)


def current_unit() -> UnitOfWork | None:
    """Returns the unit of work of this task or thread, or None outside a transaction.

    A task or thread that was started inside a transaction inherits the context, not the unit.
    """
    unit = _unit.get()
    return unit if unit is not None and unit.is_mine() else None


def set_unit(unit: UnitOfWork | None) -> None:
    """Sets the unit of work of this task or thread; a transaction does this at both its ends."""
    _unit.set(unit)


def after_commit(callback: Callable[[], object]) -> None:
    """Runs the callback after the current transaction's commit, or now when there is none.

    A rollback forgets it.
    """
    unit = current_unit()
    if unit is None:
        callback()
    else:
        unit.callbacks.append(callback)


# -- changes ------------------------------------------------------------------------------------

Kind = Literal["created", "updated", "deleted"]


@dataclass(frozen=True, slots=True)
class Change:
    """A committed change of an entity.

    Attributes:
        kind: What happened.
        topic: The table of the entity, ``product``.
        entity: The entity, as it was saved; None for a change of many rows at once.
    """

    kind: Kind
    topic: str
    entity: Any = None


_listeners: list[Callable[[Change], object]] = []


def on_change(listener: Callable[[Change], object]) -> None:
    """Calls the listener with every committed change of this process, in the thread that saved.

    A listener is held for the life of the process; adding it twice adds it once.
    """
    if listener not in _listeners:
        _listeners.append(listener)


def announce(change: Change) -> None:
    """Tells the listeners of a change, after the commit."""
    if _listeners:
        after_commit(lambda: _tell(change))


def has_listeners() -> bool:
    """Whether anybody listens; lets the fast path skip making a `Change`."""
    return bool(_listeners)


def _tell(change: Change) -> None:
    for listener in tuple(_listeners):
        listener(change)


# -- outlet -------------------------------------------------------------------------------------


class Patch(Protocol):
    """Something a handler yields that reaches a browser: it encodes itself as an SSE event."""

    def encode(self) -> bytes:
        """Returns one whole server-sent event, with its final empty line."""
        ...


Outlet = Callable[[Patch], object]
"""Takes the patches of one running command."""

Router = Callable[[str, Patch], object]
"""Takes a patch for the open streams of a tab or user id."""


class _Opening:
    """An outlet for as long as its block runs; tasks that outlive the block inherit it closed."""

    __slots__ = ("take",)

    def __init__(self, take: Outlet) -> None:
        self.take: Outlet | None = take


_outlet: ContextVar[_Opening | None] = ContextVar("nitro_outlet", default=None)
_routers: list[Router] = []


class outlet:  # used like a function
    """Sends what handlers yield inside the block to ``take``: the response of a command.

    What a task or thread that was started inside yields after the block goes where it goes outside.
    """

    __slots__ = ("_opening", "_token")

    def __init__(self, take: Outlet) -> None:
        self._opening = _Opening(take)

    def __enter__(self) -> None:
        self._token = _outlet.set(self._opening)

    def __exit__(self, *_: object) -> None:
        self._opening.take = None
        _outlet.reset(self._token)


def on_delivery(router: Router) -> None:
    """Registers where patches go that are yielded outside a command: the hub of open streams."""
    if router not in _routers:
        _routers.append(router)


def deliver(sender: object, patch: Patch) -> None:
    """Sends a patch that a handler yielded on its way.

    To the response of the current command; outside one, to the open streams whose tab or user id
    equals ``str(sender)``; else nowhere.
    """
    opening = _outlet.get()
    take = opening.take if opening is not None else None
    if take is not None:
        take(patch)
        return
    if sender is None or hasattr(sender, "__entity__") or not _routers:
        log.debug(
            "a patch was yielded with nobody to receive it (sender %s)", type(sender).__name__
        )
        return
    for router in tuple(_routers):
        router(str(sender), patch)


# -- requests -----------------------------------------------------------------------------------

_request_makers: dict[type[Any], Callable[[Any], Any]] = {}


def register_request(native: type[Any], make: Callable[[Any], Any]) -> None:
    """Tells how a framework's native request becomes a `nitro_runtime.web.Request`."""
    _request_makers[native] = make


def neutral_request(request: Any) -> Any:  # noqa: ANN401 # any framework's request
    """Returns the neutral request for a framework's native one; a neutral one comes back as it is.

    Raises:
        TypeError: No installed adapter knows this type of request.
    """
    behind = getattr(request, "_get_current_object", None)  # of a proxy, as some frameworks have
    request = behind() if behind else request
    for kind in type(request).__mro__:
        make = _request_makers.get(kind)
        if make is not None:
            return make(request)
    raise TypeError(
        f"No Nitro adapter is installed for a request of type {type(request).__name__}."
    )
