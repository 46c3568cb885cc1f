"""What strangers may try, beside what every server is held to by `nitro_runtime.testing.web_suite.gate`.

Random bodies and queries in process; memory under floods of names and sessions; raw connections, slow
ones and dropped cookies against real servers.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import re
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nitro_runtime.adapters import fastapi as fastapi_adapter
from nitro_runtime.adapters import flask as flask_adapter
from nitro_runtime.errors import (
    BrokenReference,
    BrokerUnavailable,
    DatabaseUnavailable,
    Duplicate,
    NitroError,
    NotFound,
    QueueUnavailable,
    Refused,
    StaleEntity,
)
from nitro_runtime.events import anyone, command, forget_command, on, query, registered
from nitro_runtime.events.bus import bus
from nitro_runtime.testing.serving import Served, serve
from nitro_runtime.testing.web_suite.client import FORM, JSON, Tab
from nitro_runtime.testing.web_suite.gate import INTERNAL, SENTENCE
from nitro_runtime.views import Page
from nitro_runtime.web import asgi, gate, replies, session
from nitro_runtime.web.command_endpoint import commands
from nitro_runtime.web.event_endpoint import events
from nitro_runtime.web.forms import Multi
from nitro_runtime.web.request import Request
from nitro_runtime.web.signals import parse_signals

APPS = Path(__file__).parents[2] / "conformance" / "apps"
FIVE_MEGABYTES = 5 * 1024 * 1024


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A key, limits of this test's own, and no command left behind."""
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")
    monkeypatch.setattr(gate, "commands", gate.RateLimit())
    monkeypatch.setattr(gate, "addresses", gate.RateLimit(per_second=500, burst=2_000))
    yield
    for name in registered():
        if name.startswith("threat."):
            forget_command(name)


def without_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "commands", gate.RateLimit(burst=1e12))


# -- random bodies and queries --------------------------------------------------------------------


def open_commands() -> None:
    @command("threat.number", allow=anyone)
    def number(n: int, price: float = 1.0) -> dict[str, float]:
        return {"n": n * 10, "price": price * 2}

    @command("threat.text", allow=anyone)
    async def text(text: str) -> dict[str, str]:
        return {"text": text.upper()}

    @command("threat.many", allow=anyone)
    async def many(rows: dict[str, list[int]], when: str | None = None) -> dict[str, Any]:
        return {"sum": sum(sum(row) for row in rows.values()), "when": when}

    @query("threat.find", allow=anyone)
    def find(word: str = "", limit: int = 10) -> dict[str, Any]:
        return {"word": word, "limit": limit * 2}


NAMES = ("threat.number", "threat.text", "threat.many", "threat.find")
FIELDS = ("n", "price", "text", "rows", "when", "word", "limit", "id", "__proto__")

numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([10**307, 10**309, 10**4299, -(10**400), 2**63, 1e308]),
)
texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["NaN", "1e999", "-Infinity", "9" * 4400, "9" * 400, "1_0", "٣", " 7 ", "\0"]),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(texts, st.sampled_from(FIELDS)), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip
objects = st.dictionaries(st.one_of(st.sampled_from(FIELDS), texts), values, max_size=4)
bodies = st.one_of(
    objects.map(lambda value: json.dumps(value).encode(errors="surrogatepass")),
    objects.map(lambda value: json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")),
    values.map(lambda value: json.dumps(value).encode()),
    objects.map(lambda value: json.dumps(value)[:-1].encode()),
    st.binary(max_size=60),
    st.integers(1, 3000).map(lambda depth: b'{"n":' * depth + b"1" + b"}" * depth),
)
forms = st.lists(st.tuples(st.sampled_from(FIELDS), texts), max_size=4).map(
    lambda pairs: "&".join(
        f"{name}={quote_plus(text, errors='surrogatepass')}" for name, text in pairs
    )
)


class InProcess:
    """An app that is called without a server: what leaves its handlers as an error is raised."""

    def __init__(self, send: Callable[..., tuple[int, str]]) -> None:
        self.send = send
        status, page = send("GET", "/", {}, b"")
        assert status == 200
        found = re.search(r"tab=([\w.-]{45})", page)
        assert found
        self.tab = found[1]


def on_fastapi() -> InProcess:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    app = FastAPI()
    fastapi_adapter.install(app)

    @app.get("/")
    def index() -> Page:
        return Page(title="Threats")

    client = TestClient(app)

    def send(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        answer = client.request(
            method, path, content=body or None, headers=headers, follow_redirects=False
        )
        return answer.status_code, answer.text

    return InProcess(send)


def on_flask() -> InProcess:
    from flask import Flask

    app = Flask("threats")
    app.testing = True  # so that errors are raised
    flask_adapter.install(app)

    @app.get("/")
    @flask_adapter.page
    def index() -> Page:
        return Page(title="Threats")

    client = app.test_client()

    def send(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        with client.open(path, method=method, data=body, headers=headers) as answer:
            return answer.status_code, answer.get_data(as_text=True)

    return InProcess(send)


@pytest.fixture(params=[on_fastapi, on_flask])
def app(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    open_commands()
    without_limit(monkeypatch)
    return request.param()


ALLOWED = {200, 303, 403, 404, 405, 413, 415, 422}
quickly = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def judge(answer: tuple[int, str]) -> None:
    status, text = answer
    assert status in ALLOWED, text
    assert not INTERNAL.search(text)
    assert status in {200, 303} or SENTENCE.fullmatch(text), text


@quickly
@given(name=st.sampled_from(NAMES), body=bodies)
def test_no_body_brings_a_command_down(app: InProcess, name: str, body: bytes) -> None:
    judge(app.send("POST", f"/cmds/{name}/{app.tab}", JSON, body))


@quickly
@given(name=st.sampled_from(NAMES), form=forms, kind=st.sampled_from(sorted(FORM.values())))
def test_no_form_brings_a_command_down(app: InProcess, name: str, form: str, kind: str) -> None:
    headers = {"content-type": kind, "sec-fetch-site": "same-origin"}
    judge(app.send("POST", f"/cmds/{name}/{app.tab}", headers, form.encode()))


@quickly
@given(query=st.one_of(forms, bodies.map(lambda body: f"datastar={quote_plus(body)}")))
def test_no_query_brings_one_down(app: InProcess, query: str) -> None:
    path = f"/cmds/threat.find/{app.tab}?{query}"
    judge(app.send("GET", path, {"datastar-request": "true"}, b""))
    judge(app.send("GET", f"/events?tab=x&{query}", {}, b""))


@quickly
@given(name=texts, tab=texts)
def test_no_address_brings_one_down(app: InProcess, name: str, tab: str) -> None:
    path = f"/cmds/{quote_plus(name[:200], errors='replace')}/{quote_plus(tab[:200], errors='replace')}"
    status, text = app.send("POST", path, JSON, b"{}")
    assert status in {403, 404, 405, 308}
    assert not INTERNAL.search(text)


@pytest.mark.parametrize("name", NAMES)
def test_a_body_that_is_too_long_is_refused_by_every_kind_of_command(
    app: InProcess, name: str
) -> None:
    for headers, spaces in itertools.product(
        (JSON, {**JSON, "content-type": "application/x-www-form-urlencoded"}), (65_537, 2_000_000)
    ):
        answer = app.send("POST", f"/cmds/{name}/{app.tab}", headers, b" " * spaces)
        judge(answer)
        assert answer[0] == 413


# -- floods ---------------------------------------------------------------------------------------


def called(
    name: str, tab: str, cookies: dict[str, str], body: bytes = b"{}", **more: Any
) -> Request:
    async def read(limit: int) -> bytes:
        return body

    params = {"command": name, "sender": tab}
    return Request("POST", "/", headers=JSON, cookies=cookies, params=params, read=read, **more)


def a_tab() -> tuple[str, dict[str, str]]:
    request = Request("GET", "/")
    made = session.new_tab(request)
    return made, {session.SESSION_COOKIE: session.session_id(request)}


def resident() -> int:
    """Bytes of memory that this process has now."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def refused_with(status: int, request: Request) -> None:
    coming = commands(request)
    try:
        coming.send(None)
    except Refused as error:
        assert error.status == status
    else:
        raise AssertionError(f"{request.params} was not refused")
    finally:
        coming.close()


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="Only Linux tells a process's size"
)
def test_a_hundred_thousand_random_names_leave_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_limit(monkeypatch)
    tab, cookies = a_tab()
    for n in range(2_000):  # what is made once
        refused_with(404, called(f"warm.up_{n}", tab, cookies))
    before = resident()
    for n in range(100_000):
        refused_with(404, called(f"random.name_{n}", tab, cookies))
    assert resident() - before < FIVE_MEGABYTES
    assert not bus.has_handlers("random.name_7")


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="Only Linux tells a process's size"
)
def test_a_hundred_thousand_sessions_and_networks_fill_no_limit() -> None:
    limits = gate.RateLimit(), gate.RateLimit()
    before = resident()
    for n in range(100_000):
        limits[0].spend(f"{n:022}")
        network = gate.network_of(f"{8 + n % 200}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}")
        if network:
            limits[1].spend(network)
    assert resident() - before < FIVE_MEGABYTES


def test_a_flood_of_foreign_tabs_is_refused_before_anything_is_kept() -> None:
    _, cookies = a_tab()
    foreign, _ = a_tab()
    for n in range(300):
        refused_with(403, called("threat.any", foreign, cookies))
        refused_with(403, called("threat.any", f"{n:022}.{'a' * 22}", cookies))
    limit: Any = gate.commands
    assert len(limit._buckets) == 0


# -- dropped cookies ------------------------------------------------------------------------------


def test_a_client_that_drops_its_cookies_is_limited_by_its_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate, "addresses", gate.RateLimit(per_second=0, burst=3))
    for _ in range(3):
        refused_with(404, called("threat.none", *a_tab(), address="8.8.8.8"))
    refused_with(429, called("threat.none", *a_tab(), address="8.8.8.8"))
    refused_with(404, called("threat.none", *a_tab(), address="8.8.4.4"))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("2001:4860:4860:1:2:3:4:5", "2001:4860:4860:1::/64"),
        ("127.0.0.1", None),
        ("10.1.2.3", None),
        ("100.64.0.1", None),
        ("::1", None),
        ("fe80::1%eth0", None),
        ("/run/nginx.sock", None),
        ("unknown", None),
        ("8.8.8.8, 1.1.1.1", None),
    ],
)
def test_a_network_is_told_by_public_addresses_only(address: str, network: str | None) -> None:
    assert gate.network_of(address) == network


def test_visitors_behind_a_proxy_that_hides_them_are_not_held_back_for_one_another() -> None:
    for _ in range(3_000):
        gate.check_rate(Request("POST", "/", address="127.0.0.1"))
        gate.check_rate(Request("POST", "/", address=""))
        gate.check_rate(Request("POST", "/", address="9" * 100_000))


async def test_streams_are_limited_by_network_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "addresses", gate.RateLimit(per_second=0, burst=1))
    with pytest.raises(Refused) as refused:
        await events(Request("GET", "/events", query=Multi([("tab", "x")]), address="8.8.8.8"))
    assert refused.value.status == 403
    with pytest.raises(Refused) as refused:
        await events(Request("GET", "/events", query=Multi([("tab", "x")]), address="8.8.8.8"))
    assert refused.value.status == 429
    assert ("retry-after", "1") in refused.value.headers


# -- what is told -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (NotFound("OrderLine", "<b>\r\n7"), 404, "There is no such order line."),
        (NotFound("Product"), 404, "There is no such product."),
        (Duplicate("OrderLine", "code"), 409, "Another order line has this code already."),
        (
            StaleEntity("Product", "7"),
            409,
            "The product was changed or deleted meanwhile; load the page again.",
        ),
        (
            BrokenReference("Product"),
            409,
            "The product cannot be stored or deleted: it refers to something that does not exist, "
            "or something else still refers to it.",
        ),
        (
            QueueUnavailable("redis://10.0.0.7:6379/0", "refused"),
            503,
            "The site cannot do this at the moment; try again shortly.",
        ),
        (
            DatabaseUnavailable("10.0.0.7 refused the user shop"),
            503,
            "The site cannot do this at the moment; try again shortly.",
        ),
        (
            BrokerUnavailable("redis://10.0.0.7 does not answer"),
            503,
            "The site cannot do this at the moment; try again shortly.",
        ),
    ],
)
def test_a_visitor_is_told_nothing_of_the_inside_and_the_log_is(
    error: NitroError, status: int, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    for headers in ({}, {"accept": "text/html"}, {"datastar-request": "true"}):
        reply = replies.refusal(Request("GET", "/", headers=headers), error)
        assert isinstance(reply.body, bytes)
        assert told in reply.body.decode()
        assert str(error) not in reply.body.decode()
        assert reply.status == (200 if headers.get("datastar-request") else status)
    assert (str(error) in caplog.text) is (status == 503)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"place": "x"}', "place: Input should be an object."),
        (b'{"place": {}}', "place.shelf: Field required."),
        (b'{"prices": {"\\u001b[31m\\r\\n": "x"}}', "prices: Input should be a valid integer"),
        (b'{"either": {"kind": "\\u001b[31m"}}', "either: Input has a tag that is not known here."),
        (b'{"price": "NaN"}', "price: Input should be a finite number, less than 1e308."),
        (b'{"exact": "1e999999"}', "exact: Input should be a finite number, less than 1e308."),
        (b'{"place": {"shelf": "%s"}}' % (b"9" * 400), "place: Input should be a finite number"),
    ],
)
async def test_a_refused_input_names_no_class_and_echoes_nothing(
    body: bytes, sentence: str
) -> None:
    from decimal import Decimal
    from typing import Annotated, Literal

    from pydantic import BaseModel, Field

    class Place(BaseModel):
        shelf: int

    class Here(BaseModel):
        kind: Literal["here"]

    class There(BaseModel):
        kind: Literal["there"]

    class Everything(BaseModel):
        place: Place | None = None
        prices: dict[str, int] = {}
        either: Annotated[Here | There, Field(discriminator="kind")] | None = None
        price: float = 0
        exact: Decimal = Decimal(0)

    @command("threat.everything", input=Everything, allow=anyone)
    async def everything(given: Everything) -> dict[str, Any]:
        return {"price": given.price}

    with pytest.raises(Refused) as refused:
        await commands(called("threat.everything", *a_tab(), body=body))
    told = str(refused.value)
    assert refused.value.status == 422
    assert told.startswith(sentence)
    assert told.isprintable()
    assert not re.search(r"\b(Place|Here|There|Everything)\b", told)


async def test_a_handler_of_an_event_is_never_reached() -> None:
    reached: list[str] = []

    @on("threat.internal")
    def internal() -> None:
        reached.append("internal")

    for name in ("threat.internal", "threat.*", "product.created"):
        with pytest.raises(Refused) as refused:
            await commands(called(name, *a_tab()))
        assert refused.value.status == 404
    assert reached == []


@pytest.mark.parametrize("digits", [309, 400, 4299, 5000])
def test_a_number_that_javascript_has_not_is_refused_in_signals(digits: int) -> None:
    for text in (
        f'{{"n": {"9" * digits}}}',
        f'{{"n": -{"9" * digits}}}',
        f'{{"n": [{"9" * digits}.5]}}',
    ):
        with pytest.raises(Refused):
            parse_signals(text)
    assert parse_signals(f'{{"n": {"9" * 308}, "text": "{"9" * digits}"}}')["n"] == int("9" * 308)


# -- slow and strange connections -------------------------------------------------------------------


class Gone(Exception):
    """What a framework raises when its client left."""


class Trickling:
    """A framework's request whose body does not come."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers
        self.closed = False

    async def body(self) -> bytes:
        return b"".join([piece async for piece in self.stream()])

    async def stream(self) -> AsyncIterator[bytes]:
        try:
            yield b"{"
            await asyncio.Event().wait()
        finally:
            self.closed = True


@pytest.mark.parametrize("headers", [{}, {"content-length": "5"}])
async def test_a_body_that_does_not_come_is_given_up(
    headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.01)
    request = Trickling(headers)
    with pytest.raises(Refused) as refused:
        await asgi.read_request(request, Gone, 100)
    assert refused.value.status == 408
    assert ("connection", "close") in refused.value.headers
    assert request.closed


def test_a_header_that_came_twice_hides_nothing() -> None:
    pairs = [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-origin")]
    headers = asgi.joined([*pairs, ("cookie", "a=1"), ("cookie", "b=2")])
    assert headers == {"sec-fetch-site": "cross-site, same-origin", "cookie": "a=1; b=2"}
    with pytest.raises(Refused):
        gate.check(Request("POST", "/", headers=headers))


SERVERS = {
    "fastapi": "uvicorn on_fastapi:app --host 127.0.0.1 --port {port}",
    "flask": "gunicorn on_flask:app --bind 127.0.0.1:{port} --worker-class gthread --threads 4",
}


@pytest.fixture(scope="module", params=SERVERS)
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    words = [sys.executable, "-m", *SERVERS[request.param].split()]
    given = {"NITRO_SECRET_KEY": "a key for the suite alone", "NITRO_SUITE_STREAMS": "50"}
    with serve(words, cwd=APPS, environment=given) as served:
        yield served


@pytest.fixture
def tab(served: Served) -> Iterator[Tab]:
    with httpx.Client(base_url=served.url, timeout=10) as client:
        yield Tab(client)


def talk(served: Served, sent: bytes, seconds: float = 5) -> bytes:
    """Sends bytes as they are, and returns all that comes until the server has no more to say."""
    host, port = urlsplit(served.url).hostname, urlsplit(served.url).port
    with closing(socket.create_connection((host, port), timeout=seconds)) as connection:
        connection.sendall(sent)
        with suppress(OSError):  # a server may reset what it refuses
            connection.shutdown(socket.SHUT_WR)
        answer = bytearray()
        with suppress(OSError):
            while piece := connection.recv(65536):
                answer += piece
    return bytes(answer)


def cookie_of(tab: Tab) -> str:
    return f"{session.SESSION_COOKIE}={tab.client.cookies[session.SESSION_COOKIE]}"


def test_smuggled_requests_run_no_command(served: Served, tab: Tab) -> None:
    address = f"/cmds/suite.create/{tab.id}"
    own = f"Host: 127.0.0.1\r\nCookie: {cookie_of(tab)}\r\nDatastar-Request: true\r\n"
    body = '{"name": "smuggled"}'
    kind = "Content-Type: application/json\r\n"
    inner = f"POST {address} HTTP/1.1\r\n{own}{kind}Content-Length: {len(body)}\r\n\r\n{body}"
    hidden = (
        # a body with two lengths; a request in the body of a chunked one; a line end in a header
        f"POST /cmds/suite.none/{tab.id} HTTP/1.1\r\n{own}{kind}"
        f"Content-Length: 2\r\nContent-Length: {len(inner)}\r\n\r\n{inner}",
        f"POST /cmds/suite.none/{tab.id} HTTP/1.1\r\n{own}{kind}Content-Length: {len(inner)}\r\n"
        f"Transfer-Encoding: xchunked\r\n\r\n{inner}",
        f"POST {address} HTTP/1.1\r\n{own}Sec-Fetch-Site: cross-site\r\nSec-Fetch-Site: same-origin"
        f"\r\n{kind}Content-Length: {len(body)}\r\n\r\n{body}",
        f"POST {address} HTTP/1.1\r\n{own}Origin: http://evil.example\r\nOrigin: http://127.0.0.1\r\n"
        f"{kind}Content-Length: {len(body)}\r\n\r\n{body}",
        f"POST {address} HTTP/1.1\r\n{own}{kind}Content-Length: -1\r\n\r\n{body}",
        f"POST {address} HTTP/1.1\r\n{own}{kind}Content-Length: 1e1\r\n\r\n{body}",
        f"POST {address} HTTP/1.1\r\n{own}{kind}Transfer-Encoding: chunked\r\n\r\nzz\r\n{body}\r\n",
    )
    for sent in hidden:
        answer = talk(served, sent.encode("latin-1"))
        assert b"HTTP/1.1 500" not in answer, sent[:80]
        assert b"Traceback" not in answer
    assert "smuggled" not in tab.client.get("/").text


def test_a_body_that_ends_early_runs_nothing(served: Served, tab: Tab) -> None:
    head = (
        f"POST /cmds/suite.create/{tab.id} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie_of(tab)}\r\n"
        "Datastar-Request: true\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n"
    )
    talk(served, f'{head}{{"name": "truncated"}}'.encode())
    assert "truncated" not in tab.client.get("/").text


def test_slow_bodies_hold_nobody_up(served: Served, tab: Tab) -> None:
    host, port = urlsplit(served.url).hostname, urlsplit(served.url).port
    head = (
        f"POST /cmds/suite.restock/{tab.id} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Cookie: {cookie_of(tab)}\r\nDatastar-Request: true\r\n"
        'Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{"quantity"'
    ).encode()
    slow = [socket.create_connection((host, port), timeout=5) for _ in range(3)]
    try:
        for connection in slow:
            connection.sendall(head)
        answers: list[int] = []

        def ask() -> None:
            answers.append(tab.command("suite.restock", {"quantity": 5}).status_code)

        others = [threading.Thread(target=ask) for _ in range(5)]
        for other in others:
            other.start()
        for other in others:
            other.join(5)
        assert answers == [200] * 5
        slow[0].sendall(b": 7}")
        answer = b""
        while b'{"stock":7}' not in answer:
            piece = slow[0].recv(65536)
            assert piece, answer
            answer += piece
    finally:
        for connection in slow:
            connection.close()


def test_dropped_cookies_are_no_way_round_the_limit(served: Served) -> None:
    if "uvicorn" not in str(served.process.args):
        pytest.skip("This server is told by no header from where a request comes.")
    answers: list[httpx.Response] = []
    with httpx.Client(base_url=served.url, timeout=10) as client:
        for _ in range(8):
            client.cookies.clear()
            tab = Tab(client)
            named = {"x-forwarded-for": "8.8.8.8"}  # fewer than one session may
            answers += [tab.command("suite.none", {}, **named) for _ in range(50)]
        assert {answer.status_code for answer in answers} == {404, 429}
        refused = [answer for answer in answers if answer.status_code == 429]
        assert {answer.headers["retry-after"] for answer in refused} == {"1"}
        assert (
            Tab(client).command("suite.none", {}, **{"x-forwarded-for": "8.8.4.4"}).status_code
            == 404
        )
