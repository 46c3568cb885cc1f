"""Formatting of generated source, by the project's own rules."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from nitro_cli import formatting
from nitro_cli.formatting import format_sources
from nitro_runtime.errors import ConfigurationError

UGLY = "import shop.b\nimport sys\nfrom nitro import b\nfrom nitro import a\nx = {'a':1}\n"


def test_imports_are_sorted_with_the_projects_own_last_and_lines_formatted(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    done = format_sources({"shop/a.py": UGLY, "notes.md": "#  as it is"}, tmp_path)
    assert done["shop/a.py"] == (
        'import sys\n\nfrom nitro import a, b\n\nimport shop.b\n\nx = {"a": 1}\n'
    )
    assert done["notes.md"] == "#  as it is"


def test_only_what_a_template_made_loses_the_imports_that_it_does_not_use(tmp_path: Path) -> None:
    source = "import json\nimport sys\n\nprint(sys.path)\n"
    done = format_sources({"made.py": source, "theirs.py": source}, tmp_path, tidy={"made.py"})
    assert done == {"made.py": "import sys\n\nprint(sys.path)\n", "theirs.py": source}


def test_the_rules_of_the_nearest_configuration_hold(tmp_path: Path) -> None:
    (tmp_path / "ruff.toml").write_text('[format]\nquote-style = "single"\n')
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "pyproject.toml").write_text('[project]\nname = "x"\n')
    done = format_sources({"a.py": 'x = "a"\n'}, tmp_path / "project")
    assert done["a.py"] == "x = 'a'\n"


def test_a_new_project_is_formatted_by_the_rules_it_brings(tmp_path: Path) -> None:
    (tmp_path / "ruff.toml").write_text('[format]\nquote-style = "single"\n')
    sources = {
        "pyproject.toml": "[tool.ruff]\nline-length = 18\n",
        "a.py": "x = ['aaaa', 'bbbb']\n",
    }
    done = format_sources(sources, tmp_path / "new")
    assert done["a.py"] == 'x = [\n    "aaaa",\n    "bbbb",\n]\n'
    assert not (tmp_path / "new").exists()


def test_a_configuration_that_ruff_refuses_is_told_and_the_default_is_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "ruff.toml").write_text("no-such-rule = 1\n")
    with caplog.at_level(logging.WARNING):
        assert format_sources({"a.py": "x = 'a'\n"}, tmp_path)["a.py"] == 'x = "a"\n'
    assert "no-such-rule" in caplog.text


def test_a_template_that_makes_no_python_is_a_bug_and_shows_where(tmp_path: Path) -> None:
    with pytest.raises(SyntaxError, match=r"b\.py"):
        format_sources({"a.py": "x = 1\n", "b.py": "def (:\n"}, tmp_path)


def test_without_python_nothing_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("ruff was run")

    monkeypatch.setattr(formatting, "_run_ruff", never)
    assert format_sources({"a.md": "x"}, tmp_path) == {"a.md": "x"}


def test_a_missing_ruff_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatting.sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setattr(formatting.shutil, "which", lambda _: None)
    with pytest.raises(ConfigurationError, match="pip install ruff"):
        format_sources({"a.py": "x = 1\n"}, tmp_path)


@pytest.mark.parametrize("place", ["", "src"])
def test_what_is_the_projects_own_is_told_from_its_files(tmp_path: Path, place: str) -> None:
    for path in ("shop/products/handlers.py", "models.py"):
        (tmp_path / place / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place / path).touch()
    text = "import pytest\n\nimport models\nfrom shop.products.handlers import notify\n"
    assert format_sources({"tests/test_it.py": text}, tmp_path)["tests/test_it.py"] == text
