"""What every test gets: the app behind a client, on an empty database of its own."""

import asyncio
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest
from nitro import configure
from sanic_testing.testing import SanicASGITestClient, TestingResponse

from shop.app import app


class Visitor:
    """Sanic's test client; its calls wait for the answer and return it alone."""

    def __init__(self) -> None:
        self.client = SanicASGITestClient(app)
        self.client.headers["origin"] = "http://mockserver:1234"  # as this site's own page sends it

    def send(self, method: str, url: str, **form: Any) -> TestingResponse | None:
        _, response = asyncio.run(self.client.request(method, url, **form))
        return response

    get = partialmethod(send, "GET")
    post = partialmethod(send, "POST")


@pytest.fixture
def client() -> Visitor:
    return Visitor()


@pytest.fixture(autouse=True)
def database(tmp_path: Path) -> None:
    configure(database=f"sqlite:///{tmp_path}/test.db", create_tables=True, uploads=tmp_path)
