"""The steps of a long deed: what a handler's generator yields, on its way to the browser.

``return reply(request, work())``, where ``work`` is a generator, plain or async, of views, patches and
signals. Datastar gets each as it comes. Without JavaScript the deed is done to its end, and the page
that follows shows the last of each view.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import aclosing
from typing import Any

from nitro_runtime.errors import NitroError
from nitro_runtime.sse import emit_elements
from nitro_runtime.views import Notice
from nitro_runtime.views.words import Words, speaking
from nitro_runtime.web.patching import patches_of
from nitro_runtime.web.request import Request
from nitro_runtime.web.streaming import in_threads

log = logging.getLogger(__name__)

Steps = Generator[Any] | AsyncGenerator[Any]
"""What a handler may answer with: views, patches, mappings of signals."""


def is_steps(view: object) -> bool:
    """Whether a handler answers with a generator."""
    return isinstance(view, Generator | AsyncGenerator)


async def step_events(request: Request, steps: Steps) -> AsyncIterator[bytes]:
    """Yields the events of each step as it comes.

    An error that says something to a visitor is told by a notice, any other is logged: the status is
    sent already, and an answer that breaks off Datastar would ask for again.
    """
    try:
        async with aclosing(_each(steps, request.words)) as each:
            async for given in each:
                with speaking(request.words):
                    events = patches_of(given, request.csrf)
                for event in events:
                    yield event
    except Exception as error:
        log.exception("what a handler yields failed")
        if isinstance(error, NitroError) and error.status != 500:
            yield emit_elements(Notice(error.told, kind="error")).encode()


async def last_views(request: Request, steps: Steps) -> list[Any]:
    """Does all steps and returns the last of each view, by its id."""
    shown: dict[object, Any] = {}
    async with aclosing(_each(steps, request.words)) as each:
        async for given in each:
            for view in given if isinstance(given, list | tuple) else [given]:  # pyright: ignore[reportUnknownVariableType]
                if hasattr(view, "__html__"):  # pyright: ignore[reportUnknownArgumentType]
                    shown[getattr(view, "dom_id", None) or str(view)] = view  # pyright: ignore[reportUnknownArgumentType]
    return list(shown.values())


async def _each(steps: Steps, words: Words | None) -> AsyncGenerator[Any]:
    """Yields the steps: those of a plain generator are done in a thread."""
    if isinstance(steps, Generator):
        with speaking(words):  # for the copy of the context in which they run
            threaded = in_threads(lambda: steps)
            first = await anext(threaded, None)
        async with aclosing(threaded):
            yield first
            async for given in threaded:
                yield given
        return
    async with aclosing(steps):
        while True:
            with speaking(words):
                try:
                    given = await anext(steps)
                except StopAsyncIteration:
                    return
            yield given
