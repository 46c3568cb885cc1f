"""A small shop's orders, each with its lines, in one form."""

from __future__ import annotations

import os

from fastapi import FastAPI, Request
from fastapi.responses import Response

from nitro import (
    Entity,
    Field,
    Form,
    NumberField,
    Page,
    RelationField,
    RowsField,
    TextField,
    has_many,
    install,
)
from nitro.html import H1, Li, Ul
from nitro_runtime.adapters.fastapi import redirect, reply

app = FastAPI()
install(
    app,
    static=os.environ["STATIC_FOLDER"],
    secret_key="a key for the browser tests only",  # and for nothing else
)


class Product(Entity):
    name: str


class Order(Entity):
    customer: str = Field(max_length=40)

    lines = has_many("OrderLine")


class OrderLine(Entity):
    order_id: str = Field(foreign_key="order.id")
    product_id: str = Field(foreign_key="product.id")
    quantity: int = Field(default=1, ge=1, le=99)


class LineForm(Form[OrderLine]):
    product_id = RelationField(Product)
    quantity = NumberField(min=1, max=99)


class OrderForm(Form[Order]):
    customer = TextField()
    lines = RowsField(LineForm, max=4)


for name in ("Chair", "Desk", "Lamp"):
    Product.create(name=name)


def page(form: OrderForm) -> Page:
    return Page(H1("Order"), form, title="Order")


@app.get("/orders/new")
async def new(request: Request) -> Response:
    return reply(request, page(await OrderForm.new()))


@app.post("/orders")
async def create(request: Request) -> Response:
    form = await OrderForm.receive(request)
    order = await form.save()
    if order is None:
        return reply(request, page(form))
    return redirect(request, f"/orders/{order.id}", notice=f"{order.customer} saved")


@app.get("/orders/{key}")
async def edit(key: str, request: Request) -> Response:
    order = await Order.aget(key)
    lines = OrderLine.where(order_id=key).order_by("id")
    said = [
        Li(f"{Product.get(each.product_id).name} {each.quantity}") for each in await lines.aall()
    ]
    form = await OrderForm.edit(order)
    return reply(request, Page(H1("Order"), Ul(said, id="stored"), form, title="Order"))


@app.post("/orders/{key}")
async def update(key: str, request: Request) -> Response:
    form = await OrderForm.receive(request, await Order.aget(key))
    order = await form.save()
    if order is None:
        return reply(request, page(form))
    return redirect(request, f"/orders/{order.id}", notice=f"{order.customer} saved")
