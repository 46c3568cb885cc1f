"""The pages of products."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from nitro import Detail
from nitro_runtime.adapters.django import gate, redirect, reply, wait
from nitro_runtime.web import by_method

from shop.layout import layout
from shop.products.entity import Product
from shop.products.views import ProductForm, ProductTable


def index(request: HttpRequest) -> HttpResponse:
    table = wait(ProductTable.read(request))
    return reply(request, layout(table, title="Products"))


def new(request: HttpRequest) -> HttpResponse:
    form = wait(ProductForm.new())
    return reply(request, layout(form, title="New product"))


def create(request: HttpRequest) -> HttpResponse:
    form = wait(ProductForm.receive(request))
    product = wait(form.save())
    if product is None:
        return reply(request, layout(form, title="New product"))
    return redirect(request, f"/products/{product.id}", notice=f"{product.name} created")


def bulk(request: HttpRequest) -> HttpResponse:
    result = wait(ProductTable.act(request))
    return redirect(request, f"/products{result.address}", notice=result.notice)


def show(request: HttpRequest, id: str) -> HttpResponse:
    product = Product.get(id)
    detail = wait(
        Detail.from_entity(product).with_actions(["edit", "delete"]).without_title().load()
    )
    return reply(request, layout(detail, title=product.name))


def edit(request: HttpRequest, id: str) -> HttpResponse:
    product = Product.get(id)
    form = wait(ProductForm.edit(product))
    return reply(request, layout(form, title=f"Edit {product.name}"))


def update(request: HttpRequest, id: str) -> HttpResponse:
    product = Product.get(id)
    form = wait(ProductForm.receive(request, product))
    if wait(form.save()) is None:
        return reply(request, layout(form, title=f"Edit {product.name}"))
    return redirect(request, f"/products/{product.id}", notice=f"{product.name} saved")


def delete(request: HttpRequest, id: str) -> HttpResponse:
    product = Product.get(id)
    product.delete()
    return redirect(request, "/products", notice=f"{product.name} deleted")


urlpatterns = [
    path("products", gate(by_method(get=index, post=create))),
    path("products/new", gate(by_method(get=new))),
    path("products/bulk", gate(by_method(post=bulk))),
    path(
        "products/<str:id>",
        gate(by_method(get=show, post=update, put=update, patch=update, delete=delete)),
    ),
    path("products/<str:id>/edit", gate(by_method(get=edit))),
    path("products/<str:id>/delete", gate(by_method(post=delete))),
]
