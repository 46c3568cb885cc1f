from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI

import nitro
from nitro_runtime import adapters
from nitro_runtime.adapters import adapter_for


class MyFramework:
    """The app of a framework that Nitro does not know."""


class MySubclass(MyFramework):
    pass


def test_a_subclass_is_served_by_the_adapter_of_its_framework() -> None:
    class Mine(FastAPI):
        pass

    assert adapter_for(Mine()).__name__ == "nitro_runtime.adapters.fastapi"


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
