"""Compressed streams in Chromium: each event is there when it has come, and the end is no error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from waiting import until

from nitro_runtime.testing.serving import Served, serve

pytestmark = pytest.mark.browser

SUPPORT = Path(__file__).parents[1] / "support"
COMMAND = [sys.executable, "-m", "uvicorn", "crowded_app:asgi", "--port", "{port}"]

# The page reads the stream by hand, as Datastar does.
READ = """async () => {
    const tab = document.documentElement.innerHTML.match(/tab=([\\w-]+\\.[\\w-]+)/)[1];
    const answer = await fetch(`/events?tab=${tab}`);
    window.coding = answer.headers.get("content-encoding");
    window.read = "";
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    const next = () => reader.read().then(({done, value}) => {
        window.ended = done;
        if (!done) { window.read += value; next(); }
    }, error => { window.failed = String(error); });
    next();
}"""


@pytest.fixture
def served() -> Iterator[Served]:
    with serve([*COMMAND, "--log-level", "warning"], cwd=SUPPORT) as at:
        yield at


@pytest.fixture(params=["zstd", "gzip"])
def reading(chromium: Browser, served: Served, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that reads a stream in a coding; it takes both, and is made to ask for gzip alone."""
    headers = {"accept-encoding": "gzip"} if request.param == "gzip" else {}
    with chromium.new_context(extra_http_headers=headers) as context:
        page = context.new_page()
        page.goto(served.url)
        page.evaluate(READ)
        assert page.evaluate("window.coding") == request.param
        yield page


def test_chromium_reads_each_event_as_it_comes_and_the_end(reading: Page, served: Served) -> None:
    sizes = (20, 3_000, 60_000)
    for number, size in enumerate(sizes * 4):
        state = "&state" if number // 2 % 2 else ""  # of which zstd sends the difference
        query = f"first={number}&number=1&size={size}{state}"
        assert reading.request.get(f"{served.url}/publish?{query}").ok
        reading.wait_for_function("text => window.read.includes(text)", arg=f"n={number};")
        reading.wait_for_function("size => window.read.length > size", arg=size)
    reading.wait_for_function("window.read.endsWith('\\n\\n:\\n\\n')")  # a heartbeat
    served.stop()
    until(lambda: reading.evaluate("window.ended || window.failed"), "the end of the stream")
    assert reading.evaluate("[window.ended, window.failed]") == [True, None]
    assert reading.evaluate("[...window.read.matchAll(/n=(\\d+);/g)].map(m => +m[1])") == list(
        range(len(sizes) * 4)
    )
