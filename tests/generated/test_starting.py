"""A shop on each framework starts as that framework's users start it, and with `nitro dev`."""

from __future__ import annotations

import re
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from bundled import FRAMEWORKS
from programs import open_stream, running
from waiting import until

from nitro_cli.frameworks import find_framework
from nitro_runtime.testing.serving import PLAIN, free_port

if TYPE_CHECKING:
    from generated.conftest import Run, Shops

PORT_OPTIONS = {"django": "{port}"}
"""How a port is said to the framework's own command; most take an option."""
HANDLER = """

@on("category.created", sender=Category, durable=True, once=True)
def note(category: Category) -> None:
    with open("noted.txt", "a") as noted:
        noted.write(f"{category.name}\\n")
"""


@pytest.fixture(scope="module", params=FRAMEWORKS)
def started(
    request: pytest.FixtureRequest, shops: Shops, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    """A copy of the shop on each framework, with a durable handler and rows."""
    copy = tmp_path_factory.mktemp("started") / "shop"
    shutil.copytree(shops(request.param), copy)
    handlers = copy / "shop" / "categories" / "handlers.py"
    handlers.write_text(handlers.read_text() + HANDLER)
    for words in ("upgrade", "revision", "upgrade"):
        run("nitro_cli", "db", words, cwd=copy)
    run("nitro_cli", "db", "seed", "--count", "3", cwd=copy)
    run("nitro_cli", "assets", cwd=copy)
    return request.param, copy


def serve_a_while(page: str) -> None:
    """Lets a server answer for a second before it is told to end.

    Sanic's manager looks every 0.1 s whether its worker is ready, and waits 30 s for one that ended
    before it looked.
    """
    rested = time.monotonic() + 1
    while time.monotonic() < rested:
        assert httpx.get(page, verify=PLAIN).status_code == 200


def test_it_starts_with_the_usual_command_and_ends_at_ctrl_c(started: tuple[str, Path]) -> None:
    framework, shop = started
    command, port = find_framework(framework).start.format(package="shop"), free_port()
    assert f"`{command}`" in (shop / "README.md").read_text()
    words = [
        *command.split(),
        *PORT_OPTIONS.get(framework, "--port {port}").format(port=port).split(),
    ]
    scripts = Path(sys.executable).parent
    words[0] = str(scripts / words[0])
    with running(words, shop, {"PORT": str(port)}) as program:
        program.until_it_answers(f"http://127.0.0.1:{port}/")
        page = httpx.get(f"http://127.0.0.1:{port}/products", verify=PLAIN)
        assert page.status_code == 200, program.said()
        assert "/static/datastar.js" in page.text
        assert httpx.get(f"http://127.0.0.1:{port}/static/datastar.js").status_code == 200
        add_a_category(f"http://127.0.0.1:{port}", "Tea")
        until(lambda: "Tea" in noted(shop), "what the app does itself", 20)
        serve_a_while(f"http://127.0.0.1:{port}/products")
        program.ctrl_c()
    assert "Traceback" not in program.said()


def noted(shop: Path) -> list[str]:
    """The categories that the durable handler saw, each as often as it did."""
    file = shop / "noted.txt"
    return file.read_text().splitlines() if file.exists() else []


def add_a_category(site: str, name: str) -> None:
    """Fills in a form as a visitor without JavaScript does; and as another site would."""
    with httpx.Client(base_url=site, headers={"origin": site}) as visitor:
        fields = re.findall(r"<input [^>]*>", visitor.get("/categories/new").text)
        hidden = {
            value_of(one, "name"): value_of(one, "value") for one in fields if "hidden" in one
        }
        assert visitor.post("/categories", data={**hidden, "name": name}).status_code == 303
        assert name in visitor.get("/categories").text
    elsewhere = {"origin": "http://elsewhere.example"}
    forged = httpx.post(f"{site}/categories", data={"name": "Forged"}, headers=elsewhere)
    assert forged.status_code == 403


def value_of(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found[1] if found else ""


def test_it_starts_with_nitro_dev_and_a_worker_and_ends_within_a_second_with_a_stream_open(
    started: tuple[str, Path],
) -> None:
    _, shop = started
    words = [sys.executable, "-m", "nitro_cli", "dev", "--port", str(free_port())]
    with running(words, shop, {"NITRO_QUEUE_URL": "database"}) as program:
        site = program.address()
        until(lambda: "Working on the outbox" in program.said(), program.said(), 30)
        with httpx.Client(verify=PLAIN) as tab, open_stream(tab, f"{site}products") as stream:
            assert b"product-table" in next(stream.iter_bytes())
            add_a_category(site.rstrip("/"), "Coffee")
            until(lambda: "Coffee" in noted(shop), "what the worker does", 20)
            code, seconds = program.ctrl_c()
    assert (code, seconds < 1) == (0, True), seconds
    assert "Traceback" not in program.said()
    assert noted(shop).count("Coffee") == 1


def test_nitro_dev_serves_what_was_changed_while_a_stream_is_open(
    started: tuple[str, Path],
) -> None:
    _, shop = started
    layout = shop / "shop" / "layout.py"
    words = [sys.executable, "-m", "nitro_cli", "dev", "--port", str(free_port())]
    with running(words, shop) as program:
        page = program.address() + "products"
        with httpx.Client(verify=PLAIN) as tab, open_stream(tab, page) as stream:
            assert b"product-table" in next(stream.iter_bytes())
            layout.write_text(layout.read_text().replace('"brand"', '"brand changed"'))
            saved = [time.monotonic()]

            def changed() -> bool:
                if time.monotonic() - saved[-1] > 8:  # before the reloader first looked around
                    layout.touch()
                    saved.append(time.monotonic())
                try:
                    return "brand changed" in httpx.get(page, timeout=5, verify=PLAIN).text
                except httpx.TransportError:  # between the old server and the new one
                    return False

            until(changed, f"the change; {program.lines[-5:]}", 30)
    layout.write_text(layout.read_text().replace('"brand changed"', '"brand"'))


def test_its_production_server_answers_and_ends_with_a_stream_open(
    started: tuple[str, Path],
) -> None:
    framework, shop = started
    port = free_port()
    words = [
        word.format(python=sys.executable, package="shop", port=port)
        for word in find_framework(framework).serve
    ]
    with running(words, shop) as program:
        program.until_it_answers(f"http://127.0.0.1:{port}/")
        with (
            httpx.Client(verify=PLAIN) as tab,
            open_stream(tab, f"http://127.0.0.1:{port}/products") as stream,
        ):
            assert b"product-table" in next(stream.iter_bytes())
            serve_a_while(f"http://127.0.0.1:{port}/products")
            program.process.terminate()
            until(lambda: program.process.poll() is not None, "its end", 5)
    assert "Traceback" not in program.said()
