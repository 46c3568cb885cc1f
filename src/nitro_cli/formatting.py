"""Formats generated Python as the project does: imports sorted, lines wrapped, by its own ruff rules.

All files of a plan are formatted in one call, in a scratch folder that looks like the project, so
names of any length come out as `ruff format --check` wants them.
"""

from __future__ import annotations

import ast
import logging
import shutil
import subprocess
import sysconfig
import tempfile
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from nitro_runtime.errors import ConfigurationError

log = logging.getLogger(__name__)

Sources = Mapping[str, str]
"""Texts by their paths from the project's folder."""

_CONFIGURATIONS = (".ruff.toml", "ruff.toml", "pyproject.toml")
SOURCE_FOLDER = "src"
_BAD_CONFIGURATION = 2
"""What ruff exits with when it could not even begin."""


def format_sources(sources: Sources, root: Path, *, tidy: Collection[str] = ()) -> dict[str, str]:
    """Returns the texts, the Python ones with sorted imports and formatted.

    Args:
        sources: The texts. A ``pyproject.toml`` among them decides for a project that has none yet.
        root: The project's folder; nothing is written in it.
        tidy: The paths of those that templates made, which lose the imports that they do not use.

    Raises:
        ConfigurationError: ruff is not there, or no temporary file can be written.
        SyntaxError: A text is not Python; a template is wrong.
    """
    python = {path: text for path, text in sources.items() if path.endswith(".py")}
    if not python:
        return dict(sources)
    trees = [_checked(text, path) for path, text in python.items()]
    own = any(path in _CONFIGURATIONS for path in sources)
    users = [path for path in python if path not in tidy]
    try:
        with tempfile.TemporaryDirectory(prefix="nitro-") as folder:
            scratch = Path(folder)
            _lay_out(scratch, sources, root)
            _mark_own_modules(scratch, root, trees)
            _run_ruff(scratch, None if own else _configuration(root), users)
            return {path: _result(scratch, path, text) for path, text in sources.items()}
    except OSError as error:
        reason = error.strerror or error
        raise ConfigurationError(
            f"Nothing was changed: the folder for temporary files cannot be used ({reason}). Make "
            "room there, or name another in TMPDIR."
        ) from error


def _checked(text: str, path: str) -> ast.Module:
    tree = ast.parse(text, path)
    compile(tree, path, "exec", dont_inherit=True)  # finds what no grammar forbids
    return tree


def _result(scratch: Path, path: str, text: str) -> str:
    if not path.endswith(".py"):
        return text
    with (scratch / path).open(encoding="utf-8", newline="") as file:
        return file.read()


def _lay_out(scratch: Path, sources: Sources, root: Path) -> None:
    """Writes the texts, and marks the project's own packages so that imports sort as theirs."""
    for folder in ("", SOURCE_FOLDER):
        for package in _packages(root / folder):
            (scratch / folder / package).mkdir(parents=True, exist_ok=True)
            (scratch / folder / package / "__init__.py").touch()
    for path, text in sources.items():
        if path.endswith(".py") or path in _CONFIGURATIONS:
            target = scratch / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="")


def _mark_own_modules(scratch: Path, root: Path, trees: Iterable[ast.Module]) -> None:
    """Makes what the texts import of the project: ruff looks for the very module to know whose it is."""
    for module in _own_modules(trees, root):
        if not (scratch / module).exists():
            (scratch / module).parent.mkdir(parents=True, exist_ok=True)
            (scratch / module).touch()


def _own_modules(trees: Iterable[ast.Module], root: Path) -> list[Path]:
    """Returns the files of the project that the texts import, from the project's folder."""
    named: set[str] = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                named.add(node.module)
            elif isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
    files = [Path(f, *name.split(".")) for name in named for f in ("", SOURCE_FOLDER)]
    return [f.with_suffix(".py") for f in files if (root / f.with_suffix(".py")).is_file()]


def _packages(folder: Path) -> list[str]:
    entries = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return [path.name for path in entries if path.name.isidentifier() and not _holds_packages(path)]


def _holds_packages(folder: Path) -> bool:
    """Whether a folder is no package itself but the place of packages."""
    return folder.name == SOURCE_FOLDER and not (folder / "__init__.py").exists()


def _configuration(root: Path) -> Path | None:
    """Returns the file that ruff takes its rules from for this project, or None."""
    for folder in (root, *root.absolute().parents):
        for name in _CONFIGURATIONS:
            source = folder / name
            if source.is_file() and (name != "pyproject.toml" or _has_ruff(source)):
                return source
    return None


def _has_ruff(source: Path) -> bool:
    try:
        return "ruff" in tomllib.loads(source.read_text(encoding="utf-8")).get("tool", {})
    except (ValueError, OSError):
        return False


def _run_ruff(scratch: Path, configuration: Path | None, users: Sequence[str]) -> None:
    chosen = ["--config", str(configuration.absolute())] if configuration else []
    check = ["check", "--select", "I,F401", "--fix-only", "--quiet"]
    if users:
        check += ["--per-file-ignores", ",".join(f"{path}:F401" for path in users)]
    for words in (check, ["format", "--quiet"]):
        done = _ruff([*words, *chosen], scratch)
        if done.returncode == _BAD_CONFIGURATION and chosen:
            log.warning("ruff cannot use %s: %s", configuration, done.stderr.strip())
            done = _ruff([*words, "--isolated"], scratch)
        if done.returncode:
            said = " ".join((done.stderr or done.stdout).split())
            raise ConfigurationError(f"Nothing was changed: ruff failed: {said}")


def _ruff(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 # our own dependency
        [_program(), *words, "--no-cache", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def _program() -> str:
    """Returns where ruff is: beside this Python, where its wheel puts it, or on the path."""
    beside = Path(sysconfig.get_path("scripts")) / f"ruff{sysconfig.get_config_var('EXE') or ''}"
    found = str(beside) if beside.is_file() else shutil.which("ruff")
    if found is None:
        raise ConfigurationError("ruff is not installed; install it: pip install ruff")
    return found
