"""The pages of products."""

from flask import Blueprint, Response, request
from nitro import Detail
from nitro_runtime.adapters.flask import gate, redirect, reply, wait

from shop.layout import layout
from shop.products.entity import Product
from shop.products.views import ProductForm, ProductTable

bp = Blueprint("products", __name__, url_prefix="/products")
bp.before_request(gate)


@bp.get("")
def index() -> Response:
    table = wait(ProductTable.read(request))
    return reply(request, layout(table, title="Products"))


@bp.get("/new")
def new() -> Response:
    form = wait(ProductForm.new())
    return reply(request, layout(form, title="New product"))


@bp.post("")
def create() -> Response:
    form = wait(ProductForm.receive(request))
    product = wait(form.save())
    if product is None:
        return reply(request, layout(form, title="New product"))
    return redirect(request, f"/products/{product.id}", notice=f"{product.name} created")


@bp.post("/bulk")
def bulk() -> Response:
    result = wait(ProductTable.act(request))
    return redirect(request, f"/products{result.address}", notice=result.notice)


@bp.get("/<id>")
def show(id: str) -> Response:
    product = Product.get(id)
    detail = wait(
        Detail.from_entity(product).with_actions(["edit", "delete"]).without_title().load()
    )
    return reply(request, layout(detail, title=product.name))


@bp.get("/<id>/edit")
def edit(id: str) -> Response:
    product = Product.get(id)
    form = wait(ProductForm.edit(product))
    return reply(request, layout(form, title=f"Edit {product.name}"))


@bp.post("/<id>")
@bp.put("/<id>")
@bp.patch("/<id>")
def update(id: str) -> Response:
    product = Product.get(id)
    form = wait(ProductForm.receive(request, product))
    if wait(form.save()) is None:
        return reply(request, layout(form, title=f"Edit {product.name}"))
    return redirect(request, f"/products/{product.id}", notice=f"{product.name} saved")


@bp.post("/<id>/delete")
@bp.delete("/<id>")
def delete(id: str) -> Response:
    product = Product.get(id)
    product.delete()
    return redirect(request, "/products", notice=f"{product.name} deleted")
