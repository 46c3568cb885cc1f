"""How long the command takes, whole, as it is typed: to start, to make a project, to add a resource.

Beside it stand the programs that do the like. Copier and cookiecutter make the very project that
`nitro new` makes, from a local template; Django and uv make what they have to offer. Folders are made
and taken away outside of the times.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from benchmarks.frame import Comparison, Contender, WrongOutput

PROGRAMS = Path(sys.executable).parent
ROUNDS = 15
NAME = "shop"
SCAFFOLD = "generate scaffold Product name:str price:float"

BARE = '''"""The smallest program with two commands."""

import typer

app = typer.Typer()


@app.command()
def hello(name: str) -> None:
    """Greet."""
    typer.echo(f"Hello {name}")


@app.command()
def goodbye(name: str) -> None:
    """Part."""
    typer.echo(f"Goodbye {name}")


app()
'''


def comparisons() -> Iterator[Comparison]:
    """Yields one comparison of starts, one of new projects, one of additions to a project."""
    with TemporaryDirectory(prefix="nitro-start-") as folder:
        scratch = Path(folder)
        yield _starts(scratch)
        yield _new_projects(scratch / "new")
        yield _additions(scratch / "additions")


def _run(line: str, folder: Path) -> str:
    """Runs a program of this environment and returns what it said.

    Raises:
        WrongOutput: It failed.
    """
    program, *words = line.split()
    done = subprocess.run(
        [str(PROGRAMS / program), *words],
        cwd=folder,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise WrongOutput(f"{line}: {done.stdout}{done.stderr}")
    return done.stdout


@cache
def _environment() -> dict[str, str]:
    """Keeps compiled modules, as where a program was installed; a checkout may be told not to."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return environment | {
        "PYTHONPYCACHEPREFIX": str(Path(gettempdir(), "nitro-benchmarks-pycache"))
    }


def _starts(scratch: Path) -> Comparison:
    (scratch / "bare.py").write_text(BARE)
    lines = {
        "python -c pass": "python -c pass",
        "a bare Typer program --help": "python bare.py --help",
        "nitro --help": "nitro --help",
        "nitro generate --help": "nitro generate --help",
        "nitro types": "nitro types",
    }
    contenders: dict[str, Contender] = {
        name: lambda line=line: _run(line, scratch) for name, line in lines.items()
    }
    return Comparison(
        "the start of a command", contenders, "a bare Typer program --help", 1, ROUNDS, _all_said
    )


def _all_said(told: Mapping[str, object]) -> None:
    silent = [name for name, text in told.items() if not text and name != "python -c pass"]
    if silent:
        raise WrongOutput(f"{silent} said nothing")


# -- new projects -------------------------------------------------------------------------------


def _new_projects(scratch: Path) -> Comparison:
    scratch.mkdir()
    _run(f"nitro new {NAME} --framework fastapi", scratch)
    made = scratch.rename(scratch.with_name("made")) / NAME
    scratch.mkdir()
    copier, cookiecutter = scratch / "copier", scratch / "cookiecutter"
    _template(made, copier / "{{ name }}", "{{ name }}", ".jinja")
    (copier / "copier.yml").write_text(f"name: {{type: str, default: {NAME}}}\n")
    placed = cookiecutter / "{{ cookiecutter.name }}"
    _template(made, placed, "{{ cookiecutter.name }}", "")
    (cookiecutter / "cookiecutter.json").write_text(f'{{"name": "{NAME}"}}\n')
    lines = {
        "nitro new": f"nitro new {NAME} --framework fastapi",
        "copier copy": f"copier copy --defaults --quiet {copier} .",
        "cookiecutter": f"cookiecutter --no-input {cookiecutter}",
        "django-admin startproject": f"django-admin startproject {NAME}",
        "uv init": f"uv init --offline --no-workspace --vcs none --package {NAME}",
    }
    folders = {name: scratch / f"by {name}" for name in lines}
    return Comparison(
        "a new project",
        {name: _in_folder(line, folders[name]) for name, line in lines.items()},
        "nitro new",
        1,
        ROUNDS,
        _same_projects,
        before={name: _emptied(folder) for name, folder in folders.items()},
    )


def _template(project: Path, target: Path, name: str, suffix: str) -> None:
    """Writes the template of a project: the project's name is its one variable."""
    for source in (path for path in project.rglob("*") if path.is_file()):
        relative = str(source.relative_to(project)).replace(NAME, name)
        if relative.startswith(".nitro"):  # the command's own memory
            continue
        parts = source.read_text().split(NAME)
        text = f"{{% endraw %}}{name}{{% raw %}}".join(parts)
        file = target / f"{relative}{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{{% raw %}}{text}{{% endraw %}}\n")


def _in_folder(line: str, folder: Path) -> Callable[[], Path]:
    def call() -> Path:
        _run(line, folder)
        return folder

    return call


def _emptied(folder: Path) -> Callable[[], None]:
    def empty() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()

    return empty


def _same_projects(told: Mapping[str, object]) -> None:
    """Makes sure that Copier and cookiecutter wrote the files of `nitro new`, and the others any."""
    files = {name: _files(Path(str(folder))) for name, folder in told.items()}
    for name in ("copier copy", "cookiecutter"):
        if files[name] != files["nitro new"]:
            raise WrongOutput(f"{name} made {files[name]}, nitro new {files['nitro new']}")
    if not all(files.values()):
        raise WrongOutput(f"not all made a project: {files}")


def _files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and ".nitro" not in path.parts
    }


# -- additions ----------------------------------------------------------------------------------


def _additions(scratch: Path) -> Comparison:
    scratch.mkdir()
    _run(f"nitro new {NAME} --framework fastapi", scratch)
    lines = {
        "nitro generate scaffold": f"nitro {SCAFFOLD}",
        "nitro generate scaffold --dry-run": f"nitro {SCAFFOLD} --dry-run",
        "django-admin startapp": "django-admin startapp products",
    }
    folders = {name: scratch / f"by {name}" for name in lines}
    return Comparison(
        "one more resource",
        {name: _in_folder(line, folders[name]) for name, line in lines.items()},
        "django-admin startapp",
        1,
        ROUNDS,
        _all_added,
        before={name: _copied(scratch / NAME, folder) for name, folder in folders.items()},
    )


def _copied(project: Path, folder: Path) -> Callable[[], None]:
    def copy() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(project, folder)

    return copy


def _all_added(told: Mapping[str, object]) -> None:
    missing = [
        name
        for name, folder in told.items()
        if "--dry-run" not in name and not list(Path(str(folder)).rglob("products"))
    ]
    if missing:
        raise WrongOutput(f"{missing} added nothing")
