import importlib
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("module", "program"), [("framework_load", "wrk"), ("live_latency", "Chromium")]
)
def test_without_its_program_a_comparison_is_one_sentence(
    module: str, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    (told,) = importlib.import_module(f"benchmarks.{module}").tables(None)
    assert told.startswith(f"{program} is not installed")
