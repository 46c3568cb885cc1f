"""What every test gets: the app behind a client, on an empty database of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient
from nitro import configure

from shop.app import app


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(app) as client:
        client.headers["origin"] = "http://testserver.local"  # as this site's own page sends it
        client.follow_redirects = False
        yield client


@pytest.fixture(autouse=True)
def database(tmp_path: Path) -> None:
    configure(database=f"sqlite:///{tmp_path}/test.db", create_tables=True, uploads=tmp_path)
