"""What every test gets: the app behind a client, on an empty database of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from nitro import configure

from myapp.app import app


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(app, headers={"origin": "http://testserver"}, follow_redirects=False) as client:
        yield client


@pytest.fixture(autouse=True)
def database(tmp_path: Path) -> None:
    configure(database=f"sqlite:///{tmp_path}/test.db", create_tables=True, uploads=tmp_path)
