"""The pages of categories."""

from litestar import Request, Response, Router, get, post, route
from litestar.params import FromPath
from nitro import Detail
from nitro_runtime.adapters.litestar import gate, redirect, reply

from shop.categories.entity import Category
from shop.categories.views import CategoryForm, CategoryTable
from shop.layout import layout


@get("/")
async def index(request: Request) -> Response:
    table = await CategoryTable.read(request)
    return reply(request, layout(table, title="Categories"))


@get("/new")
async def new(request: Request) -> Response:
    form = await CategoryForm.new()
    return reply(request, layout(form, title="New category"))


@post("/")
async def create(request: Request) -> Response:
    form = await CategoryForm.receive(request)
    category = await form.save()
    if category is None:
        return reply(request, layout(form, title="New category"))
    return redirect(request, f"/categories/{category.id}", notice=f"{category.name} created")


@post("/bulk")
async def bulk(request: Request) -> Response:
    result = await CategoryTable.act(request)
    return redirect(request, f"/categories{result.address}", notice=result.notice)


@get("/{id:str}")
async def show(request: Request, id: FromPath[str]) -> Response:
    category = await Category.aget(id)
    detail = (
        await Detail.from_entity(category).with_actions(["edit", "delete"]).without_title().load()
    )
    return reply(request, layout(detail, title=category.name))


@get("/{id:str}/edit")
async def edit(request: Request, id: FromPath[str]) -> Response:
    category = await Category.aget(id)
    form = await CategoryForm.edit(category)
    return reply(request, layout(form, title=f"Edit {category.name}"))


@route("/{id:str}", http_method=["POST", "PUT", "PATCH"], status_code=200)
async def update(request: Request, id: FromPath[str]) -> Response:
    category = await Category.aget(id)
    form = await CategoryForm.receive(request, category)
    if await form.save() is None:
        return reply(request, layout(form, title=f"Edit {category.name}"))
    return redirect(request, f"/categories/{category.id}", notice=f"{category.name} saved")


async def delete(request: Request, id: FromPath[str]) -> Response:
    category = await Category.aget(id)
    await category.adelete()
    return redirect(request, "/categories", notice=f"{category.name} deleted")


router = Router(
    "/categories",
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
