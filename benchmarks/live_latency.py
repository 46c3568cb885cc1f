"""How long a change takes to the other browser: the generated shop, each framework's usual server.

One visitor has the list of products open, another posts a new one. The time runs from the moment at
which the post is sent, so it holds the whole request that saves the product as well: from the commit
it is less. The stream alone is measured apart, so that the browser's part can be told.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.frame import Table
from nitro_cli.frameworks import find_framework
from nitro_runtime.testing.serving import serve

FRAMEWORKS = ("fastapi", "flask", "django", "fasthtml", "sanic", "litestar")
ROUNDS = 30
SCAFFOLD = "generate scaffold Product name:str price:float"
SECONDS = 10.0
"""A change that has not arrived by then is lost."""

PAUSE = 0.15
"""Seconds between two changes: a view is rendered once in 50 ms at most, which is another matter."""

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

# `seen(name)` is when the name first stood on the page, in seconds since 1970.
WATCH = """
window.times = new Map();
window.waiting = new Map();
window.seen = (name, patience) => new Promise((tell, fail) => {
    setTimeout(fail, patience * 1000, new Error(`${name} never came to the page`));
    times.has(name) ? tell(times.get(name)) : waiting.set(name, tell);
});
new MutationObserver(() => {
    const now = (performance.timeOrigin + performance.now()) / 1000;
    for (const [name] of document.querySelector("main").textContent.matchAll(/live-\\w+-\\d+;/g)) {
        if (times.has(name)) continue;
        times.set(name, now);
        waiting.get(name)?.(now);
    }
}).observe(document.querySelector("main"), {childList: true, subtree: true, characterData: true});
"""


def tables(rounds: int | None) -> Iterator[Table | str]:
    """Yields one table, or a sentence that says why not."""
    chromium = shutil.which("chromium")
    if chromium is None:
        yield "Chromium is not installed (Debian's package is called chromium): no live updates."
        return
    rows: list[tuple[str, list[str]]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        for framework in FRAMEWORKS:
            with _shop(framework) as shop:
                stream = _over_the_stream(shop, browser, rounds or ROUNDS)
                shown = _in_the_browser(shop, browser, rounds or ROUNDS)
            rows.append((framework, [*_cells(stream), *_cells(shown)]))
        browser.close()
    columns = ["stream, median ms", "p95", "browser, median ms", "p95"]
    yield Table("A new product, from its post to the other visitor", columns, rows)


def _cells(seconds: list[float]) -> list[str]:
    p95 = quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    return [f"{median(seconds) * 1000:.1f}", f"{p95 * 1000:.1f}"]


# -- the shop -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Shop:
    """A shop that is served, and the visitor who changes it.

    Attributes:
        url: Where it is.
        visitor: Posts.
        posted: How many products were.
    """

    url: str
    visitor: httpx.Client
    posted: int = 0
    hidden: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        form = self.visitor.get("/products/new").text
        inputs = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", form)
        pairs = (re.findall(r"(name|value)=\"([^\"]*)\"", each) for each in inputs)
        self.hidden = {named["name"]: named["value"] for named in map(dict, pairs)}

    def post(self, series: str) -> tuple[str, float, Callable[[], None]]:
        """Posts a new product.

        Returns:
            Its name, when the post was sent, and what deletes the product again.
        """
        self.posted += 1
        name = f"live-{series}-{self.posted};"  # the price comes right behind it
        sent = time.time()
        made = self.visitor.post("/products", data={"name": name, "price": "9.5", **self.hidden})
        if made.status_code != 303:
            raise RuntimeError(f"The post was answered with {made.status_code}: {made.text}")
        return name, sent, lambda: self._delete(made.headers["location"])

    def _delete(self, address: str) -> None:
        self.visitor.post(f"{address}/delete", data=self.hidden)


@contextmanager
def _shop(framework: str) -> Generator[Shop]:
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory(prefix="nitro-latency-")))
        folder = scratch / "shop"
        _nitro(f"new shop --framework {framework}", scratch)
        for line in (SCAFFOLD, "assets", "db upgrade"):
            _nitro(line, folder)
        words = find_framework(framework).serve
        command = [word.replace("{package}", "shop") for word in words]
        command = [word.replace("{python}", sys.executable) for word in command]
        served = stack.enter_context(serve(command, cwd=folder))
        headers = {"origin": served.url}
        client = httpx.Client(base_url=served.url, headers=headers, timeout=SECONDS)
        yield Shop(served.url, stack.enter_context(client))
        served.stop()  # in good order, so that it ends its workers


def _nitro(line: str, folder: Path) -> None:
    command = [sys.executable, "-m", "nitro_cli", *line.split()]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"nitro {line}: {done.stdout}{done.stderr}")


# -- the other visitor --------------------------------------------------------------------------


def _in_the_browser(shop: Shop, browser: Browser, rounds: int) -> list[float]:
    """Returns the seconds from each post to the mutation in the page's document."""
    with browser.new_context() as context:
        page = context.new_page()
        _open(page, shop)
        page.evaluate(WATCH)
        took: list[float] = []
        for _ in range(rounds):
            name, sent, delete = shop.post("shown")
            took.append(page.evaluate("args => seen(...args)", [name, SECONDS]) - sent)
            _undo(delete)
        return took


def _open(page: Page, shop: Shop) -> httpx.Request:
    """Opens the list of products and returns the request of its stream."""
    page.set_default_timeout(SECONDS * 1000)
    with page.expect_response(lambda answer: "/events?" in answer.url) as stream:
        page.goto(f"{shop.url}/products")
    time.sleep(PAUSE)  # the stream's first event is what is there already
    asked = stream.value.request
    return httpx.Request(
        asked.method, asked.url, headers={**asked.all_headers(), "accept-encoding": "identity"}
    )


def _undo(delete: Callable[[], None]) -> None:
    time.sleep(PAUSE)
    delete()
    time.sleep(PAUSE)


def _over_the_stream(shop: Shop, browser: Browser, rounds: int) -> list[float]:
    """Returns the seconds from each post to the event in the stream that the page would read."""
    with browser.new_context() as context:
        request = _open(context.new_page(), shop)
    reader = _Reader(request)
    reader.ready.wait(SECONDS)
    took: list[float] = []
    for _ in range(rounds):
        name, sent, delete = shop.post("streamed")
        took.append(reader.when(name) - sent)
        _undo(delete)
    reader.close()
    return took


class _Reader:
    """Reads a stream in a thread, and remembers when a name came first."""

    def __init__(self, request: httpx.Request) -> None:
        self.ready = threading.Event()
        self._request = request
        self._times: dict[str, float] = {}
        self._come = threading.Condition()
        self._client = httpx.Client(timeout=httpx.Timeout(SECONDS, read=None))
        threading.Thread(target=self._read, daemon=True).start()

    def when(self, name: str) -> float:
        """Waits until the name has come."""
        with self._come:
            if not self._come.wait_for(lambda: name in self._times, SECONDS):
                raise RuntimeError(f"{name} never came over the stream.")
            return self._times[name]

    def _read(self) -> None:
        try:
            self._follow(self._client.send(self._request, stream=True))
        except httpx.TransportError:
            if not self._client.is_closed:
                raise

    def _follow(self, answer: httpx.Response) -> None:
        pending = b""
        for piece in answer.iter_raw():
            self.ready.set()
            now = time.time()
            pending += piece
            *events, pending = pending.split(b"\n\n")
            for event in events:
                self._note(re.findall(rb"live-\w+-\d+;", event), now)

    def _note(self, names: list[bytes], now: float) -> None:
        with self._come:
            for name in names:
                self._times.setdefault(name.decode(), now)
            self._come.notify_all()

    def close(self) -> None:
        """Leaves."""
        self._client.close()
