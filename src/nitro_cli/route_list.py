"""`nitro routes`: all that an app answers: its own routes, Nitro's, commands, queries, topics."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from nitro_cli.host_routes import HostRoute, host_routes, unwrapped
from nitro_runtime.errors import NitroError

if TYPE_CHECKING:
    from nitro_cli.loading import Loaded
    from nitro_runtime.events import CommandSpec
    from nitro_runtime.web import Route, Site

_METHODS = "GET POST PUT PATCH DELETE"

Kind = Literal["app", "nitro", "command", "query", "topic"]


@dataclass(frozen=True, slots=True)
class Row:
    """Something that an app answers.

    Attributes:
        kind: Whose it is, or what.
        methods: In capitals; empty when any will do or nobody can tell.
        address: The path with its parameters; of a topic its pattern.
        name: The route's, the command's.
        allow: Who may, by the name of the function that says so; None where that is nobody's to say here.
        where: File and line of what answers, from the project's folder where it is inside; empty when
            unknown.
    """

    kind: Kind
    methods: tuple[str, ...]
    address: str
    name: str
    allow: str | None
    where: str

    def has(self, word: str) -> bool:
        """Whether a word stands in its address, its name, its place or its kind, in any case."""
        texts = (self.address, self.name, self.where, self.kind)
        return any(word.lower() in text.lower() for text in texts)


@dataclass(frozen=True, slots=True)
class RouteList:
    """All that an app answers.

    Attributes:
        rows: In order: the app's, Nitro's, commands, queries, topics.
        notes: Sentences about what could not be told.
    """

    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def list_routes(loaded: Loaded) -> RouteList:
    """Returns what an app answers that was imported."""
    site = _site(loaded.app)
    known = host_routes(loaded.app)
    notes: list[str] = []
    if site is None:
        notes.append("Nitro is not installed on this app, so no command of it can be called.")
    if known is None:
        kind = cast("object", loaded.app).__class__
        notes.append(
            f"How {kind.__module__}.{kind.__name__} keeps its own routes is not known here."
        )
    rows = [
        *_merged(_own(known or [], site, loaded.root)),
        *_nitros(site, loaded.root),
        *_commands(site, loaded.root),
        *_topics(loaded.root),
    ]
    return RouteList(tuple(rows), tuple(notes))


# -- routes ---------------------------------------------------------------------------------------


def _own(routes: list[HostRoute], site: Site | None, root: Path) -> Iterator[Row]:
    for route in routes:
        if _is_nitros(route, site):
            continue
        neutral = _neutral(route.handler)
        if neutral is not None:
            where = _place(neutral.handler, root)
            yield Row("app", _ordered(neutral.methods), route.path, route.name, None, where)
            continue
        for methods, handler in _by_method(route):
            yield Row("app", methods, route.path, route.name, None, _place(handler, root))


def _merged(rows: Iterator[Row]) -> list[Row]:
    """Makes one row of those that differ by their methods alone, where the first of them is."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        key = row.address, row.name, row.where
        known = found.get(key, row)
        found[key] = replace(row, methods=_ordered({*known.methods, *row.methods}))
    return list(found.values())


def _ordered(methods: Iterable[str]) -> tuple[str, ...]:
    every = set(methods) - {"HEAD"}
    return tuple(
        sorted(every, key=lambda one: (_METHODS.find(one) if one in _METHODS else 99, one))
    )


def _by_method(route: HostRoute) -> list[tuple[tuple[str, ...], Any]]:
    """Takes a route apart whose handler is one of several, chosen by method (`nitro.web.by_method`)."""
    for one in unwrapped(route.handler):
        chosen = getattr(one, "methods", None)
        if isinstance(chosen, Mapping) and chosen:
            return [((str(m),), each) for m, each in chosen.items() if m != "HEAD"]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return [(route.methods, route.handler)]


def _is_nitros(route: HostRoute, site: Site | None) -> bool:
    from nitro_runtime.web import routes

    own = [f"nitro_{route.name}" for route in routes()]
    # one framework appends the method
    if any(route.name == one or route.name.startswith(f"{one}_") for one in own):
        return True
    if route.name.startswith(("nitro_static", "nitro_files")):
        return True
    inner = next(reversed([*unwrapped(route.handler)]), None)  # an address alone has no handler
    module = getattr(inner, "__module__", "")
    static = site.static_url if site is not None else None
    return (
        bool(static) and module.startswith("nitro_runtime.") and route.path.startswith(static or "")
    )


def _neutral(handler: Any) -> Route | None:  # noqa: ANN401 # any handler
    """The neutral route that an adapter mounted: it is held by what answers for it."""
    from nitro_runtime.web import Route

    for one in unwrapped(handler):
        held: list[Any] = [cell.cell_contents for cell in getattr(one, "__closure__", None) or ()]
        held += one.args if isinstance(one, partial) else ()
        for each in held:
            if isinstance(each, Route):
                return each
    return None


def _nitros(site: Site | None, root: Path) -> Iterator[Row]:
    from nitro_runtime.web import routes

    if site is None:
        return
    for route in routes():
        path, name = site.prefix + route.path, f"nitro_{route.name}"
        yield Row("nitro", route.methods, path, name, None, _place(route.handler, root))
    if site.static_url is not None:
        where = _relative(site.static_folder, root) if site.static_folder else ""
        yield Row("nitro", ("GET",), f"{site.static_url}/{{path}}", "nitro_static", None, where)


def _site(app: Any) -> Site | None:  # noqa: ANN401 # any framework's app
    """Returns how Nitro was installed, from where adapters keep it; None when it was not."""
    from nitro_runtime.adapters import adapter_for
    from nitro_runtime.web import Site

    for place in ("state", "ctx", "extensions"):
        kept: Any = getattr(app, place, None)
        known = kept.get("nitro") if isinstance(kept, Mapping) else getattr(kept, "nitro", None)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        if isinstance(known, Site):
            return known
    found = getattr(adapter_for(app), "_found", None)  # of settings, when its routes are included
    with suppress(NitroError):  # they are not: what is missing is said when the app is asked
        return found() if found is not None else None
    return None


# -- commands, queries, topics --------------------------------------------------------------------


def _commands(site: Site | None, root: Path) -> list[Row]:
    from nitro_runtime.events import registered

    prefix = site.prefix if site is not None else ""
    order = ("command", "query")
    specs = sorted(registered().values(), key=lambda spec: (order.index(spec.kind), spec.name))
    return [_command(spec, prefix, root) for spec in specs]


def _command(spec: CommandSpec, prefix: str, root: Path) -> Row:
    methods = ("GET", "POST") if spec.kind == "query" else ("POST",)
    where = _place(spec.origin if isinstance(spec.origin, type) else spec.function, root)
    address = f"{prefix}/cmds/{spec.name}/{{sender}}"
    return Row(spec.kind, methods, address, spec.name, _function_name(spec.allow), where)


def _topics(root: Path) -> Iterator[Row]:
    # loaded by then where an app has any; asking must not be what loads it
    registered = getattr(sys.modules.get("nitro_runtime.web.topics"), "registered", None)
    for pattern, kept in registered().items() if registered else ():
        rule = getattr(kept, "rule", kept)
        yield Row("topic", (), pattern, pattern, _function_name(rule), _place(rule, root))


def _function_name(function: Any) -> str:  # noqa: ANN401 # any callable
    *_, inner = unwrapped(function)
    name = getattr(inner, "__name__", type(inner).__name__)
    return "a lambda" if name == "<lambda>" else name


# -- places ---------------------------------------------------------------------------------------


def _place(handler: Any, root: Path) -> str:  # noqa: ANN401 # any handler
    """Returns file and line of what answers; empty for what was written in no file."""
    if handler is None:
        return ""
    *_, inner = unwrapped(handler)
    inner = getattr(inner, "view_class", inner)
    code = getattr(inner, "__code__", None)
    if code is not None:
        return f"{_relative(Path(code.co_filename), root)}:{code.co_firstlineno}"
    kind: Any = inner if inspect.isclass(inner) else cast("object", inner).__class__
    try:
        file, line = inspect.getsourcefile(kind), inspect.getsourcelines(kind)[1]
    except (OSError, TypeError):  # built in, or made at run time
        return ""
    return f"{_relative(Path(file), root)}:{line}" if file else ""


def _relative(path: Path, root: Path) -> str:
    """Returns a path from the project's folder, or, for an installed package, from where it stands."""
    if "site-packages" in path.parts:
        return Path(*path.parts[path.parts.index("site-packages") + 1 :]).as_posix()
    if path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    for folder in sorted(map(Path, filter(None, sys.path)), key=lambda one: -len(one.parts)):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.as_posix()
