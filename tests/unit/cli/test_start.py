"""How the program starts: names, help, what it imports, and how quickly."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from nitro_cli.main import COMMANDS, main
from nitro_runtime import __version__

HEAVY = ("jinja2", "rich", "sqlalchemy", "sqlmodel", "alembic", "copier")


def nitro(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nitro_cli", *words],
        capture_output=True,
        text=True,
        env={**os.environ, **environ},
        check=False,
    )


def test_help_lists_every_command_with_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    out = capsys.readouterr().out
    assert ended.value.code == 0
    for entry in COMMANDS:
        assert f"  {entry.name} " in out


@pytest.mark.parametrize("entry", [pytest.param(e, id=e.name) for e in COMMANDS])
def test_every_command_of_the_table_has_help(
    entry: object, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([getattr(entry, "name", ""), "--help"])
    assert ended.value.code == 0
    assert "Usage: nitro " in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"nitro {__version__}\n"


def test_an_unknown_command_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["generat", "scaffold"])
    assert ended.value.code == 2
    assert "There is no command 'generat'. Did you mean 'generate'?" in capsys.readouterr().err


def test_the_beginning_of_a_command_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["Gen"])
    assert "There is no command 'Gen'. Did you mean 'generate'?" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], *([entry.name] for entry in COMMANDS)])
def test_help_fits_a_terminal_and_no_line_is_cut(words: list[str]) -> None:
    said = nitro(*words, "--help", COLUMNS="80").stdout
    assert max(map(len, said.splitlines())) <= 80
    assert not any(line.endswith("...") for line in said.splitlines()[1:])


@pytest.mark.parametrize("command", ["entity", "scaffold"])
def test_help_names_every_type_and_modifier_of_fields(command: str) -> None:
    from nitro_cli.grammar.types import MODIFIERS, TYPES

    said = nitro("generate", command, "--help", COLUMNS="80").stdout
    assert max(map(len, said.splitlines())) <= 80
    types, _, modifiers = said.partition("Types:")[2].partition("Modifiers")
    named = set(types.split()) | {word.partition(".")[0] for word in modifiers.split()}
    assert set(TYPES) <= named
    assert set(MODIFIERS) <= {word.rstrip(",") for word in named}


def test_words_that_fit_no_command_are_data_for_a_tool_too() -> None:
    done = nitro("generate", "entity", "--json")
    assert (done.returncode, done.stderr) == (2, "")
    told = json.loads(done.stdout)
    assert told["problems"] == [{"sentence": "Missing argument 'NAME'."}]


def test_a_long_message_is_broken_between_words_and_its_command_stays_whole(
    tmp_path: Path,
) -> None:
    mine, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    command = [sys.executable, "-m", "nitro_cli", "generate", "page", "about"]
    with os.fdopen(its, "wb"):
        done = subprocess.run(command, cwd=tmp_path, env=environ, stdout=its, stderr=its)
        said = os.read(mine, 4096).decode()
    os.close(mine)
    assert done.returncode == 2
    assert said.splitlines() == [
        "There is no Nitro project here or above. Go into one, or",
        "make one with:",
        "    nitro new myapp --framework fastapi",
    ]


def test_a_bug_shows_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    from nitro_cli.commands import new

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(new, "_make", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        main(["new", "shop", "--framework", "fastapi"])


def test_both_names_of_the_program_are_the_same() -> None:
    scripts = Path(sys.executable).parent
    outputs = {
        subprocess.run(
            [scripts / name, "--version"], capture_output=True, text=True, check=False
        ).stdout
        for name in ("nitro", "nitro-kit")
        if (scripts / name).exists()
    }
    assert outputs <= {f"nitro {__version__}\n"}
    assert nitro("--version").stdout == f"nitro {__version__}\n"


@pytest.mark.parametrize("words", [[], ["--help"], ["--version"], ["generate", "--help"], ["nope"]])
def test_what_is_not_needed_is_not_imported(words: list[str]) -> None:
    program = (
        "import json, sys\n"
        "from nitro_cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert {name for name in loaded if name.startswith(HEAVY)} == set()
    commands = {name for name in loaded if name.startswith("nitro_cli.commands.")}
    wanted = {"nitro_cli.commands.generate", "nitro_cli.commands.options"}
    assert commands == (wanted if words[:1] == ["generate"] else set())


def test_a_shell_completes_commands_and_their_own() -> None:
    completion = {"_NITRO_COMPLETE": "complete_bash"}
    done = nitro(COMP_WORDS="nitro gen", COMP_CWORD="1", **completion)
    assert done.stdout.split() == ["generate"]
    done = nitro(COMP_WORDS="nitro generate sc", COMP_CWORD="2", **completion)
    assert done.stdout.split() == ["scaffold"]


def test_help_starts_no_slower_than_a_bare_typer_program(tmp_path: Path) -> None:
    bare = tmp_path / "bare.py"
    bare.write_text(
        "import typer\n"
        "app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)\n"
        "@app.command()\ndef a(x: str) -> None: 'A.'\n"
        "@app.command()\ndef b(x: str) -> None: 'B.'\n"
        "app()\n"
    )

    ours = [sys.executable, "-c", "from nitro_cli.main import main; main(['--help'])"]
    theirs = [sys.executable, str(bare), "--help"]
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(9):  # interleaved, so that a busy machine slows both
        for name, command in (("ours", ours), ("theirs", theirs)):
            began = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True)
            times[name].append(time.perf_counter() - began)
    assert min(times["ours"]) < min(times["theirs"]) * 1.25 + 0.01
