"""What every test may use."""

from __future__ import annotations

import os
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from warm import Warm


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """Skips the test with a sentence; with ``NITRO_REQUIRE=all`` it fails instead.

    For services and programs that a machine need not have: ``missing("Redis does not run here.")``.
    """

    def give_up(sentence: str) -> NoReturn:
        if os.environ.get("NITRO_REQUIRE") == "all":
            pytest.fail(f"required: {sentence}")
        pytest.skip(sentence)

    return give_up


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """A Python that has imported what `nitro` needs, for tests that run many commands."""
    with Warm() as process:
        yield process


@pytest.fixture(scope="session")
def demo() -> dict[str, Any]:
    """The names of `demo/run.py`: the commands that make the shop."""
    return runpy.run_path(str(Path(__file__).parents[1] / "demo" / "run.py"))
