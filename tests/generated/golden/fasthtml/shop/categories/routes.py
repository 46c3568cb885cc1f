"""The pages of categories."""

from fasthtml.common import APIRouter, Request, Response
from nitro import Detail
from nitro_runtime.adapters.fasthtml import redirect, reply

from shop.categories.entity import Category
from shop.categories.views import CategoryForm, CategoryTable
from shop.layout import layout

rt = APIRouter()


@rt("/categories", methods=["GET"])
async def index(request: Request) -> Response:
    table = await CategoryTable.read(request)
    return reply(request, layout(table, title="Categories"))


@rt("/categories/new", methods=["GET"])
async def new(request: Request) -> Response:
    form = await CategoryForm.new()
    return reply(request, layout(form, title="New category"))


@rt("/categories", methods=["POST"])
async def create(request: Request) -> Response:
    form = await CategoryForm.receive(request)
    category = await form.save()
    if category is None:
        return reply(request, layout(form, title="New category"))
    return redirect(request, f"/categories/{category.id}", notice=f"{category.name} created")


@rt("/categories/bulk", methods=["POST"])
async def bulk(request: Request) -> Response:
    result = await CategoryTable.act(request)
    return redirect(request, f"/categories{result.address}", notice=result.notice)


@rt("/categories/{id}", methods=["GET"])
async def show(request: Request, id: str) -> Response:
    category = await Category.aget(id)
    detail = (
        await Detail.from_entity(category).with_actions(["edit", "delete"]).without_title().load()
    )
    return reply(request, layout(detail, title=category.name))


@rt("/categories/{id}/edit", methods=["GET"])
async def edit(request: Request, id: str) -> Response:
    category = await Category.aget(id)
    form = await CategoryForm.edit(category)
    return reply(request, layout(form, title=f"Edit {category.name}"))


@rt("/categories/{id}", methods=["POST", "PUT", "PATCH"])
async def update(request: Request, id: str) -> Response:
    category = await Category.aget(id)
    form = await CategoryForm.receive(request, category)
    if await form.save() is None:
        return reply(request, layout(form, title=f"Edit {category.name}"))
    return redirect(request, f"/categories/{category.id}", notice=f"{category.name} saved")


async def delete(request: Request, id: str) -> Response:
    category = await Category.aget(id)
    await category.adelete()
    return redirect(request, "/categories", notice=f"{category.name} deleted")


rt("/categories/{id}/delete", methods=["POST"])(delete)
rt("/categories/{id}", methods=["DELETE"])(delete)
