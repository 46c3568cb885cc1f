"""What every test may use."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn

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
