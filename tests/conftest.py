"""What every test may use."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from warm import Warm

from nitro_runtime.events import commands, forget_command, registered
from nitro_runtime.testing import services


def pytest_collection_finish() -> None:
    """Closes what test modules opened when they were collected: each test opens what it needs."""
    for name in registered():
        forget_command(name)


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """Skips the test with a sentence; with ``NITRO_REQUIRE=all`` it fails instead.

    For services and programs that a machine need not have: ``missing("Redis does not run here.")``.
    """
    return services.missing


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """A Python that has imported what `nitro` needs, for tests that run many commands."""
    with Warm() as process:
        yield process


@pytest.fixture(scope="session")
def demo() -> dict[str, Any]:
    """The names of `demo/run.py`: the commands that make the shop."""
    return runpy.run_path(str(Path(__file__).parents[1] / "demo" / "run.py"))


@pytest.fixture
def no_commands() -> Iterator[None]:
    """No command is open when the test begins, and what it opens is closed after it."""
    others = registered()
    for name in others:
        forget_command(name)
    yield
    for name in registered():
        forget_command(name)
    for spec in others.values():
        commands.register(spec)
