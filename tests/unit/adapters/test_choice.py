from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

import pytest
from asgiref.wsgi import WsgiToAsgi
from fastapi import FastAPI
from fasthtml.core import FastHTML
from flask import Flask
from litestar import Litestar
from sanic import Sanic
from starlette.applications import Starlette

import nitro
from nitro_runtime import adapters
from nitro_runtime.adapters import adapter_for, versions
from nitro_runtime.errors import ConfigurationError


class MyFramework:
    """The app of a framework that Nitro does not know."""


class MySubclass(MyFramework):
    pass


def module_of(app: object) -> str:
    return vars(adapter_for(app))["__name__"]


def test_a_subclass_is_served_by_the_adapter_of_its_framework() -> None:
    class Mine(FastAPI):
        pass

    assert module_of(Mine()) == "nitro_runtime.adapters.fastapi"


def test_a_package_may_bring_an_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[tuple[Any, ...]] = []
    module = ModuleType("my_adapter")
    module.install = lambda app, **options: installed.append((app, options["prefix"]))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "my_adapter", module)
    package = MyFramework.__module__.partition(".")[0]
    point = EntryPoint(f"{package}.MyFramework", "my_adapter", "nitro.adapters")
    monkeypatch.setattr(adapters, "entry_points", lambda group: [point])
    app = MySubclass()
    nitro.install(app, prefix="/live")
    assert installed == [(app, "/live")]


@pytest.mark.parametrize(
    ("app", "module"),
    [
        (Starlette(), "starlette"),
        (FastAPI(), "fastapi"),
        (FastHTML(secret_key="the key of this app"), "fasthtml"),
        (Flask("chosen"), "flask"),
        (Sanic("chosen"), "sanic"),
        (Litestar([]), "litestar"),
    ],
)
def test_each_framework_has_its_own_adapter(app: Any, module: str) -> None:
    assert module_of(app) == f"nitro_runtime.adapters.{module}"


@pytest.mark.parametrize("kind", ["asgi.ASGIHandler", "wsgi.WSGIHandler"])
def test_djangos_handlers_have_djangos_adapter(kind: str) -> None:
    module, _, name = kind.partition(".")
    handler = getattr(import_module(f"django.core.handlers.{module}"), name)
    app = object.__new__(handler)  # making one would need Django's settings
    assert module_of(app) == "nitro_runtime.adapters.django"


def test_something_wrapped_around_an_app_is_named_and_so_is_what_to_do() -> None:
    app = WsgiToAsgi(Flask("wrapped"))
    with pytest.raises(ConfigurationError) as told:
        nitro.install(app)
    sentence = str(told.value)
    assert "no adapter for an app of type asgiref.WsgiToAsgi" in sentence
    assert "flask.Flask" in sentence
    assert sentence.endswith("Give it the app itself, before anything is wrapped around it.")


@pytest.mark.parametrize(
    ("module", "app", "sentence"),
    [
        ("flask", FastAPI(), "for an app of type Flask and was given a FastAPI of fastapi"),
        (
            "flask",
            Flask("x").wsgi_app,
            "for an app of type Flask and was given a method of builtins",
        ),
        ("fastapi", Flask("x"), "for an app of type FastAPI and was given a Flask of flask"),
        (
            "fastapi",
            Starlette(),
            "for an app of type FastAPI and was given a Starlette of starlette",
        ),
        ("starlette", Flask("x"), "for an app of type Starlette and was given a Flask of flask"),
        ("fasthtml", FastAPI(), "for an app of type FastHTML and was given a FastAPI of fastapi"),
    ],
)
def test_an_app_given_to_another_frameworks_adapter_is_a_clear_error(
    module: str, app: Any, sentence: str
) -> None:
    adapter = import_module(f"nitro_runtime.adapters.{module}")
    with pytest.raises(ConfigurationError, match=sentence) as told:
        adapter.install(app)
    assert str(told.value).endswith("nitro.install(app) finds the right adapter.")


@pytest.fixture
def old_flask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "nitro_runtime.adapters.flask", raising=False)
    monkeypatch.setattr(versions, "version", lambda _: "2.3.1")


@pytest.mark.usefixtures("old_flask")
def test_a_framework_that_is_too_old_is_told_by_install() -> None:
    with pytest.raises(
        ConfigurationError, match=r"Flask 2\.3\.1 is too old .* needs 3\.1 or newer"
    ):
        nitro.install(Flask("old"))
