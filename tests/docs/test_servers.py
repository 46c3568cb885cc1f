"""The page of servers shows the table that the conformance suite runs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from matrix import MATRIX, Server

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "servers.md"


def matrix_table() -> Iterator[str]:
    yield "| framework | everything is tested on | as well on |"
    yield "|---|---|---|"
    for framework in dict.fromkeys(row.framework for row in MATRIX):
        rows = [row for row in MATRIX if row.framework == framework]
        usual = ", ".join(row.server.name for row in rows if row.usual)
        others = ", ".join(row.server.name for row in rows if not row.usual)
        yield f"| {framework} | {usual} | {others} |"


def server_table() -> Iterator[str]:
    yield "| server | command | open streams | a client that is gone is noticed |"
    yield "|---|---|---|---|"
    for server in {row.server.name: row.server for row in MATRIX}.values():
        yield f"| {server.name} | `{shown(server.words)}` | {streams(server)} | {noticed(server)} |"


def shown(words: str) -> str:
    return "python -m " + words.replace("{app}", "app:app").replace("{port}", "8000")


def streams(server: Server) -> str:
    return "one a thread" if server.capabilities.streams < 16 else "thousands"


def noticed(server: Server) -> str:
    return "at once" if server.capabilities.gone_within < 1 else "within three heartbeats"


@pytest.mark.parametrize(("name", "table"), [("matrix", matrix_table), ("servers", server_table)])
def test_the_page_shows_what_is_tested(name: str, table: Callable[[], Iterator[str]]) -> None:
    text = PAGE.read_text()
    written = re.search(rf"<!-- {name} -->\n\n(.*?)\n*<!-- /{name} -->", text, re.DOTALL)
    assert written
    wanted = "\n".join(table())
    if os.environ.get("NITRO_UPDATE"):
        start, end = written.span()
        replacement = f"<!-- {name} -->\n\n{wanted}\n\n<!-- /{name} -->"
        PAGE.write_text(text[:start] + replacement + text[end:])
        return
    assert written[1] == wanted
