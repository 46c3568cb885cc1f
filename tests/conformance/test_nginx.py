"""Behind Debian's nginx, configured as the reference page of servers shows it: streams flow."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import httpx
import pytest
from matrix import APPS, MATRIX, Row

from nitro_runtime.testing.serving import Served, free_port, serve
from nitro_runtime.testing.web_suite import Tab, read_until
from nitro_runtime.testing.web_suite.compression import Compression
from nitro_runtime.testing.web_suite.streams import LiveStreams, Streams
from nitro_runtime.testing.web_suite.uploads import LongUploads, Uploads

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "servers.md"

# One process without workers of its own, so that it needs no other user, and leaves none behind.
AROUND = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {servers}
}}
"""


def shown_server() -> str:
    """The configuration that the page shows."""
    found = re.search(r"```nginx\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    return found[1]


def here(server: str, listen: str, upstream: str) -> str:
    """The shown configuration for another address, before another app."""
    assert server.count("listen 443 ssl http2;") == 1
    assert server.count("http://127.0.0.1:8000;") == 1
    return server.replace("listen 443 ssl http2;", f"listen {listen};").replace(
        "http://127.0.0.1:8000;", f"{upstream};"
    )


@dataclass(frozen=True)
class Secret:
    """A certificate for 127.0.0.1, and who made it: itself."""

    certificate: Path
    key: Path


@pytest.fixture(scope="session")
def secret(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]) -> Secret:
    if not (openssl := shutil.which("openssl")):
        missing("openssl is not installed; it makes the certificate of this test.")
    folder = tmp_path_factory.mktemp("secret")
    made = Secret(folder / "shop.pem", folder / "shop.key")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:TRUE"),
            *("-keyout", str(made.key), "-out", str(made.certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return made


@dataclass(frozen=True)
class Proxied:
    """An app behind nginx.

    Attributes:
        plain: Its address over HTTP/1.1.
        secure: Its address over TLS.
    """

    plain: str
    secure: str


@contextmanager
def nginx(folder: Path, app: str, secret: Secret, left_out: str) -> Generator[Proxied]:
    """Runs nginx before an app for a block; a line of what the page shows may be left out."""
    ports = free_port(), free_port()
    shown = shown_server()
    assert left_out in shown
    shown = shown.replace(left_out, "") if left_out else shown
    without_tls = "\n".join(line for line in shown.splitlines() if "ssl_cert" not in line)
    with_tls = shown.replace("/etc/ssl/shop.pem", str(secret.certificate))
    with_tls = with_tls.replace("/etc/ssl/shop.key", str(secret.key))
    servers = here(without_tls, f"127.0.0.1:{ports[0]}", app)
    servers += here(with_tls, f"127.0.0.1:{ports[1]} ssl http2", app)
    configuration = folder / "nginx.conf"
    configuration.write_text(AROUND.format(folder=folder, servers=servers))
    command = [NGINX, "-p", str(folder), "-e", "stderr", "-c", str(configuration)]
    with serve(command, cwd=folder, port=ports[0]) as served:
        yield Proxied(f"http://127.0.0.1:{ports[0]}", f"https://127.0.0.1:{ports[1]}")
        _, code = served.stop()
        assert (code, "[emerg]" in served.log()) == (0, False), served.log()


class Behind(Streams, LiveStreams, Compression, Uploads, LongUploads):
    """The app of a row behind nginx, over HTTP/1.1."""

    row: ClassVar[Row]
    cwd = APPS
    address = "plain"
    left_out = ""

    @classmethod
    def serving(cls, *args: Any, **options: Any) -> Any:
        cls.command, cls.capabilities = cls.row.command, cls.row.capabilities
        return super().serving(*args, **options)

    @pytest.fixture(scope="class")
    @classmethod
    def served(
        cls,
        tmp_path_factory: pytest.TempPathFactory,
        secret: Secret,
        missing: Callable[[str], NoReturn],
    ) -> Iterator[Served]:
        if not os.access(NGINX, os.X_OK):
            missing("nginx is not installed; with Debian: apt-get install nginx-light.")
        cls.trusted = ssl.create_default_context(cafile=secret.certificate)
        folder = tmp_path_factory.mktemp("nginx")
        with cls.serving() as app, nginx(folder, app.url, secret, cls.left_out) as proxied:
            yield Served(getattr(proxied, cls.address), app.process, app.output)

    def test_the_app_knows_what_the_browser_named(self, client: httpx.Client) -> None:
        told = client.get("/echo/x").json()
        url = client.base_url
        assert (told["scheme"], told["host"]) == (url.scheme, url.netloc.decode())

    def test_a_form_post_is_let_in_by_its_origin(self, client: httpx.Client) -> None:
        own = str(client.base_url).rstrip("/")
        response = client.post("/items", data={"name": "Lamp"}, headers={"origin": own})
        assert (response.status_code, response.headers["location"]) == (303, "/")
        assert "Lamp created" in client.get("/").text
        for foreign in ("https://evil.example", own.rpartition(":")[0], f"{own}0", "null"):
            response = client.post("/items", data={"name": "x"}, headers={"origin": foreign})
            assert response.status_code == 403, foreign

    def test_a_command_is_run(self, tab: Tab) -> None:
        response = tab.command("suite.restock", {"quantity": 5})
        assert 'signals {"stock":5}' in response.text


class BehindTls(Behind):
    """The same over TLS and HTTP/2."""

    address = "secure"
    trusted: ClassVar[ssl.SSLContext]

    @classmethod
    def browser(cls, url: str) -> httpx.Client:
        return httpx.Client(base_url=url, timeout=10, verify=cls.trusted, http2=True, http1=False)

    def test_a_page_comes_over_http_2_with_a_cookie_for_https_alone(
        self, client: httpx.Client
    ) -> None:
        response = client.get("/")
        assert response.http_version == "HTTP/2"
        assert response.headers["set-cookie"].endswith("; HttpOnly; SameSite=Lax; Secure")

    def test_the_streams_of_many_tabs_share_one_connection(self, client: httpx.Client) -> None:
        with ExitStack() as stack:
            tabs = [Tab(client) for _ in range(10)]
            streams = [stack.enter_context(tab.stream([])) for tab in tabs]
            for chunks in streams:
                read_until(chunks, "retry")
            for tab, chunks in zip(tabs, streams, strict=True):
                client.get(f"/tell/{tab.id}/loop")
                assert tab.id in read_until(chunks, "told")


def row_of(framework: str, server: str) -> Row:
    [row] = [r for r in MATRIX if (r.framework, r.server.name) == (framework, server)]
    return row


class TestFastAPIBehindNginx(Behind):
    row = row_of("FastAPI", "uvicorn")


class TestFastAPIBehindNginxWithTls(BehindTls):
    row = row_of("FastAPI", "uvicorn")


class TestFlaskBehindNginx(Behind):
    row = row_of("Flask", "gunicorn")


class TestFlaskBehindNginxWithTls(BehindTls):
    row = row_of("Flask", "gunicorn")


class TestFastAPIBehindNginxAsItComes(Behind):
    """It asks the app over HTTP/1.0, and holds back what does not say that it must not."""

    row = row_of("FastAPI", "uvicorn")
    left_out = "proxy_http_version 1.1;"


class TestFlaskBehindNginxAsItComes(Behind):
    """The same before threads."""

    row = row_of("Flask", "gunicorn")
    left_out = "proxy_http_version 1.1;"
