"""What lets a handler of any framework return a view: the `page` of the adapters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from nitro_runtime.web import replies
from nitro_runtime.web.request import Request


def answering(
    handler: Callable[..., Any],
    request_of: Callable[[tuple[Any, ...], dict[str, Any]], Any],
    neutral: Callable[[Any], Request],
    reply: Callable[[Any, Any], Any],
) -> Callable[..., Any]:
    """Wraps a handler so that a view that it returns is answered, in its thread or task.

    Args:
        handler: A function or method, a partial, or an object that is called; sync or async.
        request_of: Finds the framework's request in the arguments, of which it may take it away.
        neutral: The adapter's own.
        reply: The adapter's own.
    """
    if any(map(inspect.iscoroutinefunction, (handler, type(handler).__call__))):

        @wraps(handler)
        async def call_async(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 # the handler's
            request = request_of(args, kwargs)
            result = await handler(*args, **kwargs)
            if not hasattr(result, "__html__"):
                return result
            await replies.load(neutral(request), result)
            return reply(request, result)

        return call_async

    @wraps(handler)
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 # the handler's
        request = request_of(args, kwargs)
        result = handler(*args, **kwargs)
        return reply(request, result) if hasattr(result, "__html__") else result

    return call
