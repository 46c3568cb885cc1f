"""What every part of the suite stands on: the repository of a class, what it can do, and empty tables."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import copy_context
from typing import ClassVar, ParamSpec, TypeVar

import pytest

from nitro_runtime import context
from nitro_runtime.context import Change, Owner
from nitro_runtime.entities import Entity, Query, Repository
from nitro_runtime.entities.many_to_many import link_entities
from nitro_runtime.entities.settings import settings
from nitro_runtime.schema import known_entities
from nitro_runtime.testing.repository_suite.models import ENTITIES

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound="Suite")
F = TypeVar("F", bound="Callable[..., object] | type[Suite]")

NEEDS = "__nitro_needs__"
LACKS = "__nitro_lacks__"


def needs(*capabilities: str) -> Callable[[F], F]:
    """Has a test, or the tests of a class, run on backends with all of these capabilities only.

    ``"adjust or transactions"`` is there when either is.
    """
    return _marked(NEEDS, capabilities)


def lacks(*capabilities: str) -> Callable[[F], F]:
    """Has a test run on backends only that have none of these capabilities."""
    return _marked(LACKS, capabilities)


def _marked(mark: str, capabilities: tuple[str, ...]) -> Callable[[F], F]:
    def decorate(tests: F) -> F:
        setattr(tests, mark, frozenset(capabilities) | getattr(tests, mark, frozenset[str]()))
        return tests

    return decorate


def in_threads(count: int, work: Callable[[], T]) -> list[T | Exception]:
    """Runs the work in so many threads at once; returns what each returned or raised."""
    results: list[T | Exception] = []
    start = threading.Barrier(count)

    def run() -> None:
        start.wait()
        try:
            results.append(work())
        except Exception as error:
            results.append(error)

    # With the context, as whoever visits a site stands there; a transaction does not go along.
    threads = [threading.Thread(target=copy_context().run, args=(run,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class Suite:
    """A subclass has a fixture named ``repository`` of scope class, and may say more of its backend."""

    known: ClassVar[tuple[type[Entity], ...]] = ENTITIES
    """The entities that are known by name, those first that others refer to."""

    @pytest.fixture(scope="class")
    @classmethod
    def repository(cls) -> Iterator[Repository]:
        """The backend that the tests of a class share; what is in it may be deleted."""
        raise NotImplementedError(
            f"{cls.__name__} needs a class method ``repository`` that is a fixture of scope class and "
            "returns the backend."
        )

    def visiting(self) -> AbstractContextManager[object]:
        """Surrounds every test: for a backend that needs to know on whose behalf it works."""
        return nullcontext()

    def another(self, repository: Repository) -> Repository:
        """Returns a repository on the same store, as another process has it; skips by itself.

        It is closed by its method ``close``, if it has one.
        """
        pytest.skip("The suite was not told how another process opens this store: Suite.another.")

    def later(self) -> None:
        """Does what a later request would: for a backend that remembers what it read during one."""

    def empty(self, repository: Repository) -> None:
        """Deletes all rows; by the method ``clear`` of the repository if it has one."""
        clear = getattr(repository, "clear", None)
        if clear is not None:
            clear()
            return
        for entity in (*link_entities(), *reversed(self.known)):
            repository.delete_where(entity.__nitro_mapper__, Query())

    def spoil(
        self, repository: Repository, entity: type[Entity], key: object, field: str, value: object
    ) -> None:
        """Writes a value into a stored row as something else than Nitro would; skips by itself.

        Args:
            repository: The backend.
            entity: The entity of the row.
            key: The key of the row.
            field: Which field is written.
            value: What is written: a number, a text or None.
        """
        pytest.skip("The suite was not told how to spoil a row of this backend: Suite.spoil.")

    @pytest.fixture(autouse=True)
    def surroundings(
        self, request: pytest.FixtureRequest, repository: Repository
    ) -> Iterator[None]:
        """Gates a test on what the backend can do, and gives it an empty one for its default."""
        self._gate(request.function, repository)
        with known_entities(self.known), as_default(repository), self.visiting():
            self.empty(repository)
            yield

    def _gate(self, test: Callable[..., object], repository: Repository) -> None:
        # The part of the suite that has the test: its gate does not hold for the other parts.
        parts = [part for part in type(self).__mro__ if test.__name__ in vars(part)]
        marked = (test, *parts[:1])
        wanted = frozenset[str]().union(*(getattr(one, NEEDS, ()) for one in marked))
        refused = frozenset[str]().union(*(getattr(one, LACKS, ()) for one in marked))
        missing = {one for one in wanted if not repository.capabilities & set(one.split(" or "))}
        if missing:
            pytest.skip(
                f"The backend {repository.name} does not have {', '.join(sorted(missing))}."
            )
        if had := refused & repository.capabilities:
            pytest.skip(f"The backend {repository.name} has {', '.join(sorted(had))}.")

    @pytest.fixture
    def changes(self) -> Iterator[list[Change]]:
        """What is announced during the test."""
        context.on_change(_tell)
        _changes.clear()
        yield _changes
        _changes.clear()

    @pytest.fixture
    def tellers(self, changes: list[Change]) -> list[Owner]:
        """Which thread and task told of each of them."""
        _tellers.clear()
        return _tellers


_changes: list[Change] = []
_tellers: list[Owner] = []


def _tell(change: Change) -> None:
    _changes.append(change)
    _tellers.append(context.current_owner())


@contextmanager
def as_default(repository: Repository) -> Generator[None]:
    """Has entities keep their rows in a repository inside the block, without closing another."""
    former = _swapped(repository)
    try:
        yield
    finally:
        _swapped(former)


def _swapped(repository: Repository | None) -> Repository | None:
    with settings.lock:
        former, settings.default = settings.default, repository
        settings.generation += 1
    return former
