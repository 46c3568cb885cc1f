"""A Nitro route against the same written by hand in its framework, in this process.

The same page, command and JSON route twice: in an app without Nitro, and in one with it. Both must
answer with the same bytes, but for the random name of the tab. What counts is the ratio to the
hand-written one.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from benchmarks.frame import Comparison, WrongOutput
from benchmarks.routes.drivers import ASKS, Answer, Call, answer_of, asgi, started, wsgi


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework whose routes are compared.

    Attributes:
        name: Its module is ``benchmarks.routes.on_<name>``, with the apps ``hand`` and ``nitro``.
        protocol: How its usual server calls it.
    """

    name: str
    protocol: Literal["asgi", "wsgi"]


FRAMEWORKS = (
    Framework("fastapi", "asgi"),
    Framework("flask", "wsgi"),
    Framework("django", "asgi"),
    Framework("fasthtml", "asgi"),
    Framework("sanic", "asgi"),
    Framework("litestar", "asgi"),
)


def comparisons() -> Iterator[Comparison]:
    """Yields three comparisons a framework."""
    with asyncio.Runner() as runner:
        for framework in FRAMEWORKS:
            yield from _compared(framework, runner.get_loop())


def _compared(framework: Framework, loop: asyncio.AbstractEventLoop) -> Iterator[Comparison]:
    module: Any = import_module(f"benchmarks.routes.on_{framework.name}")
    apps: dict[str, Any] = {"by hand": module.hand, "Nitro": module.nitro}
    with ExitStack() as stack:
        if framework.protocol == "asgi":
            for app in apps.values():
                stack.enter_context(started(app, loop))
        for kind, ask in ASKS.items():
            contenders: dict[str, Call] = {
                name: wsgi(app, ask) if framework.protocol == "wsgi" else asgi(app, ask, loop)
                for name, app in apps.items()
            }
            yield Comparison(
                name=f"{framework.name}: the same {kind}",
                contenders=contenders,
                reference="by hand",
                number=25,  # short turns, of which some are left alone on a busy machine
                rounds=200,
                check=same,
                clock=time.process_time,
            )


def same(told: Mapping[str, object]) -> None:
    """Makes sure that both did it, and answered with the same headers and bytes.

    Raises:
        WrongOutput: They did not.
    """
    answers = {name: answer_of(one) for name, one in told.items()}
    wanted = answers["by hand"]
    for name, answer in answers.items():
        if answer.status != 200 or _comparable(answer) != _comparable(wanted):
            raise WrongOutput(f"{name} answered {answer}, by hand it is {wanted}")


def _comparable(answer: Answer) -> tuple[set[tuple[str, str]], bytes]:
    """The headers in any order, and the body without the names of new tabs.

    Some frameworks name the charset of an event stream too, which has only one; some leave the length
    to the server.
    """
    headers = {
        (name, value.replace("; charset=utf-8", ""))
        for name, value in answer.headers
        if name != "content-length"
    }
    return headers, _TAB.sub(b"tab", answer.body)


_TAB = re.compile(rb"[\w-]{22}\.[\w-]{22}")
