"""The command, called in the test's own process and folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import Nitro

from nitro_cli.main import main


@pytest.fixture
def nitro(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Nitro:
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(words)
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run
