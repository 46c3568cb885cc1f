"""What every test may use."""

from __future__ import annotations

import os
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest


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
def demo() -> dict[str, Any]:
    """The names of `demo/run.py`: the commands that make the shop."""
    return runpy.run_path(str(Path(__file__).parents[1] / "demo" / "run.py"))
