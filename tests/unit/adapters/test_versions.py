from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest

from nitro_runtime.adapters import versions
from nitro_runtime.adapters.versions import FRAMEWORKS, Framework, supported
from nitro_runtime.errors import ConfigurationError, MissingExtra

MINE = Framework("Mine", "mine", "mine-framework", "2.10", "nitro-mine")


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_framework_that_is_not_installed_is_one_sentence_that_names_the_extra(name: str) -> None:
    code = f"import sys; sys.modules[{name!r}] = None; import nitro_runtime.adapters.{name}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr.splitlines()[-1] == (
        f"nitro_runtime.errors.MissingExtra: {FRAMEWORKS[name].title} is not installed; "
        f"install it with: pip install 'nitro-kit[{name}]'"
    )


def test_a_plugins_missing_framework_is_an_import_error_without_an_extra() -> None:
    with pytest.raises(ImportError, match="No module named 'mine'"), supported(MINE):
        raise ModuleNotFoundError("No module named 'mine'", name="mine")


def test_what_a_framework_itself_lacks_is_told_as_it_is() -> None:
    with pytest.raises(ModuleNotFoundError, match="other") as told, supported("flask"):
        raise ModuleNotFoundError("No module named 'other'", name="other")
    assert not isinstance(told.value, MissingExtra)


@pytest.mark.parametrize("found", ["2.9", "2", "1.99.99", "2.9.7rc1", "v2.9"])
def test_a_version_that_is_too_old_is_one_sentence(
    found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "version", lambda _: found)
    with pytest.raises(ConfigurationError) as told, supported(MINE):
        pytest.fail("nothing of it is imported")
    assert str(told.value) == (
        f"Mine {found} is too old for Nitro, which needs 2.10 or newer; "
        "upgrade it with: pip install -U 'nitro-mine'"
    )


@pytest.mark.parametrize("found", ["2.10", "2.10.0", "2.11", "3", "2.10rc1"])
def test_a_version_that_is_new_enough_is_let_in(
    found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "version", lambda _: found)
    with supported(MINE):
        pass


def test_a_framework_without_metadata_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_version(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(versions, "version", no_version)
    with supported(MINE):
        pass
