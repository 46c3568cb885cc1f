"""Topics that a page may listen to: each has a rule, and without one nobody outside may.

```python
@topic("room:{room}", state=room_view)
async def may_listen(user: User, room: str) -> bool:
    return await Member.where(user_id=user.id, room_id=room).aexists()
```

A rule is asked whenever a stream is opened, so also at each reconnect.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any, TypeVar, cast, get_type_hints

from nitro_runtime.errors import ConfigurationError, NitroError, Refused
from nitro_runtime.events import Context
from nitro_runtime.views.words import speaking
from nitro_runtime.web.patching import patches_of
from nitro_runtime.web.request import Request
from nitro_runtime.web.stream_limits import RETRY_AFTER_SECONDS

log = logging.getLogger(__name__)

F = TypeVar("F", bound=Callable[..., Any])

LONGEST_NAME = 200
"""Characters of a topic's name that comes from outside."""

INJECTED = frozenset({"ctx", "user", "request"})
"""What a rule or state may ask for beside the parameters of its pattern."""

RESERVED = frozenset({"tab", "user", "view", "page"})
"""What Nitro's own topics begin with, which nobody may ask for."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What pages may listen to, and who may.

    Attributes:
        pattern: Names, parted by colons; ``{room}`` stands for one whole part.
        rule: Says who may listen.
        state: Gives what a stream of it begins with; None: nothing.
    """

    pattern: str
    rule: Callable[..., Any]
    state: Callable[..., Any] | None = None
    _rule: _Asked = field(init=False, repr=False)
    _state: _Asked | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names = _parameters(self.pattern)
        object.__setattr__(self, "_rule", _Asked(self.pattern, self.rule, names))
        state = None if self.state is None else _Asked(self.pattern, self.state, names)
        object.__setattr__(self, "_state", state)

    async def lets_in(self, ctx: Context, given: Mapping[str, str]) -> bool:
        """Asks the rule.

        Args:
            ctx: Who wants to listen.
            given: The parameters.

        Raises:
            Refused: 503; the rule failed, which is logged.
        """
        try:
            return bool(await self._rule.ask(ctx, given))
        except NitroError as error:
            if error.status >= 500:
                raise _failed(self.pattern) from error
            return False  # what it is about does not exist, or is not for this visitor
        except Exception as error:
            raise _failed(self.pattern) from error

    async def first(self, ctx: Context, given: Mapping[str, str]) -> list[bytes]:
        """Returns the events that a stream of it begins with; raises what its state raises."""
        if self._state is None:
            return []
        request: Request = ctx.request
        with speaking(request.words):
            return patches_of(await self._state.ask(ctx, given), request.csrf)


class _Asked:
    """A function that is called with those of its parameters that it names."""

    def __init__(self, pattern: str, function: Callable[..., Any], names: tuple[str, ...]) -> None:
        self._pattern = pattern
        self._function = function
        asked = inspect.signature(function).parameters
        for parameter in asked.values():
            if parameter.kind in _NOT_BY_NAME or parameter.name not in {*names, *INJECTED}:
                raise ConfigurationError(
                    f"What is asked about {pattern!r} is called by name, with "
                    f"{', '.join(sorted({*names, *INJECTED}))}: it cannot take {parameter}."
                )
        self._own = {name: asked[name].annotation for name in names if name in asked}
        self._injected = [name for name in asked if name in INJECTED]

    async def ask(self, ctx: Context, given: Mapping[str, str]) -> Any:  # noqa: ANN401 # what the function returns
        arguments = {name: self._checked(name, given[name]) for name in self._own}
        arguments |= {name: getattr(ctx, name, ctx) for name in self._injected}
        found = self._function(**arguments)
        if inspect.isawaitable(found):
            return await found
        if isinstance(found, AsyncIterator):
            return [each async for each in cast("AsyncIterator[object]", found)]
        return list(cast("Iterator[object]", found)) if isinstance(found, Iterator) else found

    def _checked(self, name: str, text: str) -> Any:  # noqa: ANN401 # of the annotation
        """Converts a parameter to the type of its annotation.

        Raises:
            Refused: 422; it cannot be one.
        """
        check = self._checks[name]
        return text if check is None else check(text)

    @cached_property
    def _checks(self) -> dict[str, Callable[[str], Any] | None]:
        """How the parameters are converted; made when it is first asked, so types may be defined later."""
        hints = get_type_hints(
            SimpleNamespace(__annotations__=_annotated(self._own)),
            globalns=getattr(inspect.unwrap(self._function), "__globals__", {}),
            include_extras=True,
        )
        return {name: _converter(hints.get(name, str)) for name in self._own}


_NOT_BY_NAME = (
    inspect.Parameter.VAR_POSITIONAL,
    inspect.Parameter.VAR_KEYWORD,
    inspect.Parameter.POSITIONAL_ONLY,
)


def _annotated(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: kind for name, kind in parameters.items() if kind is not inspect.Parameter.empty}


def _converter(kind: Any) -> Callable[[str], Any] | None:  # noqa: ANN401 # any annotation
    """Returns what makes such a value of a text, or None where the text is one."""
    if kind is str or kind is Any:
        return None
    from pydantic import TypeAdapter, ValidationError

    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def convert(text: str) -> Any:  # noqa: ANN401 # as above
        try:
            return adapter.validate_python(text)
        except ValidationError:
            raise Refused(422, "There is no such topic.") from None

    return convert


def _failed(pattern: str) -> Refused:
    log.exception("the rule or state of the topic %r failed", pattern)
    wait = [("retry-after", str(RETRY_AFTER_SECONDS))]
    return Refused(503, "This topic cannot be opened now; try again later.", headers=wait)


# -- the registry ---------------------------------------------------------------------------------

_Shape = tuple[str | None, ...]
"""A pattern's parts; None where a parameter stands."""

_topics: dict[_Shape, Topic] = {}


def topic(pattern: str, *, state: Callable[..., Any] | None = None) -> Callable[[F], F]:
    """Opens the topics of a pattern to those whom a rule lets in.

    The rule, a function or a coroutine function, gets by name what it asks for: the parameters of the
    pattern, converted to the types of its annotations, and ``user``, ``request`` and ``ctx``. It is
    asked when a stream is opened and at every reconnect.

    Args:
        pattern: ``"news"`` or ``"room:{room}"``; a parameter is one whole part between colons.
        state: Gives the whole state of a topic, as a command gives its answer: a view, patches, a
            mapping of signals. Streams begin with it, and it is asked as the rule is.

    Raises:
        ConfigurationError: The pattern cannot be one or is taken, or the rule or state asks for
            something that there is not.
    """
    shape = _shape(pattern)

    def register(rule: F) -> F:
        known = _topics.get(shape)
        if known is not None and _source(known.rule) != _source(rule):
            raise ConfigurationError(f"There is a rule for the topics {known.pattern!r} already.")
        _topics[shape] = Topic(pattern, rule, state)
        return rule

    return register


def registered() -> Mapping[str, Topic]:
    """Returns all topics by pattern, a copy."""
    return {known.pattern: known for known in _topics.values()}


def forget_topic(pattern: str) -> None:
    """Closes the topics of a pattern again; for tests."""
    _topics.pop(_shape(pattern), None)


def find_topic(name: str) -> tuple[Topic, dict[str, str]] | None:
    """Returns what a name from outside means, with its parameters; None when it means nothing.

    Where several patterns fit, the one with the earliest literal part is meant.
    """
    parts = name.split(":")
    if len(name) > LONGEST_NAME or not name.isprintable() or parts[0] in RESERVED:
        return None
    fitting = [shape for shape in _topics if _fits(shape, parts)]
    if not fitting:
        return None
    shape = min(fitting, key=lambda found: [part is None for part in found])
    names = iter(_parameters(_topics[shape].pattern))
    given = {next(names): part for own, part in zip(shape, parts, strict=True) if own is None}
    return _topics[shape], given


def _fits(shape: _Shape, parts: list[str]) -> bool:
    return len(shape) == len(parts) and all(
        bool(part) if own is None else own == part for own, part in zip(shape, parts, strict=True)
    )


def _shape(pattern: str) -> _Shape:
    parts = pattern.split(":")
    names = _parameters(pattern)
    if (
        not all(parts)
        or len(pattern) > LONGEST_NAME
        or not pattern.isprintable()
        or len(set(names)) != len(names)
        or any(not name.isidentifier() or name in INJECTED for name in names)
        or any("{" in part or "}" in part for part in parts if not _is_parameter(part))
    ):
        raise ConfigurationError(
            f"{pattern!r} cannot be a pattern of topics: write names parted by colons, such as "
            "'news' or 'room:{room}'."
        )
    if parts[0] in RESERVED:
        raise ConfigurationError(f"Topics that begin with {parts[0]!r} are Nitro's own.")
    return tuple(None if _is_parameter(part) else part for part in parts)


def _is_parameter(part: str) -> bool:
    return part.startswith("{") and part.endswith("}")


def _parameters(pattern: str) -> tuple[str, ...]:
    return tuple(part[1:-1] for part in pattern.split(":") if _is_parameter(part))


def _source(function: Callable[..., Any]) -> tuple[str, str]:
    """What stays the same when a function is defined again, as consoles and reloads do."""
    return (
        getattr(function, "__module__", ""),
        getattr(function, "__qualname__", "") or repr(function),
    )


# -- asking ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Admitted:
    """A topic that a stream may listen to.

    Attributes:
        name: The topic's name.
        topic: What was registered.
        given: The parameters.
    """

    name: str
    topic: Topic
    given: Mapping[str, str]

    @property
    def is_whole(self) -> bool:
        """Whether a stream of it begins with its whole state."""
        return self.topic.state is not None

    async def first(self, ctx: Context) -> list[bytes]:
        """Returns the events that the stream begins with."""
        return await self.topic.first(ctx, self.given)


async def admit(name: str, ctx: Context) -> Admitted | None:
    """Returns the topic when this visitor may listen to it now, else None.

    Raises:
        Refused: 503; its rule failed.
    """
    found = find_topic(name)
    if found is None:
        return None
    known, given = found
    return Admitted(name, known, given) if await known.lets_in(ctx, given) else None
