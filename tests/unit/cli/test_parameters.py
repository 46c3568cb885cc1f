"""What was typed is taken as it is when it is plain, and checked by Typer when it is not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from nitro_cli.parameters import PlainCommand, PlainGroup

GIVEN: dict[str, Any] = {}


def program() -> typer.Typer:
    app = typer.Typer(cls=PlainGroup, add_completion=False, rich_markup_mode=None)

    @app.callback()
    def group() -> None: ...

    @app.command("take", cls=PlainCommand)
    def take(
        name: str,
        words: Annotated[list[str] | None, typer.Argument()] = None,
        title: Annotated[
            str | None, typer.Option(callback=lambda value: value and value + "!")
        ] = None,
        shout: Annotated[str, typer.Option(parser=str.upper)] = "a",
        tag: Annotated[list[str] | None, typer.Option()] = None,
        count: int | None = None,
        folder: Path | None = None,
        flag: bool = False,
    ) -> None:
        GIVEN.clear()
        GIVEN.update(locals())

    return app


def typed(*words: str) -> dict[str, Any]:
    GIVEN.clear()
    program()(["take", *words], standalone_mode=False)
    return {name: value for name, value in GIVEN.items() if value not in (None, [], ())}


def test_text_and_nothing_are_what_they_are() -> None:
    assert typed("Lamp") == {"name": "Lamp", "shout": "A", "flag": False}
    assert typed("Lamp", "a", "b", "--tag", "x", "--tag", "y") == {
        "name": "Lamp",
        "words": ["a", "b"],
        "tag": ["x", "y"],
        "shout": "A",
        "flag": False,
    }


def test_numbers_paths_and_parsed_text_are_made_of_what_was_typed() -> None:
    given = typed("Lamp", "--count", "3", "--folder", "a/b", "--shout", "loud", "--flag")
    assert (given["count"], given["folder"]) == (3, Path("a/b"))
    assert (given["shout"], given["flag"]) == ("LOUD", True)


def test_a_callback_sees_the_value() -> None:
    assert typed("Lamp", "--title", "Hello")["title"] == "Hello!"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Missing argument 'name'"),
        (["Lamp", "--count", "many"], "Invalid value for '--count'"),
    ],
)
def test_what_is_missing_or_wrong_is_refused(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        program()(["take", *words])
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["types"],
        ["generate", "scaffold", "--help"],
        ["new", "shop", "--framework", "flask", "--yes"],
    ],
)
def test_a_command_of_plain_words_does_without_pydantic(words: list[str], tmp_path: Path) -> None:
    script = (
        "import json, sys\n"
        "from nitro_cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as end:\n    code = end.code\n"
        "print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert not code
    assert [name for name in modules if name.startswith("pydantic")] == []
