from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from key_places import Missing, key_places


@pytest.fixture(scope="module")
def address(
    tmp_path_factory: pytest.TempPathFactory, missing: Missing
) -> Iterator[Callable[[str], str]]:
    """Gives the address of a place for idempotency keys, which is gone after the module."""
    with key_places(tmp_path_factory.mktemp("keys"), missing) as given:
        yield given
