"""What is not of the contract, and so not in `tests/conformance`, is tried in memory and on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nitro_runtime import context, schema
from nitro_runtime.entities import MemoryRepository, Repository, configure, use


@pytest.fixture(params=["memory", "sqlite"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Repository]:
    address = "memory" if request.param == "memory" else f"sqlite:///{tmp_path}/test.db"
    repository = configure(address, patience=2.0)
    yield repository
    use(MemoryRepository())


@pytest.fixture(autouse=True)
def forget_entities() -> Iterator[None]:
    """Tests define classes of the same names again and again."""
    known = dict(schema._entities)
    yield
    schema._entities.clear()
    schema._entities.update(known)


@pytest.fixture
def changes() -> Iterator[list[context.Change]]:
    """What is announced during the test."""
    seen: list[context.Change] = []
    context.on_change(seen.append)
    yield seen
    context._listeners.remove(seen.append)
