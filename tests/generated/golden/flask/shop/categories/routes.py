"""The pages of categories."""

from flask import Blueprint, Response, request
from nitro import Detail
from nitro_runtime.adapters.flask import gate, redirect, reply, wait

from shop.categories.entity import Category
from shop.categories.views import CategoryForm, CategoryTable
from shop.layout import layout

bp = Blueprint("categories", __name__, url_prefix="/categories")
bp.before_request(gate)


@bp.get("")
def index() -> Response:
    table = wait(CategoryTable.read(request))
    return reply(request, layout(table, title="Categories"))


@bp.get("/new")
def new() -> Response:
    form = wait(CategoryForm.new())
    return reply(request, layout(form, title="New category"))


@bp.post("")
def create() -> Response:
    form = wait(CategoryForm.receive(request))
    category = wait(form.save())
    if category is None:
        return reply(request, layout(form, title="New category"))
    return redirect(request, f"/categories/{category.id}", notice=f"{category.name} created")


@bp.post("/bulk")
def bulk() -> Response:
    result = wait(CategoryTable.act(request))
    return redirect(request, f"/categories{result.address}", notice=result.notice)


@bp.get("/<id>")
def show(id: str) -> Response:
    category = Category.get(id)
    detail = wait(
        Detail.from_entity(category).with_actions(["edit", "delete"]).without_title().load()
    )
    return reply(request, layout(detail, title=category.name))


@bp.get("/<id>/edit")
def edit(id: str) -> Response:
    category = Category.get(id)
    form = wait(CategoryForm.edit(category))
    return reply(request, layout(form, title=f"Edit {category.name}"))


@bp.post("/<id>")
@bp.put("/<id>")
@bp.patch("/<id>")
def update(id: str) -> Response:
    category = Category.get(id)
    form = wait(CategoryForm.receive(request, category))
    if wait(form.save()) is None:
        return reply(request, layout(form, title=f"Edit {category.name}"))
    return redirect(request, f"/categories/{category.id}", notice=f"{category.name} saved")


@bp.post("/<id>/delete")
@bp.delete("/<id>")
def delete(id: str) -> Response:
    category = Category.get(id)
    category.delete()
    return redirect(request, "/categories", notice=f"{category.name} deleted")
