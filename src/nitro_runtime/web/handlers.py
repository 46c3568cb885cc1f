"""What an adapter puts around handlers, where its framework has no way of its own for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial, wraps
from inspect import iscoroutinefunction
from typing import Any

from nitro_runtime.web import gate
from nitro_runtime.web.request import Reply, Request, Route


def one_for_each_path(routes: Iterable[Route]) -> list[Route]:
    """Returns one route for each path, for a framework that stops at the first path that fits.

    It has the methods of all, ``HEAD`` too where there is ``GET``, and answers any other with 405.
    The gate stands before it, because such a framework's own check of posts is told to let it pass.
    """
    by_path: dict[str, dict[str, Route]] = {}
    for route in routes:
        by_path.setdefault(route.path, {}).update(dict.fromkeys(route.methods, route))
    merged: list[Route] = []
    for path, methods in by_path.items():
        if "GET" in methods:
            methods.setdefault("HEAD", methods["GET"])
        name = next(iter(methods.values())).name
        merged.append(Route(path, tuple(methods), partial(_dispatch, methods), name))
    return merged


async def _dispatch(methods: Mapping[str, Route], request: Request) -> Reply:
    gate.check_method(request, *methods)
    gate.check(request)
    reply = await methods[request.method].handler(request)
    if request.method != "HEAD":
        return reply
    # RFC 9110: the headers of a GET, and nothing behind them; a stream that never begins needs no end
    length = [("content-length", str(len(reply.body)))] if isinstance(reply.body, bytes) else []
    return Reply(reply.status, [*reply.headers, *length])


def behind_gate(
    handler: Callable[..., Any], request_of: Callable[..., Request]
) -> Callable[..., Any]:
    """Wraps a handler, sync or async, so that the gate stands before it.

    Args:
        handler: Any handler.
        request_of: Makes the neutral request from the handler's arguments.
    """

    @wraps(handler)
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 # the handler's
        gate.check(request_of(*args, **kwargs))
        return handler(*args, **kwargs)

    @wraps(handler)
    async def call_async(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 # the handler's
        asked = request_of(*args, **kwargs)
        gate.check(asked)
        await asked.load_user()
        return await handler(*args, **kwargs)

    return call_async if iscoroutinefunction(handler) else call
