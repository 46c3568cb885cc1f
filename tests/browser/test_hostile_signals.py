"""Hostile text in signals, expressions and patches is a value, never code."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from waiting import until

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
HOSTILE: list[str] = json.loads((HERE / "hostile.json").read_text())


@pytest.fixture(scope="module")
def address(project: Path) -> Iterator[str]:
    """The address of the app of `apps/signals.py`, on a real server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["uvicorn", "signals:app", "--app-dir", str(HERE / "apps"), "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-m", *words, "--log-level", "warning"],
        env={**os.environ, "STATIC_FOLDER": str(project / "shop" / "static")},
    )

    def answers() -> bool:
        assert process.poll() is None, "the server ended"
        try:
            return httpx.get(f"http://127.0.0.1:{port}/0", timeout=1).status_code == 200
        except httpx.TransportError:
            return False

    try:
        until(answers, "the server to answer")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def test_each_of_thirty_hostile_strings_arrives_as_it_is_and_none_runs(
    tab: Page, address: str
) -> None:
    tab.add_init_script("window.alert = () => { window.ran = true }")
    for index, text in enumerate(HOSTILE):
        tab.goto(f"{address}/{index}")
        tab.locator("#click").click()
        with tab.expect_response(lambda response: "/cmds/say/" in response.url):
            tab.locator("#say").click()
        expect(tab.locator("#patched")).not_to_be_empty()
        for place in ("given", "clicked", "pushed", "deep", "patched"):
            expect(tab.locator(f"#{place}")).not_to_be_empty()
            assert tab.locator(f"#{place}").text_content() == text, place
        assert tab.locator("#bound").input_value() == text
        assert tab.locator("#titled").get_attribute("title") == text
        assert " ".join(tab.title().split()) == " ".join(text.split())
        assert tab.evaluate("window.ran") is None
