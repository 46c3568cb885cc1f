"""The routes that an app's own framework has, told from the shape of its router.

No framework is named: one that keeps its routes as another does, such as a plugin's, is read the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class HostRoute:
    """A route as its framework has it.

    Attributes:
        methods: In capitals, sorted; empty when any will do or nobody can tell.
        path: The address, as the framework writes it.
        name: What the framework calls it.
        handler: What answers; None when it cannot be told.
    """

    methods: tuple[str, ...]
    path: str
    name: str
    handler: Any


def host_routes(app: Any) -> list[HostRoute] | None:  # noqa: ANN401 # any framework's app
    """Returns the routes of an app in their order, those that Nitro mounted included.

    Returns:
        The routes; None when the app keeps them in no way that is known here.
    """
    for is_so, read in READERS:
        if is_so(app):
            return list(read(app))
    return None


def _route(methods: Iterable[str] | None, path: str, name: str, handler: object) -> HostRoute:
    return HostRoute(tuple(sorted(set(methods or ()) - {"HEAD", "OPTIONS"})), path, name, handler)


# -- a URL map, whose rules name endpoints -----------------------------------------------------------


def _of_url_map(app: Any) -> Iterator[HostRoute]:  # noqa: ANN401 # see READERS
    prepare = getattr(getattr(app, "wsgi_app", None), "prepare", None)
    if prepare is not None:  # Nitro's rules come behind all others, with the first request
        prepare()
    for rule in app.url_map.iter_rules():
        yield _route(rule.methods, rule.rule, rule.endpoint, app.view_functions.get(rule.endpoint))


# -- a router that is finalized, with all routes in one mapping ----------------------------------------


def _of_finalized(app: Any) -> Iterator[HostRoute]:  # noqa: ANN401 # see READERS
    if not app.router.finalized:
        app.router.finalize()
    for route in sorted(app.router.routes, key=lambda one: one.path):  # it keeps them in no order
        name = route.name.removeprefix(f"{app.name}.")
        yield _route(route.methods, f"/{route.path.lstrip('/')}", name, route.handler)


# -- routes with a handler for each method -------------------------------------------------------------


def _of_handler_maps(app: Any) -> Iterator[HostRoute]:  # noqa: ANN401 # see READERS
    for route in app.routes:
        handlers: dict[int, tuple[Any, list[str]]] = {}
        by_method: Mapping[str, Any] = getattr(route, "route_handler_map", {})
        for method, (handler, *_) in by_method.items():
            handlers.setdefault(id(handler), (handler, []))[1].append(method)
        for handler, methods in handlers.values():
            if set(methods) - {"OPTIONS"}:  # which the framework answers itself
                yield _route(methods, route.path, _name_of(handler), handler.fn)
        if not by_method:  # a websocket's, or a mounted app's
            handler = getattr(route, "route_handler", None)
            yield _route((), route.path, _name_of(handler), getattr(handler, "fn", None))


def _name_of(handler: Any) -> str:  # noqa: ANN401 # the framework's
    return str(getattr(handler, "name", None) or getattr(handler, "handler_name", None) or "")


# -- a list of routes, which may hold lists ------------------------------------------------------------


def _of_routes(app: Any) -> Iterator[HostRoute]:  # noqa: ANN401 # see READERS
    yield from _nested(app.routes, "")


def _nested(routes: Iterable[Any], above: str) -> Iterator[HostRoute]:
    for route in routes:
        path = above + (getattr(route, "path", None) or "")
        if hasattr(route, "effective_route_contexts"):  # a router that was included whole
            yield from _nested(route.effective_route_contexts(), above)
        elif getattr(route, "routes", None):
            yield from _nested(route.routes, path)
        else:
            handler = getattr(route, "endpoint", None) or getattr(route, "app", None)
            methods = getattr(route, "methods", None)
            yield _route(methods, path or "/", getattr(route, "name", None) or "", handler)


# -- a module of patterns, named by settings -------------------------------------------------------------


def _of_patterns(app: Any) -> Iterator[HostRoute]:  # noqa: ANN401 # see READERS
    package = type(app).__module__.partition(".")[0]
    resolver = import_module(f"{package}.urls").get_resolver()
    yield from _matched(resolver.url_patterns, "/")


def _matched(patterns: Iterable[Any], above: str) -> Iterator[HostRoute]:
    for pattern in patterns:
        path = above + _plain(str(pattern.pattern))
        if hasattr(pattern, "url_patterns"):
            yield from _matched(pattern.url_patterns, path)
        else:
            yield _route(_methods(pattern.callback), path, pattern.name or "", pattern.callback)


def _plain(pattern: str) -> str:
    """A regular expression as an address: ``^files/(?P<path>.*)$`` becomes ``files/<path>``."""
    return re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", pattern).removeprefix("^").removesuffix("$")


def _methods(view: Any) -> list[str]:  # noqa: ANN401 # the framework's
    """The methods of a view that says which: a class of views, or one chosen by method."""
    for one in unwrapped(view):
        methods: Any = getattr(one, "methods", None)
        if isinstance(methods, Mapping | tuple):
            return list(cast("Iterable[str]", methods))
        if (kind := getattr(one, "view_class", None)) is not None:
            return [m.upper() for m in kind.http_method_names if hasattr(kind, m)]
    return []


def unwrapped(handler: Any) -> Iterator[Any]:  # noqa: ANN401 # any handler
    """Yields a handler and, one by one, what it stands for: a partial's function, what is wrapped."""
    seen: set[int] = set()
    while handler is not None and id(handler) not in seen:
        seen.add(id(handler))
        yield handler
        inner = handler.func if isinstance(cast("object", handler), partial) else None
        inner = inner or getattr(handler, "__wrapped__", None) or getattr(handler, "__func__", None)
        handler = inner or _enclosed(handler)


_ENCLOSED_NAMES = frozenset({"f", "func", "function", "handler"})


def _enclosed(handler: Any) -> Any:  # noqa: ANN401 # any handler
    """What a framework's own wrapper calls that says nothing of what it wraps; None for others' code."""
    code = getattr(handler, "__code__", None)
    if code is None or "site-packages" not in code.co_filename:
        return None
    cells = zip(code.co_freevars, handler.__closure__ or (), strict=True)
    return next((cell.cell_contents for name, cell in cells if name in _ENCLOSED_NAMES), None)


READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Iterator[HostRoute]]], ...] = (
    (lambda app: hasattr(app, "url_map") and hasattr(app, "view_functions"), _of_url_map),
    (lambda app: hasattr(getattr(app, "router", None), "finalize"), _of_finalized),
    (lambda app: hasattr(app, "route_handler_method_map"), _of_handler_maps),
    (lambda app: hasattr(app, "routes"), _of_routes),
    (lambda app: hasattr(app, "resolve_request"), _of_patterns),
)
"""How routes are kept: what tells it, and what reads them."""
