"""What lets a handler of any framework return a view: the `page` of the adapters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

from nitro_runtime.errors import ConfigurationError
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


def answering_by_name(
    handler: Callable[..., Any],
    kind: type,
    neutral: Callable[[Any], Request],
    reply: Callable[[Any, Any], Any],
) -> Callable[..., Any]:
    """Wraps a handler as `answering` does, where arguments are given by name and annotation.

    The wrapper takes ``request``, and hands it on when the handler takes it too. It says that it
    returns anything, because the annotation of a view would be taken for the schema of data.

    Args:
        handler: A function or method, sync or async.
        kind: The type of the framework's request.
        neutral: The adapter's own.
        reply: The adapter's own.
    """
    signature = inspect.signature(handler)
    parameters = dict(signature.parameters)
    take = dict[str, Any].__getitem__ if "request" in parameters else dict[str, Any].pop
    call: Any = answering(handler, lambda _, named: take(named, "request"), neutral, reply)
    request = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=kind)
    parameters.setdefault("request", request)
    call.__signature__ = signature.replace(
        parameters=list(parameters.values()), return_annotation=Any
    )
    call.__annotations__ = {"request": kind, **handler.__annotations__, "return": Any}
    return call


def unanswered(view: object) -> NoReturn:
    """Refuses to make data of a view, for a framework that takes what a handler returns for data.

    Raises:
        ConfigurationError: Always.
    """
    raise ConfigurationError(
        f"A handler returned a {type(view).__name__} as if it were data; "
        "put @page below the handler's route decorator, or return reply(request, view)."
    )
