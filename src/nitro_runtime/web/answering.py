"""What lets a handler of any framework return a view: the `page` of the adapters."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from inspect import Parameter, Signature
from typing import Any, NoReturn, Union, get_args, get_origin

from nitro_runtime.errors import ConfigurationError
from nitro_runtime.views import Form, Page
from nitro_runtime.views.facts import FactsView
from nitro_runtime.views.table_view import TableView
from nitro_runtime.web import replies
from nitro_runtime.web.request import Request

VIEWS: tuple[type, ...] = (Page, Form, TableView, FactsView)
"""What is no data, whatever a framework makes of it."""

REQUEST = "nitro_request"
"""The parameter by which `injected` has a handler given its request; a name that no handler uses."""


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

    async def answer(request: Any, coming: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 # the handler's
        result = await coming
        if not hasattr(result, "__html__"):
            return result
        await replies.load(neutral(request), result)
        return reply(request, result)

    if any(map(inspect.iscoroutinefunction, (handler, type(handler).__call__))):

        @wraps(handler)
        async def call_async(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 # the handler's
            return await answer(request_of(args, kwargs), handler(*args, **kwargs))

        return call_async

    @wraps(handler)
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 # the handler's
        request = request_of(args, kwargs)
        result = handler(*args, **kwargs)
        if inspect.iscoroutine(result):  # as a class of views makes of its async methods
            return answer(request, result)
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


# -- frameworks that fill a handler's parameters by their annotations -------------------------------


def injected(
    handler: Callable[..., Any],
    kinds: Mapping[str, type],
    response: type,
    neutral: Callable[[Any], Request],
    reply: Callable[[Any, Any], Any],
) -> Callable[..., Any]:
    """Wraps a handler as `answering` does; the framework gives it the request as one more parameter.

    What a handler takes already it is not given twice: FastAPI fills only one parameter of a type. The
    annotation of a view is taken away, where the framework would take it for a schema. What streams, and
    what is wrapped already, comes back as it is.

    Args:
        handler: A function, a partial, or an object that is called; sync or async.
        kinds: What else the framework is asked for: classes by the names of parameters, `REQUEST` first.
        response: The framework's class of responses.
        neutral: Makes the neutral request of a tuple of what was asked for.
        reply: Answers with a view; it is given that tuple and the view.
    """
    signature = _signature(handler)
    is_stream = inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler)
    if is_stream or kinds.keys() & signature.parameters.keys():
        return handler
    parameters = list(signature.parameters.values())
    names = {
        name: next((one.name for one in parameters if _is_a(one.annotation, kind)), name)
        for name, kind in kinds.items()
    }
    added = [
        Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind)
        for name, kind in kinds.items()
        if name in names.values()
    ]

    def asked(_: object, named: dict[str, Any]) -> tuple[Any, ...]:
        return tuple([named.pop(n) if n in kinds else named[n] for n in names.values()])

    call: Any = answering(handler, asked, neutral, reply)
    last = [one for one in parameters if one.kind is Parameter.VAR_KEYWORD]
    returned = signature.return_annotation
    call.__signature__ = Signature(
        [*(one for one in parameters if one not in last), *added, *last],
        return_annotation=Signature.empty if _is_view(returned, response) else returned,
    )
    call.__name__ = getattr(handler, "__name__", type(handler).__name__)
    return call


def may_return_view(handler: Callable[..., Any], response: type) -> bool:
    """Whether a handler may return a view: it is annotated so, with `Any`, or not at all.

    Args:
        handler: The handler.
        response: The framework's class of responses, which may be in a union with views.
    """
    annotation = _signature(handler).return_annotation
    return annotation in {Signature.empty, Any} or _is_view(annotation, response)


def _signature(handler: Callable[..., Any]) -> Signature:
    try:
        return inspect.signature(handler, eval_str=True)
    except (
        NameError,
        TypeError,
        ValueError,
    ):  # a name for type checkers only: the framework's to judge
        return inspect.signature(handler)


def _is_view(annotation: Any, response: type) -> bool:  # noqa: ANN401 # an annotation
    """Whether an annotation names a view, or a union of views and responses."""
    if get_origin(annotation) in {Union, types.UnionType}:
        members = [m for m in get_args(annotation) if m is not type(None)]
        responses = [m for m in members if _is_a(m, response)]
        return any(_is_view(member, response) for member in members) and all(
            member in responses or _is_view(member, response) for member in members
        )
    kind = get_origin(annotation) or annotation
    return isinstance(kind, type) and hasattr(kind, "__html__")


def _is_a(annotation: Any, kind: type) -> bool:  # noqa: ANN401 # an annotation
    return isinstance(annotation, type) and issubclass(annotation, kind)
