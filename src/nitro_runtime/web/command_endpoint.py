"""The endpoint for commands and queries: one address, ``/cmds/{command}/{sender}``."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from nitro_runtime import context
from nitro_runtime.addresses import local
from nitro_runtime.errors import ConfigurationError, NitroError, Refused
from nitro_runtime.events import CommandSpec, Context, find_command, run_command
from nitro_runtime.sse import emit_elements
from nitro_runtime.views import Notice
from nitro_runtime.views.words import speaking
from nitro_runtime.web import browser_storage, gate, idempotency, session
from nitro_runtime.web.patching import is_patchable, patches_of
from nitro_runtime.web.replies import STREAM_HEADERS, patches, redirect, respond
from nitro_runtime.web.request import BODY_LIMIT, Reply, Request
from nitro_runtime.web.signals import Signals

log = logging.getLogger(__name__)


async def commands(request: Request) -> Reply:
    """Runs a command or a query: ``POST`` for both, ``GET`` for queries only."""
    try:
        tab, spec = _called(request)
    except Refused:
        await request.discard()
        raise
    signals, data = await _input(request, spec)
    ctx = Context(user=await request.load_user(), tab=tab, request=request, signals=signals)
    browser_storage.hold(request)
    with speaking(request.words):
        key = idempotency.key_of(request) if spec.kind == "command" else None
        if key is None:
            return await _answer(request, spec, data, ctx)
        return await idempotency.once(
            request, spec.name, data, key, lambda: _answer(request, spec, data, ctx)
        )


async def _answer(request: Request, spec: CommandSpec, data: dict[str, Any], ctx: Context) -> Reply:
    if not request.is_datastar:
        return _plain(request, await _Run(spec, data, ctx).result())
    if spec.needs_no_loop:
        return await _in_one_go(spec, data, ctx)
    return await _Streamed(spec, data, ctx).reply()


def _called(request: Request) -> tuple[str, CommandSpec]:
    """Returns the tab that calls, and the command, when it may be called from there."""
    gate.check_sender(request)
    gate.check_rate(request)
    tab = session.check_tab(request, request.params["sender"])
    gate.commands.spend(session.session_id(request))
    spec = find_command(gate.check_command_name(request.params["command"]))
    if spec is None:
        raise Refused(404, "There is no such command.")
    if spec.kind == "command":
        gate.check_method(request, "POST")
    return tab, spec


def needs_no_loop(request: Request) -> bool:
    """Whether a call by Datastar runs in one go, in the thread that asks; an upload may come slowly."""
    if not request.is_datastar or request.is_form or request.has_async_user:
        return False
    if request.announced_bytes > BODY_LIMIT:  # it is read away first, piece by piece
        return False
    if idempotency.HEADER in request.headers:  # a repeat may have to wait
        return False
    spec = find_command(request.params["command"])
    return spec is not None and spec.needs_no_loop


async def _input(request: Request, spec: CommandSpec) -> tuple[Signals, dict[str, Any]]:
    """Reads what came with a command: signals, or the fields of a plain form.

    Datastar sends all signals of a page; a command is given those that it names. What a form sends
    was written for this command, and stays whole.
    """
    if request.is_form and not request.is_safe:
        form = await request.form()
        return Signals(), {
            name: values if len(values := form.getlist(name)) > 1 else values[0] for name in form
        }
    if not request.is_datastar:
        if not request.is_safe:
            raise Refused(415, "Send a command as JSON signals or as a form.")
        return Signals(), dict(request.query)
    signals = await request.signals()
    return signals, signals.pick(spec.input.accepted)


def _plain(request: Request, result: Any) -> Reply:  # noqa: ANN401 # what the command returned
    """Answers a form post without JavaScript: the view that came back, or the page it came from."""
    if hasattr(result, "__html__"):
        return respond(request, result)
    return redirect(request, _referer(request))


def _referer(request: Request) -> str:
    """The path of the page that the browser was on; the front page when it is not told."""
    home = f"{request.base}/"
    try:
        parts = urlsplit(request.headers.get("referer", ""))
        if parts.netloc != request.host:
            return home
        path = "/" + parts.path.lstrip("/\\")
        return local(f"{path}?{parts.query}" if parts.query else path)
    except (ValueError, ConfigurationError):  # no browser sends such an address
        return home


class _Run:
    """One running command, and the patches that it yields on its way to the browser."""

    def __init__(self, spec: CommandSpec, data: dict[str, Any], ctx: Context) -> None:
        self.events: list[bytes] = []
        self._spec = spec
        self._data = data
        self._ctx = ctx

    def take(self, patch: context.Patch) -> None:
        """Takes a patch or a view that the command yielded."""
        self.events.extend(patches_of(patch, self._ctx.request.csrf))

    async def result(self) -> Any:  # noqa: ANN401 # what the command returns
        """Runs the command to its end."""
        with context.outlet(self.take):
            result = await run_command(self._spec.name, self._data, self._ctx)
        # what code is given as well may be anything; of a function that is a mistake, and is told
        return None if self._spec.is_for_code and not is_patchable(result) else result


async def _in_one_go(spec: CommandSpec, data: dict[str, Any], ctx: Context) -> Reply:
    """Answers with all that a command yields and returns, which lets nothing else run meanwhile."""
    run = _Run(spec, data, ctx)
    result = await run.result()
    events = [
        *run.events,
        *patches_of(result, ctx.request.csrf),
        *browser_storage.release(ctx.request),
    ]
    if not events:
        return patches(ctx.request, [])
    return Reply(200, list(STREAM_HEADERS), b"".join(events))


class _Streamed(_Run):
    """A command that may wait for something: each patch goes out when it is yielded."""

    def __init__(self, spec: CommandSpec, data: dict[str, Any], ctx: Context) -> None:
        super().__init__(spec, data, ctx)
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()

    def take(self, patch: context.Patch) -> None:
        """Takes a patch that the command yielded, from any thread."""
        here = threading.get_ident() == self._thread
        for event in patches_of(patch, self._ctx.request.csrf):
            if here:
                self._queue.put_nowait(event)
            else:
                self._loop.call_soon_threadsafe(self._queue.put_nowait, event)

    async def _work(self) -> None:
        try:
            result = await self.result()
            last = browser_storage.release(self._ctx.request)
            for event in (*patches_of(result, self._ctx.request.csrf), *last):
                self._queue.put_nowait(event)
        finally:
            self._queue.put_nowait(None)

    async def reply(self) -> Reply:
        """Answers once it is known that the command runs: at its first patch, or at its end.

        Raises:
            Refused: The command refused before it yielded anything.
        """
        task = asyncio.create_task(self._work())
        try:
            first = await self._queue.get()
        except asyncio.CancelledError:
            task.cancel()
            raise
        if first is None:
            await task
            return patches(self._ctx.request, [])
        return Reply(200, list(STREAM_HEADERS), self._rest(first, task))

    async def _rest(self, first: bytes, task: asyncio.Task[None]) -> AsyncIterator[bytes]:
        event: bytes | None = first
        while event is not None:
            yield event
            event = await self._queue.get()
        # Too late for a status. An error that broke the reply off would have Datastar take it for
        # a lost connection and send the command again, up to ten times.
        try:
            await task
        except Exception as error:
            self._ctx.request.kept[idempotency.FAILED] = True
            log.exception("command %s failed after its first patch", self._spec.name)
            if isinstance(error, NitroError) and error.status != 500:
                yield emit_elements(Notice(error.told, kind="error")).encode()
