"""The pages of products."""

from nitro import Detail
from nitro_runtime.adapters.sanic import gate, redirect, reply
from sanic import Blueprint, HTTPResponse, Request

from shop.layout import layout
from shop.products.entity import Product
from shop.products.views import ProductForm, ProductTable

bp = Blueprint("products", url_prefix="/products")
bp.on_request(gate)


@bp.get("")
async def index(request: Request) -> HTTPResponse:
    table = await ProductTable.read(request)
    return reply(request, layout(table, title="Products"))


@bp.get("/new")
async def new(request: Request) -> HTTPResponse:
    form = await ProductForm.new()
    return reply(request, layout(form, title="New product"))


@bp.post("")
async def create(request: Request) -> HTTPResponse:
    form = await ProductForm.receive(request)
    product = await form.save()
    if product is None:
        return reply(request, layout(form, title="New product"))
    return redirect(request, f"/products/{product.id}", notice=f"{product.name} created")


@bp.post("/bulk")
async def bulk(request: Request) -> HTTPResponse:
    result = await ProductTable.act(request)
    return redirect(request, f"/products{result.address}", notice=result.notice)


@bp.get("/<id:str>")
async def show(request: Request, id: str) -> HTTPResponse:
    product = await Product.aget(id)
    detail = (
        await Detail.from_entity(product).with_actions(["edit", "delete"]).without_title().load()
    )
    return reply(request, layout(detail, title=product.name))


@bp.get("/<id:str>/edit")
async def edit(request: Request, id: str) -> HTTPResponse:
    product = await Product.aget(id)
    form = await ProductForm.edit(product)
    return reply(request, layout(form, title=f"Edit {product.name}"))


@bp.route("/<id:str>", methods=["POST", "PUT", "PATCH"])
async def update(request: Request, id: str) -> HTTPResponse:
    product = await Product.aget(id)
    form = await ProductForm.receive(request, product)
    if await form.save() is None:
        return reply(request, layout(form, title=f"Edit {product.name}"))
    return redirect(request, f"/products/{product.id}", notice=f"{product.name} saved")


@bp.post("/<id:str>/delete")
@bp.delete("/<id:str>", name="delete_too")
async def delete(request: Request, id: str) -> HTTPResponse:
    product = await Product.aget(id)
    await product.adelete()
    return redirect(request, "/products", notice=f"{product.name} deleted")
