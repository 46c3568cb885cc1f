"""What every test gets: the app behind a client, on an empty database of its own."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from nitro import configure
from nitro_runtime.testing.client import form_data

import shop.wsgi  # noqa: F401 - sets Django up


class Visitor(Client):
    """Django's test client; uploads stand apart: `files={"field": (name, content, type)}`."""

    def post(self, *args: Any, **options: Any) -> Any:
        return super().post(*args, data=form_data(options), **options)


@pytest.fixture
def client() -> Visitor:
    return Visitor(headers={"host": "localhost", "origin": "http://localhost"})


@pytest.fixture(autouse=True)
def database(tmp_path: Path) -> None:
    configure(database=f"sqlite:///{tmp_path}/test.db", create_tables=True, uploads=tmp_path)
