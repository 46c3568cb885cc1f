"""Flask-Login tells of logouts by a Blinker signal: one handler ends the streams of whoever logs out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_login import (  # pyright: ignore[reportMissingTypeStubs]
    LoginManager,
    UserMixin,
    login_user,  # pyright: ignore[reportUnknownVariableType]
    logout_user,
    user_logged_out,
)

from nitro_runtime.adapters.flask import install, reply
from nitro_runtime.events import off, on
from nitro_runtime.html import P
from nitro_runtime.sse import emit_signals, hub
from nitro_runtime.views import Page
from nitro_runtime.web import close_streams, topic
from nitro_runtime.web.topics import forget_topic


class Member(UserMixin):
    def __init__(self, name: str) -> None:
        self.id = name


def end_streams(sender: Flask, user: Any) -> None:
    close_streams(user)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")
    app = Flask("mail")
    app.config.update(SECRET_KEY="a key for sessions")
    LoginManager(app).user_loader(Member)
    install(app)

    @app.get("/mail")
    def mail() -> Any:
        return reply(None, Page(P("mail"), title="Mail", topics=["flask-mail:ann"]))

    @app.get("/login/<name>")
    def login(name: str) -> str:
        return str(login_user(Member(name)))

    @app.get("/logout")
    def logout() -> str:
        return str(logout_user())

    @topic("flask-mail:{owner}")
    def may_read(user: Member | None, owner: str) -> bool:
        return user is not None and user.id == owner

    on(user_logged_out)(end_streams)
    yield app
    off(end_streams, user_logged_out)
    forget_topic("flask-mail:{owner}")


def browser_of(app: Flask, name: str) -> tuple[FlaskClient, str]:
    """A browser in which somebody has signed in, and the address of their page's stream."""
    client = app.test_client()
    assert client.get(f"/login/{name}").text == "True"
    tab = re.findall(r"tab=([\w.-]+)", client.get("/mail").text)[0]
    return client, f"/events?tab={tab}"


def stream_of(client: FlaskClient, address: str) -> Iterator[bytes]:
    answer = client.get(address)
    assert answer.status_code == 200
    chunks = iter(answer.response)
    assert b"retry" in next(chunks)  # pyright: ignore[reportOperatorIssue]
    return chunks  # pyright: ignore[reportReturnType]


def test_a_logout_ends_the_streams_of_its_user_and_nobody_elses(app: Flask) -> None:
    here, there, ben = [browser_of(app, name) for name in ("ann", "ann", "ben")]
    mine = [stream_of(*one) for one in (here, there)]
    his = stream_of(*ben)
    assert here[0].get("/logout").text == "True"
    for chunks in mine:
        assert b"event:" not in b"".join(chunks)  # to their end
    assert here[0].get(f"{here[1]}&topic=flask-mail:ann").status_code == 403
    back = stream_of(there[0], f"{there[1]}&topic=flask-mail:ann")  # there, nobody logged out
    assert hub.broadcast("flask-mail:ann", emit_signals({"said": "mine"})) == 1
    assert b"mine" in next(back)
    assert hub.broadcast("user:ben", emit_signals({"said": "yours"})) == 1
    assert b"yours" in next(his)
    assert ben[0].get("/logout").text == "True"
    assert here[0].get("/logout").text == "True"  # nobody is signed in any more
    assert list(his) == []
    close_streams("ann")
    assert list(back) == []
