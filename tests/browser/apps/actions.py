"""Buttons that call an action of an entity, a query and a command, under a strict policy."""

from __future__ import annotations

import asyncio
import os

from fastapi import FastAPI, Request
from fastapi.responses import Response

from nitro import Entity, Page, action, anyone, call, command, install, query
from nitro.html import Button, Input, P, Signal
from nitro_runtime.adapters.fastapi import reply

app = FastAPI()
install(
    app,
    static=os.environ["STATIC_FOLDER"],
    secret_key="a key for the browser tests only",  # and for nothing else
    csp=True,
)

HOSTILE = "</script>'\"`${alert(1)} @get('/x') $stock \\ \u2028"


class Crate(Entity):
    name: str
    stock: int = 0

    @action(allow=anyone)
    def restock(self, quantity: int, note: str = "") -> dict[str, object]:
        self.stock += quantity
        self.save()
        return {"stock": self.stock, "note": note}

    @action(allow=anyone)
    @classmethod
    def empty_all(cls) -> dict[str, int]:
        cls.all().update(stock=0)
        return {"stock": 0}


@query("crate.least", allow=anyone)
def least() -> dict[str, object]:
    return {"note": f"least {min(crate.stock for crate in Crate.all())}"}


orders: list[int] = []


@command("crate.order", allow=anyone)
async def order() -> dict[str, object]:
    orders.append(1)
    await asyncio.sleep(0.3)
    return {"note": f"ordered {len(orders)}"}


@app.get("/")
async def index(request: Request) -> Response:
    crate = Crate.first() or Crate.create(name="Tea", stock=2)
    return reply(
        request,
        Page(
            P(
                text=Signal("stock"),
                id="stock",
                signals={"stock": crate.stock, "note": "", "quantity": 3},
            ),
            P(text=Signal("note"), id="note"),
            Input(type="number", bind="quantity", aria_label="How many"),
            Button("Five", on_click=call(crate.restock, quantity=5, note=HOSTILE)),
            Button("So many", on_click=call(crate.restock, quantity=Signal("quantity"))),
            Button("None", on_click=call(Crate.empty_all)),
            Button("Least", on_click=call("crate.least")),
            Button("Order", on_click=call(order, idempotent=True)),
            title="Crates",
        ),
    )
