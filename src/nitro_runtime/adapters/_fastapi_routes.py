"""The FastAPI route that lets an endpoint return a view."""

from __future__ import annotations

import inspect
import types
from abc import abstractmethod
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from functools import wraps
from typing import Any, Union, get_args, get_origin

from fastapi import Request, Response
from fastapi.routing import APIRoute

_current: ContextVar[Request] = ContextVar("nitro_fastapi_request")


class SwitchingRoute(APIRoute):
    """A route whose endpoint may return a view.

    It changes nothing for an endpoint that says that it returns something else: only one without a
    return annotation, or annotated with a view, is wrapped. (A default response class would touch
    every JSON route, and be given the view after it was serialised.)
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 # FastAPI's own
        annotation = _returned(endpoint)
        self._switches = annotation is inspect.Signature.empty or _is_view(annotation)
        if self._switches:
            if _is_view(annotation):  # FastAPI would take it for the schema of a JSON response
                options["response_model"] = None
            endpoint = self._answering(endpoint)
        super().__init__(path, endpoint, **options)

    @abstractmethod
    def answer(self, request: Request, view: Any) -> Response:  # noqa: ANN401 # any view
        """Answers with a view."""

    @abstractmethod
    async def load(self, request: Request, view: Any) -> None:  # noqa: ANN401 # any view
        """Reads what a view needs, where it need not block the event loop."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Lets the endpoint's answer know its request, where it may be a view."""
        handler = super().get_route_handler()
        if not self._switches:
            return handler

        async def handle(request: Request) -> Response:
            token = _current.set(request)
            try:
                return await handler(request)
            finally:
                _current.reset(token)

        return handle

    def _answering(self, endpoint: Callable[..., Any]) -> Callable[..., Any]:
        """Wraps an endpoint so that a view becomes a response while its thread still runs."""
        if inspect.isgeneratorfunction(endpoint) or inspect.isasyncgenfunction(endpoint):
            return endpoint
        if _is_async(endpoint):

            @wraps(endpoint)
            async def call_async(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 # the endpoint's
                result = await endpoint(*args, **kwargs)
                if hasattr(result, "__html__"):
                    await self.load(_current.get(), result)
                return self._answered(result)

            return _named(call_async, endpoint)

        @wraps(endpoint)
        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 # the endpoint's
            return self._answered(endpoint(*args, **kwargs))

        return _named(call, endpoint)

    def _answered(self, result: Any) -> Any:  # noqa: ANN401 # the endpoint's
        if hasattr(result, "__html__"):
            return self.answer(_current.get(), result)
        return result


def _is_async(endpoint: Callable[..., Any]) -> bool:
    """Whether calling it gives a coroutine; an object may be called by an ``async`` method."""
    return any(map(inspect.iscoroutinefunction, (endpoint, type(endpoint).__call__)))


def _named(wrapper: Callable[..., Any], endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a wrapper the name that FastAPI would give an endpoint that has none, such as a partial."""
    wrapper.__name__ = getattr(endpoint, "__name__", type(endpoint).__name__)
    return wrapper


def _returned(endpoint: Callable[..., Any]) -> Any:  # noqa: ANN401 # an annotation
    try:
        return inspect.signature(endpoint, eval_str=True).return_annotation
    except (NameError, TypeError, ValueError):  # a name for type checkers only: FastAPI's to judge
        return inspect.signature(endpoint).return_annotation


def _is_view(annotation: Any) -> bool:  # noqa: ANN401 # an annotation
    """Whether an annotation names a view, or a union of views and responses."""
    if get_origin(annotation) in {Union, types.UnionType}:
        members = [m for m in get_args(annotation) if m is not type(None)]
        responses = [m for m in members if isinstance(m, type) and issubclass(m, Response)]
        return any(map(_is_view, members)) and all(
            member in responses or _is_view(member) for member in members
        )
    kind = get_origin(annotation) or annotation
    return isinstance(kind, type) and hasattr(kind, "__html__")
