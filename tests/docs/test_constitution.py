"""The code examples of the constitution, word for word, with the effects that a reader expects."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request

import nitro
from nitro_runtime.adapters.fastapi import ReadSignals
from nitro_runtime.events import capture_events, off
from nitro_runtime.sse import hub
from nitro_runtime.testing.serving import free_port
from nitro_runtime.testing.web_suite import read_until

ENTITIES = """\
class Product(Entity):
    name: str
    price: float
    stock: int = 0

    def restock(self, quantity: int):
        \"""Business logic lives here\"""
        self.stock += quantity
        self.save()
        emit('product_restocked', self)

# Works with any framework
product = Product.get(id="123")
product.restock(50)
"""

EVENTS = """\
# Single command endpoint handles multiple commands via events
@app.get("/cmds/{command}/{sender}")
async def commands(command: str, sender: str, request: Request, signals: ReadSignals):
    \"""Trigger events and broadcast to all connected clients\"""
    backend_signal = event(command)
    await emit_async(backend_signal, sender, signals=signals, request=request)

# Handlers respond to specific commands
@on('product_restock')
async def handle_restock(sender, signals, request):
    product = Product.get(signals.product_id)
    product.restock(signals.quantity)
    # Emit result back to client via SSE
    yield emit_signals(product.signals)

# Multiple handlers can respond to same event
@on('product_restock')
async def log_restock(sender, signals, request):
    AuditLog.create(action='restock', product_id=signals.product_id)
"""

VIEWS = """\
from nitro import Page, Form, Table

# Auto-generate form from entity
@app.get("/products/new")
def new_product():
    return Page(
        Form.from_entity(Product),  # Auto-generates input fields
        title="New Product"
    )

# Auto-generate table with real-time updates
@app.get("/products")
def product_list():
    return Page(
        Table.from_entity(Product)
            .with_actions(['edit', 'delete'])
            .with_search()
            .reactive(),  # Live updates via SSE
        title="Products"
    )
"""

AUDIT = """\
class AuditLog(Entity):
    action: str
    product_id: str
"""


class Module:
    """A module of a user's app, with the imports that the examples take for granted."""

    def __init__(self, app: FastAPI) -> None:
        self.module = ModuleType("constitution_shop")
        sys.modules[self.module.__name__] = self.module
        vars(self.module).update(app=app, Request=Request, ReadSignals=ReadSignals)
        self.run("from nitro import Entity, emit, emit_async, emit_signals, event, on")

    def run(self, source: str) -> None:
        exec(compile(source, "<constitution>", "exec"), vars(self.module))  # noqa: S102

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Module]:
    """An app with Nitro and a product with the id 123, of which there are none in stock."""
    nitro.configure(database=f"sqlite:///{tmp_path}/shop.db")
    app = FastAPI()
    nitro.install(app)
    shop = Module(app)
    shop.run(ENTITIES.partition("# Works with")[0])
    shop.Product.create(id="123", name="Lamp", price=19.9)
    yield shop
    del sys.modules[shop.module.__name__]
    nitro.configure(database="memory")


@contextmanager
def running(app: FastAPI) -> Generator[str]:
    """Serves an app with uvicorn in a thread, so that the test sees the same entities."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        hub.close()
        thread.join(timeout=10)
        hub.reopen()


def tab_of(page: str) -> str:
    found = re.search(r"tab=([\w.-]+)", page)
    assert found
    return found[1]


def views_of(page: str) -> list[str]:
    return re.findall(r"[A-Za-z0-9_-]{40,}\.[A-Za-z0-9_-]{22}", page)


def test_a_product_is_restocked_once_and_says_so(shop: Module) -> None:
    with capture_events() as emitted:
        shop.run(ENTITIES)
    assert shop.product.stock == 50
    assert shop.Product.get("123").stock == 50
    restocked = [each for each in emitted if each.name == "product_restocked"]
    assert [each.sender for each in restocked] == [shop.product]


def test_one_endpoint_has_many_handlers_and_the_client_sees_the_result(shop: Module) -> None:
    shop.run(ENTITIES)
    shop.run(AUDIT)
    shop.run(EVENTS)
    shop.run(VIEWS)
    try:
        with running(shop.app) as url, httpx.Client(base_url=url, timeout=5) as client:
            tab = tab_of(client.get("/products").text)
            with client.stream("GET", "/events", params={"tab": tab}) as stream:
                chunks = stream.iter_text()
                read_until(chunks, "retry:")
                response = client.get(
                    f"/cmds/product_restock/{tab}",
                    params={"datastar": '{"product_id": "123", "quantity": 5}'},
                    headers={"datastar-request": "true"},
                )
                assert response.status_code == 200
                seen = read_until(chunks, "datastar-patch-signals")
    finally:
        off(shop.handle_restock)
        off(shop.log_restock)
    assert '"stock":55' in seen
    assert '"id":"123"' in seen
    assert shop.Product.get("123").stock == 55
    assert [(row.action, row.product_id) for row in shop.AuditLog.all()] == [("restock", "123")]


def test_pages_forms_and_tables_render_and_the_table_is_live(shop: Module) -> None:
    shop.run(VIEWS)

    @shop.app.post("/another-clients-work")
    def create() -> dict[str, str]:
        return {"id": shop.Product.create(name="Chair <b>", price=5).id}

    with running(shop.app) as url, httpx.Client(base_url=url, timeout=5) as client:
        form = client.get("/products/new")
        assert form.status_code == 200
        assert "<title>New Product</title>" in form.text
        for field in ("name", "price", "stock"):
            assert f'name="{field}"' in form.text
        page = client.get("/products").text
        assert "<title>Products</title>" in page
        assert "Lamp" in page
        params = {"tab": tab_of(page), "view": views_of(page)}
        assert len(params["view"]) == 1
        with client.stream("GET", "/events", params=params) as stream:
            chunks = stream.iter_text()
            first = read_until(chunks, "</table>")
            assert "Lamp" in first
            assert "Chair" not in first
            with httpx.Client(base_url=url) as other:
                assert other.post("/another-clients-work").status_code == 200
            assert "Chair &lt;b&gt;" in read_until(chunks, "Chair")
