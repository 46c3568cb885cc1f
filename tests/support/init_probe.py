"""Run in a project after `nitro init`: its own tests, then the app as a visitor sees it.

``python init_probe.py framework module:attribute [path]`` runs the project's tests, and prints what
the framework's own client gets: the status of ``/events`` without a tab, that of a page that is registered
here as the framework's guide does it, whether that is a view, and the status of the path, if one is given.
One process, since imports are slow.
"""

# pyright: basic
from __future__ import annotations

import asyncio
import importlib
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

PAGE = "/about-nitro"
PATHS = ["/events", PAGE, *sys.argv[3:]]

Seen = list[tuple[int, str]]


def load(address: str) -> Any:
    module, _, name = address.partition(":")
    found = getattr(importlib.import_module(module), name)
    return found() if inspect.isfunction(found) else found


def run_tests() -> int:
    """Runs the project's tests; its modules are then imported anew, as a server would find them."""
    import pytest

    if Path("manage.py").is_file() and not Path("tests").is_dir():
        return subprocess.run([sys.executable, "manage.py", "test"], check=False).returncode
    before = set(sys.modules)
    code = int(pytest.main(["-q", "-p", "no:cacheprovider"]))
    here = str(Path.cwd()) if "django" not in sys.modules else "nowhere"  # it is configured once
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(here):
            del sys.modules[name]
    return code


def view() -> Any:
    from nitro import Page
    from nitro.html import P

    return Page(P("made by Nitro"), title="Probe")


def through_asgi(app: Any) -> Seen:
    import httpx

    async def run() -> Seen:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            answers = [await client.get(path) for path in PATHS]
        return [(answer.status_code, answer.text) for answer in answers]

    return asyncio.run(run())


def fastapi(app: Any) -> Seen:
    @app.get(PAGE)
    def page():  # noqa: ANN202 # FastAPI makes a view of what says nothing else
        return view()

    return through_asgi(app)


def starlette(app: Any) -> Seen:
    from nitro_runtime.adapters.starlette import reply

    async def page(request: Any) -> Any:
        return reply(request, view())

    app.add_route(PAGE, page)
    return through_asgi(app)


def fasthtml(app: Any) -> Seen:
    from nitro_runtime.adapters.fasthtml import reply

    def page(request):  # noqa: ANN001, ANN202 # FastHTML gives a request to what has no annotation
        return reply(request, view())

    app.get(PAGE)(page)
    return through_asgi(app)


def litestar(app: Any) -> Seen:
    from litestar import Request, get

    from nitro_runtime.adapters.litestar import reply

    async def page(request: Request) -> Any:  # pyright: ignore[reportMissingTypeArgument]
        return reply(request, view())

    page.__annotations__ = {"request": Request, "return": Any}
    app.register(get(PAGE)(page))
    return through_asgi(app)


def flask(app: Any) -> Seen:
    from nitro_runtime.adapters.flask import reply

    app.add_url_rule(PAGE, "page_of_the_probe", lambda: reply(None, view()))
    client = app.test_client()
    answers = [client.get(path) for path in PATHS]
    return [(answer.status_code, answer.text) for answer in answers]


def sanic(app: Any) -> Seen:
    from sanic_testing.testing import SanicASGITestClient

    from nitro_runtime.adapters.sanic import reply

    async def page(request: Any) -> Any:
        return reply(request, view())

    app.add_route(page, PAGE, name="page_of_the_probe")

    async def run() -> Seen:
        client: Any = SanicASGITestClient(app)
        answers = [(await client.get(path))[1] for path in PATHS]
        return [(answer.status, answer.text) for answer in answers]

    return asyncio.run(run())


def django(_: Any) -> Seen:
    from django.conf import settings
    from django.test import Client
    from django.urls import path

    from nitro_runtime.adapters.django import reply

    def page(request: Any) -> Any:
        return reply(request, view())

    settings.ALLOWED_HOSTS = ["*"]
    importlib.import_module(settings.ROOT_URLCONF).urlpatterns.insert(0, path(PAGE[1:], page))
    client: Any = Client()
    answers = [client.get(path) for path in PATHS]
    return [(answer.status_code, answer.content.decode()) for answer in answers]


if __name__ == "__main__":
    sys.path.insert(0, ".")
    own_tests = run_tests()
    probe = globals()[sys.argv[1]]
    (refused, _), (status, text), *others = probe(load(sys.argv[2]))
    statuses = [other for other, _ in others]
    print("tests:", own_tests, "probe:", refused, status, "made by Nitro" in text, *statuses)
