"""Pages in chunks: markup that is rendered while it is sent, in flat memory however long it is.

A tag renders its element at once. ``Table.stream(...)`` is the same element, still to be rendered,
and `chunks` renders it piece by piece:

```python
rows = (Tr(Td(product.name)) for product in products)  # a million of them
for chunk in chunks(doctype(), HtmlTag.stream(Body.stream(Table.stream(Tbody.stream(rows))))):
    send(chunk)
```

Iterables, generators and callables are asked for their next child when it is due and no earlier.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Generator, Iterator

from nitro_runtime.html.annotations import Any, cast
from nitro_runtime.html.children import Child, circular, open_child
from nitro_runtime.html.markup import Html, refuse


class Lazy:
    """An element that is still to be rendered, made by a tag's ``stream``.

    As a child of an ordinary element it is rendered whole, like any other. One that holds a
    generator can be rendered once.
    """

    __slots__ = ("children", "end", "start")

    def __init__(self, start: Html, children: tuple[Child, ...], end: Html) -> None:
        self.start: Html = start
        self.children: tuple[Child, ...] = children
        self.end: Html = end

    def __html__(self) -> Html:
        return Html("".join(chunks(self)))

    def __str__(self) -> str:
        return self.__html__()  # as markup too, for engines that ask for the text first


def chunks(*children: Child, size: int = 16_384) -> Iterator[Html]:
    """Renders children piece by piece, none before it is asked for.

    What one of the children raises half-way leaves the iterator, and the generators among them are
    closed then, as they are when the iterator itself is closed.

    Args:
        *children: What any element takes, and elements made by ``stream``.
        size: Characters in a chunk, at least; only the last is shorter. A child that is text or
            markup already is never cut.

    Raises:
        ViewError: A child cannot be rendered, must be awaited, or holds itself.
    """
    return _synchronous(_walk(children, _checked(size)))


def achunks(*children: Child, size: int = 16_384) -> AsyncIterator[Html]:
    """Renders children piece by piece, those among them too that must be waited for.

    Args:
        *children: As `chunks` takes them; inside iterables and ``stream`` elements there may also be
            awaitables and async iterables of children, at any depth.
        size: Characters in a chunk, as in `chunks`.

    Raises:
        ViewError: A child cannot be rendered, or holds itself.
    """
    return _asynchronous(_walk(children, _checked(size)))


_Walk = Generator["Html | AsyncIterator[object]", object, None]
"""Yields chunks, and async iterators; what those give next, or `_END`, is sent in."""

_END = object()

_MOST_LEVELS = 1000
"""Levels of iterables in iterables; what is deeper holds itself."""


def _walk(children: tuple[Child, ...], size: int) -> _Walk:
    stack: list[Any] = [iter(children)]
    parts: list[str] = []
    length = 0
    try:
        while stack:
            source = stack[-1]
            if hasattr(source, "__anext__"):
                child = yield source
                due = () if child is _END else (child,)
            else:
                due = source
            for child in due:
                opened = child if type(child) is Html else _open(child)
                if not isinstance(opened, str):
                    _push(stack, opened)
                    break
                parts.append(opened)
                length += len(opened)
                if length >= size:
                    yield Html("".join(parts))
                    parts.clear()
                    length = 0
            else:
                if due is source or not due:
                    stack.pop()
        if parts:
            yield Html("".join(parts))
    finally:
        for source in reversed(stack):
            # anything else that could be closed, such as a file, is closed by its owner
            if isinstance(source, Generator):
                source.close()


def _open(child: Child) -> str | Iterator[object] | AsyncIterator[object]:
    if type(child) is Lazy:
        return iter((child.start, *child.children, child.end))
    opened = open_child(child)
    if not isinstance(opened, str) and hasattr(opened, "__await__"):
        return _once(cast("Awaitable[object]", opened))
    return cast("Any", opened)


async def _once(child: Awaitable[object]) -> AsyncIterator[object]:
    yield await child


def _push(stack: list[Any], source: Iterator[object] | AsyncIterator[object]) -> None:
    stack.append(source)
    if len(stack) > _MOST_LEVELS:
        raise circular()


def _synchronous(walk: _Walk) -> Iterator[Html]:
    try:
        for step in walk:
            if not isinstance(step, Html):
                refuse("An async iterable or awaitable among the children: use achunks() for it.")
            yield step
    finally:
        walk.close()


async def _asynchronous(walk: _Walk) -> AsyncIterator[Html]:
    waiting: list[AsyncIterator[object]] = []
    try:
        step = next(walk, None)
        while step is not None:
            if isinstance(step, Html):
                yield step
                step = next(walk, None)
            else:
                step = _send(walk, await _next(step, waiting))
    finally:
        walk.close()
        for source in reversed(waiting):
            if hasattr(source, "aclose"):
                await cast("Any", source).aclose()


async def _next(source: AsyncIterator[object], waiting: list[AsyncIterator[object]]) -> object:
    """Returns what the source gives next, and keeps account of the sources that are not at an end."""
    if not waiting or waiting[-1] is not source:
        waiting.append(source)
    child = await anext(source, _END)
    if child is _END:
        waiting.pop()
    return child


def _send(walk: _Walk, child: object) -> Html | AsyncIterator[object] | None:
    try:
        return walk.send(child)
    except StopIteration:
        return None


def _checked(size: object) -> int:
    if not isinstance(size, int) or size < 1:
        refuse(f"The size of a chunk is a number of characters from 1, not {size!r}.")
    return size
