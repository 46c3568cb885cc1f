"""A framework that a plugin brings passes the suite: nothing of Nitro knows its name."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import pytest
from plugins import EXAMPLES, installed


def own_suite() -> ModuleType:
    """The plugin's own test, which has the suite run over it."""
    file = EXAMPLES / "nitro-quart" / "tests" / "test_quart.py"
    spec = spec_from_file_location("suite_of_nitro_quart", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestQuartOnHypercorn(own_suite().TestQuartOnHypercorn):
    """As if the plugin were installed, so that its entry points are found."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def plugin(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.mktemp("plugin") / "site"
        cls.environment = {"PYTHONPATH": installed("nitro-quart", folder)}
