"""The part of the conformance suite's app that does something step by step, and has a long page."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Generator, Iterator
from typing import Any

from nitro_runtime.events import anyone, command
from nitro_runtime.html import Li as Line
from nitro_runtime.html import P, Ul
from nitro_runtime.views import Alert, Badge, Dialog, Menu, MenuLink, Notice, Page, Progress, Tabs
from nitro_runtime.web import Reply, Request, Route, respond
from nitro_runtime.web.gate import check

_released = threading.Event()
_SECONDS = 5.0
"""How long a step waits to be released, at most."""


def _steps(name: str) -> Generator[Any]:
    _released.clear()
    progress = Progress(name, max=2)
    yield progress.at(1, "1 of 2")
    _released.wait(_SECONDS)
    yield progress.at(2, "2 of 2")
    yield Notice("Worked")


async def _steps_async(name: str) -> AsyncGenerator[Any]:
    _released.clear()
    progress = Progress(name, max=2)
    yield progress.at(1, "1 of 2")
    end = time.monotonic() + _SECONDS
    while not _released.is_set() and time.monotonic() < end:
        await asyncio.sleep(0.005)
    yield progress.at(2, "2 of 2")
    yield Notice("Worked")


async def work(request: Request) -> Reply:
    """Works step by step, in a plain generator or an async one."""
    check(request)
    kind = request.params["kind"]
    if "now" in request.query:
        return respond(request, _at_once(kind))
    return respond(request, _steps(kind) if kind == "sync" else _steps_async(kind))


def _at_once(kind: str) -> Generator[Any]:
    for number in (1, 2):
        yield Progress(kind, number, 2, text=f"{number} of 2")


async def release(request: Request) -> Reply:
    """Lets the step go on that waits."""
    del request
    _released.set()
    return Reply()


@command("suite.work", allow=anyone)
async def work_command() -> AsyncGenerator[Any]:
    """Works step by step, while the loop goes on."""
    async for step in _steps_async("async"):
        yield step


@command("suite.toil", allow=anyone)
def toil_command() -> Generator[Any]:
    """Works step by step, in a thread."""
    yield from _steps("sync")


async def long_page(request: Request) -> Reply:
    """A page that is sent while it is rendered."""

    def lines() -> Iterator[object]:
        for number in range(2_000):
            yield Line(f"line {number} <&>")

    return respond(request, Page(Ul.stream(lines), title="Long", stream=True))


async def components(request: Request) -> Reply:
    """A page with components."""
    dialog = Dialog("Inside", title="A dialog")
    parts = [
        Alert("An alert"),
        Badge("A badge"),
        dialog.button(),
        dialog,
        Tabs({"One": P("first"), "Two": [P("second")]}),
        Menu("A menu", MenuLink("A link", href="/")),
    ]
    return respond(request, Page(*parts, title="Components"), status=203)


STEP_ROUTES = [
    Route("/stepwise/{kind}", ("POST",), work, "suite_work"),
    Route("/release", ("GET",), release, "suite_release"),
    Route("/long", ("GET",), long_page, "suite_long"),
    Route("/components", ("GET",), components, "suite_components"),
]
