"""The pages of products."""

from fasthtml.common import APIRouter, Request, Response
from nitro import Detail
from nitro_runtime.adapters.fasthtml import redirect, reply

from shop.layout import layout
from shop.products.entity import Product
from shop.products.views import ProductForm, ProductTable

rt = APIRouter()


@rt("/products", methods=["GET"])
async def index(request: Request) -> Response:
    table = await ProductTable.read(request)
    return reply(request, layout(table, title="Products"))


@rt("/products/new", methods=["GET"])
async def new(request: Request) -> Response:
    form = await ProductForm.new()
    return reply(request, layout(form, title="New product"))


@rt("/products", methods=["POST"])
async def create(request: Request) -> Response:
    form = await ProductForm.receive(request)
    product = await form.save()
    if product is None:
        return reply(request, layout(form, title="New product"))
    return redirect(request, f"/products/{product.id}", notice=f"{product.name} created")


@rt("/products/bulk", methods=["POST"])
async def bulk(request: Request) -> Response:
    result = await ProductTable.act(request)
    return redirect(request, f"/products{result.address}", notice=result.notice)


@rt("/products/{id}", methods=["GET"])
async def show(request: Request, id: str) -> Response:
    product = await Product.aget(id)
    detail = (
        await Detail.from_entity(product).with_actions(["edit", "delete"]).without_title().load()
    )
    return reply(request, layout(detail, title=product.name))


@rt("/products/{id}/edit", methods=["GET"])
async def edit(request: Request, id: str) -> Response:
    product = await Product.aget(id)
    form = await ProductForm.edit(product)
    return reply(request, layout(form, title=f"Edit {product.name}"))


@rt("/products/{id}", methods=["POST", "PUT", "PATCH"])
async def update(request: Request, id: str) -> Response:
    product = await Product.aget(id)
    form = await ProductForm.receive(request, product)
    if await form.save() is None:
        return reply(request, layout(form, title=f"Edit {product.name}"))
    return redirect(request, f"/products/{product.id}", notice=f"{product.name} saved")


async def delete(request: Request, id: str) -> Response:
    product = await Product.aget(id)
    await product.adelete()
    return redirect(request, "/products", notice=f"{product.name} deleted")


rt("/products/{id}/delete", methods=["POST"])(delete)
rt("/products/{id}", methods=["DELETE"])(delete)
