"""The pages of products."""

from litestar import Request, Response, Router, get, post, route
from litestar.params import FromPath
from nitro import Detail
from nitro_runtime.adapters.litestar import gate, redirect, reply

from shop.layout import layout
from shop.products.entity import Product
from shop.products.views import ProductForm, ProductTable


@get("/")
async def index(request: Request) -> Response:
    table = await ProductTable.read(request)
    return reply(request, layout(table, title="Products"))


@get("/new")
async def new(request: Request) -> Response:
    form = await ProductForm.new()
    return reply(request, layout(form, title="New product"))


@post("/")
async def create(request: Request) -> Response:
    form = await ProductForm.receive(request)
    product = await form.save()
    if product is None:
        return reply(request, layout(form, title="New product"))
    return redirect(request, f"/products/{product.id}", notice=f"{product.name} created")


@post("/bulk")
async def bulk(request: Request) -> Response:
    result = await ProductTable.act(request)
    return redirect(request, f"/products{result.address}", notice=result.notice)


@get("/{id:str}")
async def show(request: Request, id: FromPath[str]) -> Response:
    product = await Product.aget(id)
    detail = (
        await Detail.from_entity(product).with_actions(["edit", "delete"]).without_title().load()
    )
    return reply(request, layout(detail, title=product.name))


@get("/{id:str}/edit")
async def edit(request: Request, id: FromPath[str]) -> Response:
    product = await Product.aget(id)
    form = await ProductForm.edit(product)
    return reply(request, layout(form, title=f"Edit {product.name}"))


@route("/{id:str}", http_method=["POST", "PUT", "PATCH"], status_code=200)
async def update(request: Request, id: FromPath[str]) -> Response:
    product = await Product.aget(id)
    form = await ProductForm.receive(request, product)
    if await form.save() is None:
        return reply(request, layout(form, title=f"Edit {product.name}"))
    return redirect(request, f"/products/{product.id}", notice=f"{product.name} saved")


async def delete(request: Request, id: FromPath[str]) -> Response:
    product = await Product.aget(id)
    await product.adelete()
    return redirect(request, "/products", notice=f"{product.name} deleted")


router = Router(
    "/products",
    guards=[gate],
    route_handlers=[
        index,
        new,
        create,
        bulk,
        show,
        edit,
        update,
        post("/{id:str}/delete")(delete),
        route("/{id:str}", http_method=["DELETE"], status_code=200)(delete),
    ],
)
