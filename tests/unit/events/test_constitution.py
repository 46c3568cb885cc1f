"""The handlers of the constitution's second module, word for word."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from nitro_runtime import context
from nitro_runtime.events import emit, emit_async, event, on
from nitro_runtime.sse import emit_signals, hub

HANDLERS = """
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

ENDPOINT = '''
async def commands(command: str, sender: str, request: Request, signals: ReadSignals):
    """Trigger events and broadcast to all connected clients"""
    backend_signal = event(command)
    await emit_async(backend_signal, sender, signals=signals, request=request)
'''


class World:
    def __init__(self) -> None:
        self.stock = 5
        self.audit: list[dict[str, Any]] = []
        self.restocked: list[object] = []

    def get(self, key: str) -> World:
        assert key == "123"
        return self

    def restock(self, quantity: int) -> None:
        self.stock += quantity
        emit("product_restocked", self)

    def create(self, **values: Any) -> None:
        self.audit.append(values)

    @property
    def signals(self) -> dict[str, Any]:
        return {"product": {"stock": self.stock}}

    def run(self) -> Any:
        names: dict[str, Any] = {
            "on": on,
            "event": event,
            "emit_async": emit_async,
            "emit_signals": emit_signals,
            "Product": self,
            "AuditLog": self,
            "Request": object,
            "ReadSignals": object,
        }
        exec(HANDLERS + ENDPOINT, names)  # noqa: S102 # the constitution's own text
        on("product_restocked")(self.restocked.append)
        return names["commands"]


SIGNALS = SimpleNamespace(product_id="123", quantity=50)
EXPECTED = b'event: datastar-patch-signals\ndata: signals {"product":{"stock":55}}\n\n'


async def test_each_handler_runs_once_and_the_patch_reaches_the_response() -> None:
    world = World()
    commands = world.run()
    sent: list[bytes] = []
    with context.outlet(lambda patch: sent.append(patch.encode())):
        await commands("product_restock", "tab1", None, SIGNALS)

    assert world.stock == 55
    assert world.audit == [{"action": "restock", "product_id": "123"}]
    assert world.restocked == [world]
    assert sent == [EXPECTED]


async def test_without_a_response_the_patch_reaches_the_open_stream_of_the_sender() -> None:
    world = World()
    commands = world.run()
    async with hub.subscribe(["tab:tab1"]) as mine, hub.subscribe(["tab:tab2"]) as other:
        await anext(mine)
        await anext(other)
        await commands("product_restock", "tab1", None, SIGNALS)
        assert (await anext(mine)).endswith(b"\n" + EXPECTED)  # after its id
        other.close()
        assert [item async for item in other] == []
