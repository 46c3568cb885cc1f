"""The pages of categories."""

from nitro import Detail
from nitro_runtime.adapters.sanic import gate, redirect, reply
from sanic import Blueprint, HTTPResponse, Request

from shop.categories.entity import Category
from shop.categories.views import CategoryForm, CategoryTable
from shop.layout import layout

bp = Blueprint("categories", url_prefix="/categories")
bp.on_request(gate)


@bp.get("")
async def index(request: Request) -> HTTPResponse:
    table = await CategoryTable.read(request)
    return reply(request, layout(table, title="Categories"))


@bp.get("/new")
async def new(request: Request) -> HTTPResponse:
    form = await CategoryForm.new()
    return reply(request, layout(form, title="New category"))


@bp.post("")
async def create(request: Request) -> HTTPResponse:
    form = await CategoryForm.receive(request)
    category = await form.save()
    if category is None:
        return reply(request, layout(form, title="New category"))
    return redirect(request, f"/categories/{category.id}", notice=f"{category.name} created")


@bp.post("/bulk")
async def bulk(request: Request) -> HTTPResponse:
    result = await CategoryTable.act(request)
    return redirect(request, f"/categories{result.address}", notice=result.notice)


@bp.get("/<id:str>")
async def show(request: Request, id: str) -> HTTPResponse:
    category = await Category.aget(id)
    detail = (
        await Detail.from_entity(category).with_actions(["edit", "delete"]).without_title().load()
    )
    return reply(request, layout(detail, title=category.name))


@bp.get("/<id:str>/edit")
async def edit(request: Request, id: str) -> HTTPResponse:
    category = await Category.aget(id)
    form = await CategoryForm.edit(category)
    return reply(request, layout(form, title=f"Edit {category.name}"))


@bp.route("/<id:str>", methods=["POST", "PUT", "PATCH"])
async def update(request: Request, id: str) -> HTTPResponse:
    category = await Category.aget(id)
    form = await CategoryForm.receive(request, category)
    if await form.save() is None:
        return reply(request, layout(form, title=f"Edit {category.name}"))
    return redirect(request, f"/categories/{category.id}", notice=f"{category.name} saved")


@bp.post("/<id:str>/delete")
@bp.delete("/<id:str>", name="delete_too")
async def delete(request: Request, id: str) -> HTTPResponse:
    category = await Category.aget(id)
    await category.adelete()
    return redirect(request, "/categories", notice=f"{category.name} deleted")
