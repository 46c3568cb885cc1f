"""`assert_queries`: how many round trips to their stores the entities of a block take."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from nitro_runtime.entities import statements

_blocks: ContextVar[tuple[list[str], ...]] = ContextVar("nitro_assert_queries", default=())
"""What the blocks that this line stands in have seen so far."""


@contextmanager
def assert_queries(count: int | None = None, *, at_most: int | None = None) -> Generator[list[str]]:
    """Fails when the block takes another number of queries than it should.

    A query is one round trip to a store: a statement, a script, a command. Counted is what runs in
    the block, in tasks that it starts, and in threads that work for them; not what others do
    meanwhile. Blocks nest, and stand in coroutines too::

        with assert_queries(2):
            products = Product.all().include("category").all()

    Args:
        count: Exactly so many.
        at_most: So many or fewer, instead.

    Yields:
        The statements so far; the list goes on growing.

    Raises:
        AssertionError: There were more, or fewer; it lists the statements.
    """
    if (count is None) is (at_most is None):
        raise TypeError("assert_queries takes a number, or at_most=.")
    seen: list[str] = []

    def watch(statement: str) -> None:
        if any(block is seen for block in _blocks.get()):
            seen.append(statement)

    entered = _blocks.set((*_blocks.get(), seen))
    statements.watchers.append(watch)
    try:
        yield seen
    finally:
        statements.watchers.remove(watch)
        _blocks.reset(entered)
    most = count if at_most is None else at_most
    if len(seen) > (most or 0) or (count is not None and len(seen) < count):
        wanted = f"{count}" if at_most is None else f"at most {at_most}"
        listed = "".join(f"\n{place}. {text}" for place, text in enumerate(seen, 1))
        raise AssertionError(
            f"The block took {len(seen)} queries where {wanted} were expected.{listed}"
        )
