"""The pages of products."""

from fastapi import APIRouter, Depends, Request, Response
from nitro import Detail
from nitro_runtime.adapters.fastapi import gate, redirect, reply

from shop.layout import layout
from shop.products.entity import Product
from shop.products.views import ProductForm, ProductTable

router = APIRouter(prefix="/products", tags=["products"], dependencies=[Depends(gate)])


@router.get("")
async def index(request: Request) -> Response:
    table = await ProductTable.read(request)
    return reply(request, layout(table, title="Products"))


@router.get("/new")
async def new(request: Request) -> Response:
    form = await ProductForm.new()
    return reply(request, layout(form, title="New product"))


@router.post("")
async def create(request: Request) -> Response:
    form = await ProductForm.receive(request)
    product = await form.save()
    if product is None:
        return reply(request, layout(form, title="New product"))
    return redirect(request, f"/products/{product.id}", notice=f"{product.name} created")


@router.post("/bulk")
async def bulk(request: Request) -> Response:
    result = await ProductTable.act(request)
    return redirect(request, f"/products{result.address}", notice=result.notice)


@router.get("/{id}")
async def show(request: Request, id: str) -> Response:
    product = await Product.aget(id)
    detail = (
        await Detail.from_entity(product).with_actions(["edit", "delete"]).without_title().load()
    )
    return reply(request, layout(detail, title=product.name))


@router.get("/{id}/edit")
async def edit(request: Request, id: str) -> Response:
    product = await Product.aget(id)
    form = await ProductForm.edit(product)
    return reply(request, layout(form, title=f"Edit {product.name}"))


@router.post("/{id}")
@router.put("/{id}")
@router.patch("/{id}")
async def update(request: Request, id: str) -> Response:
    product = await Product.aget(id)
    form = await ProductForm.receive(request, product)
    if await form.save() is None:
        return reply(request, layout(form, title=f"Edit {product.name}"))
    return redirect(request, f"/products/{product.id}", notice=f"{product.name} saved")


@router.post("/{id}/delete")
@router.delete("/{id}")
async def delete(request: Request, id: str) -> Response:
    product = await Product.aget(id)
    await product.adelete()
    return redirect(request, "/products", notice=f"{product.name} deleted")
