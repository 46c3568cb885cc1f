"""What every test gets: the app behind a client, on an empty database of its own."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from nitro import configure
from nitro_runtime.testing.client import form_data

from shop import create_app


class Visitor(FlaskClient):
    """Flask's test client; uploads stand apart: `files={"field": (name, content, type)}`."""

    def open(self, *args: Any, **options: Any) -> Any:
        return super().open(*args, data=form_data(options), **options)


@pytest.fixture(scope="session")
def app() -> Flask:
    app = create_app()
    app.config.update(TESTING=True)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    client = Visitor(app, app.response_class)
    client.environ_base["HTTP_ORIGIN"] = "http://localhost"  # as this site's own page sends it
    return client


@pytest.fixture(autouse=True)
def database(tmp_path: Path) -> None:
    configure(database=f"sqlite:///{tmp_path}/test.db", create_tables=True, uploads=tmp_path)
