"""What joins the modules without making them depend on one another. Standard library only.

Three things live here, each held in a `contextvars.ContextVar`, so each task and thread has its own:

- the **unit of work**: callbacks that wait for the commit of the current transaction;
- **changes**: entities announce them, the event bus and live views listen;
- the **outlet**: where a patch that a handler yields goes.

And **jobs**: the event bus hands over what a durable handler has to do, the outbox takes it. And one
registry: how an adapter's native request becomes Nitro's neutral one, which request is being
answered, and what its visitor's browser keeps. And one name: what stands for a nonce in markup, which
views write and patches leave out.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import weakref
from collections.abc import Awaitable, Callable, Generator, Mapping
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
    """What waits for one transaction to end. It belongs to the task or thread that makes it.

    Attributes:
        callbacks: What runs after the commit.
        undo: What runs, the newest first, when it is rolled back.
        owner: Who may add to it.
    """

    callbacks: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])
    undo: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])
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


def on_rollback(callback: Callable[[], object]) -> None:
    """Runs the callback when the current transaction, or the savepoint it is in, is rolled back.

    A commit forgets it; outside a transaction there is nothing to roll back. It must not raise.
    """
    unit = current_unit()
    if unit is not None:
        unit.undo.append(callback)


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


Keeper = tuple[Callable[[str], bool], Callable[[Change], object]]
"""Whether the changes of a topic are to be kept, and what keeps one."""

_keepers: list[Keeper] = []


def keep_changes(wanted: Callable[[str], bool], keep: Callable[[Change], object]) -> None:
    """Has changes kept in the very transaction that makes them: for jobs that must not be lost.

    Args:
        wanted: Says of a topic, ``"product"``, whether its changes are to be kept; it is asked at
            every write, so it should be fast.
        keep: Is given each of them before its commit; what it raises undoes the change.
    """
    if (wanted, keep) not in _keepers:
        _keepers.append((wanted, keep))


def is_kept(topic: str) -> bool:
    """Whether changes of this topic need a transaction, as something is to be kept with them."""
    return bool(_keepers) and any([wanted(topic) for wanted, _ in _keepers])


def announce(change: Change) -> None:
    """Has a change kept by those who want it now, and tells the listeners after the commit."""
    for wanted, keep in _keepers:
        if wanted(change.topic):
            keep(change)
    if _listeners:
        after_commit(lambda: _tell(change))


def has_listeners() -> bool:
    """Whether anybody listens; lets the fast path skip making a `Change`."""
    return bool(_listeners or _keepers)


def _tell(change: Change) -> None:
    for listener in tuple(_listeners):
        listener(change)


_remote_listeners: list[Callable[[Change], object]] = []


def on_remote_change(listener: Callable[[Change], object]) -> None:
    """Calls the listener with every change that another process committed, in a thread of its own.

    Such a change has no entity: only its table and what happened are known. The events of an entity
    are emitted where it was saved, once, so this is for what shows the present state, as views do. A
    listener is held for the life of the process, must not wait, and is added once.
    """
    if listener not in _remote_listeners:
        _remote_listeners.append(listener)


def announce_remote(change: Change) -> None:
    """Tells the listeners of a change in another process; a broker does this."""
    for listener in tuple(_remote_listeners):
        listener(change)


# -- jobs ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Job:
    """What one durable handler has to do for one event.

    Attributes:
        handler: The key of its registration, ``module:qualname``.
        event: The name of the event.
        sender: The sender of the event, as it was emitted.
        data: The data of the event, by keyword.
    """

    handler: str
    event: str
    sender: Any
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Taker:
    """Who takes jobs and keeps them until they are done.

    Attributes:
        take: Keeps a job, in the transaction of this task or thread when there is one.
        atake: The same for coroutines, without stalling the event loop.
    """

    take: Callable[[Job], object]
    atake: Callable[[Job], Awaitable[object]]


_takers: list[Taker] = []


def on_enqueue(taker: Taker) -> None:
    """Sets who takes the jobs of durable handlers, in place of the one before."""
    _takers[:] = [taker]


def takes_jobs() -> bool:
    """Whether somebody takes the jobs of durable handlers."""
    return bool(_takers)


def enqueue(job: Job) -> None:
    """Hands a job over: it is kept with the current transaction, or at once when there is none.

    Raises:
        RuntimeError: Nobody takes jobs: `nitro_runtime.durable` was not imported.
        Exception: The job cannot be kept; the caller's transaction should fail with it.
    """
    _taker().take(job)


async def aenqueue(job: Job) -> None:
    """As `enqueue`, without stalling the event loop."""
    await _taker().atake(job)


def _taker() -> Taker:
    if not _takers:
        raise RuntimeError(
            "Nobody takes the jobs of durable handlers: import nitro_runtime.durable."
        )
    return _takers[-1]


# -- outlet -------------------------------------------------------------------------------------


class Patch(Protocol):
    """Something a handler yields that reaches a browser: it encodes itself as an SSE event.

    A view reaches it too; whoever takes it makes a patch of its markup.
    """

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
_request_finders: dict[type[Any], Callable[[], Any]] = {}
# Weak: what a thread or a connection leaves behind must not lead to a request that was answered.
_remembered: ContextVar[weakref.ref[Any] | None] = ContextVar("nitro_remembered", default=None)


def register_request(
    native: type[Any],
    make: Callable[[Any], Any],
    current: Callable[[], Any] | None = None,
) -> None:
    """Tells how a framework's native request becomes a `nitro_runtime.web.Request`.

    Args:
        native: The class of the native request.
        make: Makes the neutral one.
        current: Returns the native request that is being answered here, or something false; for
            frameworks that know it.
    """
    _request_makers[native] = make
    if current is not None:
        _request_finders[native] = current


_beginnings: list[Callable[[], object]] = []


def when_serving(begin: Callable[[], object]) -> None:
    """Calls something once, when this process answers its first request: it is a server then.

    A process that only imports an application, such as a migration or a test, never gets there.
    """
    _beginnings.append(begin)


def begin_serving() -> None:
    """Says that this process answers a request; from the second one on that does nothing."""
    if not _beginnings:
        return
    begun = _beginnings[:]
    del _beginnings[: len(begun)]
    for begin in begun:
        begin()


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


def remember_request(request: Any) -> None:  # noqa: ANN401 # a neutral request
    """Says that what this task or thread does next belongs to this neutral request."""
    _remembered.set(weakref.ref(request))


def current_request() -> Any:  # noqa: ANN401 # a neutral request
    """Returns the neutral request that is being answered here; None where none is known.

    A framework that knows its current request is asked; else it is the one that was remembered.
    """
    for find in _request_finders.values():
        native = find()
        if native:
            return neutral_request(native)
    remembered = _remembered.get()
    return None if remembered is None else remembered()


# -- the nonce ----------------------------------------------------------------------------------

NONCE = f"nonce-{os.urandom(16).hex()}"
"""Stands for the nonce of a page's policy in markup; no visitor ever sees it, so none can write it."""


def without_nonce(markup: str) -> str:
    """Returns markup without the attributes that wait for a nonce."""
    if NONCE not in markup:
        return markup
    return markup.replace(f' data-nonce="{NONCE}"', "").replace(f' nonce="{NONCE}"', "")


# -- what a visitor's browser keeps -------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Visit:
    """What one request brought of what its visitor's browser keeps; it ends with the request.

    Attributes:
        owner: Whose it is: the signed-in user, or the visitor nobody knows; the same after a restart.
        kept: The text that came; empty when the browser keeps nothing. It is input from outside.
        send: Takes the text that the browser is to keep from now on.
        opened: What a backend has made of the text; the backend's alone.
        lock: Held while it is opened.
    """

    owner: str
    kept: str
    send: Callable[[str], object]
    opened: Any = None
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)


_visit: ContextVar[Visit | None] = ContextVar("nitro_visit", default=None)
_visit_finders: list[Callable[[], Visit | None]] = []


def on_visit(find: Callable[[], Visit | None]) -> None:
    """Registers what finds the visit of the request that is being answered here."""
    if find not in _visit_finders:
        _visit_finders.append(find)


@contextmanager
def visiting(visit: Visit) -> Generator[None]:
    """Makes a visit the current one inside the block; for tests, and for a web layer of one's own."""
    token = _visit.set(visit)
    try:
        yield
    finally:
        _visit.reset(token)


def current_visit() -> Visit | None:
    """Returns the visit of the request that is being answered here, or None."""
    visit = _visit.get()
    if visit is not None:
        return visit
    for find in _visit_finders:
        visit = find()
        if visit is not None:
            return visit
    return None
