"""The pages of categories."""

from fastapi import APIRouter, Depends, Request, Response
from nitro import Detail
from nitro_runtime.adapters.fastapi import gate, redirect, reply

from shop.categories.entity import Category
from shop.categories.views import CategoryForm, CategoryTable
from shop.layout import layout

router = APIRouter(prefix="/categories", tags=["categories"], dependencies=[Depends(gate)])


@router.get("")
async def index(request: Request) -> Response:
    table = await CategoryTable.read(request)
    return reply(request, layout(table, title="Categories"))


@router.get("/new")
async def new(request: Request) -> Response:
    form = await CategoryForm.new()
    return reply(request, layout(form, title="New category"))


@router.post("")
async def create(request: Request) -> Response:
    form = await CategoryForm.receive(request)
    category = await form.save()
    if category is None:
        return reply(request, layout(form, title="New category"))
    return redirect(request, f"/categories/{category.id}", notice=f"{category.name} created")


@router.post("/bulk")
async def bulk(request: Request) -> Response:
    result = await CategoryTable.act(request)
    return redirect(request, f"/categories{result.address}", notice=result.notice)


@router.get("/{id}")
async def show(request: Request, id: str) -> Response:
    category = await Category.aget(id)
    detail = (
        await Detail.from_entity(category).with_actions(["edit", "delete"]).without_title().load()
    )
    return reply(request, layout(detail, title=category.name))


@router.get("/{id}/edit")
async def edit(request: Request, id: str) -> Response:
    category = await Category.aget(id)
    form = await CategoryForm.edit(category)
    return reply(request, layout(form, title=f"Edit {category.name}"))


@router.post("/{id}")
@router.put("/{id}")
@router.patch("/{id}")
async def update(request: Request, id: str) -> Response:
    category = await Category.aget(id)
    form = await CategoryForm.receive(request, category)
    if await form.save() is None:
        return reply(request, layout(form, title=f"Edit {category.name}"))
    return redirect(request, f"/categories/{category.id}", notice=f"{category.name} saved")


@router.post("/{id}/delete")
@router.delete("/{id}")
async def delete(request: Request, id: str) -> Response:
    category = await Category.aget(id)
    await category.adelete()
    return redirect(request, "/categories", notice=f"{category.name} deleted")
