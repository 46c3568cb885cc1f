"""What every test gets: the app behind a client, on an empty database of its own."""

from pathlib import Path

import pytest
from nitro import configure
from starlette.testclient import TestClient

from shop.app import app


@pytest.fixture
def client() -> TestClient:
    return TestClient(app, headers={"origin": "http://testserver"}, follow_redirects=False)


@pytest.fixture(autouse=True)
def database(tmp_path: Path) -> None:
    configure(database=f"sqlite:///{tmp_path}/test.db", create_tables=True, uploads=tmp_path)
