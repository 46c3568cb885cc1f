"""Nitro as an application uses it; a type checker must have nothing to say."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from decimal import Decimal
from typing import Any, assert_type

import blinker
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from flask import Flask
from pydantic import BaseModel

import nitro
import nitro_runtime.adapters.flask as on_flask
from nitro import (
    Call,
    Card,
    Column,
    Command,
    Context,
    Entity,
    Event,
    Field,
    Form,
    Next,
    Notice,
    NumberField,
    Page,
    Query,
    Resource,
    SignalsPatch,
    Table,
    TextField,
    action,
    anyone,
    belongs_to,
    broadcast,
    call,
    capture_events,
    col,
    command,
    configure,
    dispatch,
    dispatch_sync,
    emit,
    emit_async,
    emit_signals,
    event,
    handles,
    log_commands,
    on,
    query,
    transaction,
    use_middleware,
)
from nitro.html import Div, Html, P, Signal, expr
from nitro_runtime.adapters.fastapi import ReadSignals, ViewRoute, gate, install, redirect, reply


class Category(Entity):
    name: str = Field(max_length=60, unique=True)


class Product(Entity, timestamps=True):
    name: str = Field(max_length=80, search=True)
    price: Decimal = Field(max_digits=10, decimal_places=2, ge=0)
    stock: int = 0
    category_id: str | None = Field(default=None, foreign_key="category.id")

    category = belongs_to("Category")

    def restock(self, quantity: int) -> None:
        self.stock += quantity
        self.save()
        emit("product_restocked", self)


class ProductForm(Form[Product]):
    entity = Product
    name = TextField(max_length=80)
    price = NumberField(min=0, step="0.01")


class ProductTable(Table[Product]):
    entity = Product
    name = Column(sort=True, link=True)
    price = Column(sort=True, align="right")
    actions = ["edit", "delete"]  # noqa: RUF012 # as applications write it
    search = ["name"]  # noqa: RUF012
    reactive = True

    def cell_price(self, product: Product) -> Html:
        return P(f"{product.price} EUR")


def entities() -> None:
    configure(database="sqlite:///shop.db")
    product = Product(name="Lamp", price=Decimal("19.90"))
    product = Product.get("1")
    assert_type(product, Product)
    assert_type(product.name, str)
    assert_type(product.price, Decimal)
    assert_type(Product.find("1"), Product | None)
    for each in Product.where(col(Product.name).icontains("x")).order_by("-price").limit(3):
        assert_type(each, Product)
    with transaction():
        product.restock(3)
    try:
        Product.get("2")
    except Product.NotFound as error:
        print(error.key)


async def async_entities() -> None:
    product = await Product.aget("1")
    assert_type(product, Product)
    assert_type(await Product.all().acount(), int)
    async for each in Product.all():
        assert_type(each, Product)
    await product.asave()


@on("product_restocked")
async def restocked(product: Product) -> AsyncGenerator[SignalsPatch]:
    yield emit_signals(product.signals)


class Restocked(BaseModel):
    quantity: int


counted = event("product.counted", payload=Restocked)
assert_type(counted, Event[Restocked])
assert_type(counted.payload, type[Restocked] | None)


@on(counted, "product.*", blinker.Signal(), sender=Product, priority=1, concurrent=False)
def note_count(product: Product, quantity: int, payload: Restocked) -> int:
    return payload.quantity + quantity


@on("product.counted", durable=True, once=True, retries=2, backoff=1, queue="mail")
def mail_count(product: Product, quantity: int) -> None: ...


def emit_typed(held: Event) -> None:
    with capture_events("product.*", counted) as emitted:
        assert_type(emit(counted, None, quantity=5), list[Any])
        emit(held, None, payload=Restocked(quantity=5))
    assert_type(emitted[0].name, str)


@command("product.restock", allow=anyone)
def restock(id: str, quantity: int, ctx: Context) -> Generator[SignalsPatch]:
    product = Product.get(id)
    product.restock(quantity)
    yield emit_signals({"by": ctx.user})


@query("product.count", allow=anyone)
async def count() -> dict[str, int]:
    return {"count": await Product.all().acount()}


app = FastAPI()
install(app)
nitro.install(Flask(__name__), prefix="/live")
router = APIRouter(prefix="/products", dependencies=[Depends(gate)], route_class=ViewRoute)
resource = Resource("Products", "/products", "shop.products")


@router.get("")
async def index(request: Request) -> Response:
    return reply(request, Page(await ProductTable.read(request), title="Products"))


@router.post("")
async def create(request: Request) -> Response:
    form = await ProductForm.receive(request)
    product = await form.save()
    if product is None:
        return reply(request, Page(form, title="New product"))
    assert_type(product, Product)
    return redirect(request, f"/products/{product.id}", notice=Notice("Created", kind="success"))


def can_edit(user: Any, product_id: str) -> bool:
    return user is not None and bool(product_id)


class RestockProduct(Command, name="typed.restock", allow=can_edit, middleware=[log_commands]):
    product_id: str
    quantity: int = Field(gt=0)

    async def handle(self, user: Any) -> Product:
        return await Product.aget(self.product_id)


class CountAll(Command):
    def handle(self) -> int:
        return Product.count()


class ShowAll(Command):
    async def handle(self) -> AsyncGenerator[SignalsPatch]:
        yield emit_signals({"shown": True})


class StockOf(Query[int]):
    product_id: str


@handles(StockOf)
async def stock_of(question: StockOf) -> int:
    return (await Product.aget(question.product_id)).stock


class Shelf(Entity):
    full: bool = False

    @action(allow=anyone)
    def fill(self, amount: int = 1) -> bool:
        return amount > 0

    @action
    @classmethod
    def fill_all(cls) -> int:
        return 0


async def timed(call: Call, next: Next) -> Any:
    return await next(call)


async def dispatching(shelf: Shelf) -> None:
    use_middleware(timed, log_commands)
    ctx = Context(user="ann")
    assert_type(await dispatch(RestockProduct(product_id="7", quantity=5)), Product)
    assert_type(await dispatch(CountAll(), ctx), int)
    assert_type(await dispatch(StockOf(product_id="7")), int)
    assert_type(await dispatch(ShowAll()), None)
    assert_type(dispatch_sync(CountAll()), int)
    assert_type(shelf.fill(2), bool)
    assert_type(Shelf.fill_all(), int)
    Div(
        on_click=call(shelf.fill, amount=Signal("amount"), idempotent=True),
        on_load=call(StockOf(product_id="7")),
    )


@app.get("/cmds/{name}/{sender}")
async def commands(name: str, sender: str, request: Request, signals: ReadSignals) -> list[Any]:
    print(signals.quantity, signals["quantity"])
    broadcast("news", emit_signals({"name": name}))
    return await emit_async(event(name), sender, signals=signals, request=request)


@app.get("/")
def home() -> Page:
    return Page(
        Div(
            P("Hello"), Card.from_entity(Product.get("1")), cls="card", on_click=expr("$a = {}", 1)
        ),
        Form.from_entity(Product),
        Table.from_entity(Product).with_actions(["edit", "delete"]).with_search().reactive(),
        title="Home",
    )


on_flask_app = Flask(__name__)


@on_flask_app.get("/")
@on_flask.page
def flask_home() -> Page:
    return Page("Hello", title="Home")
