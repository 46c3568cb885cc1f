"""The pages of categories."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from nitro import Detail
from nitro_runtime.adapters.django import gate, redirect, reply, wait
from nitro_runtime.web import by_method

from shop.categories.entity import Category
from shop.categories.views import CategoryForm, CategoryTable
from shop.layout import layout


def index(request: HttpRequest) -> HttpResponse:
    table = wait(CategoryTable.read(request))
    return reply(request, layout(table, title="Categories"))


def new(request: HttpRequest) -> HttpResponse:
    form = wait(CategoryForm.new())
    return reply(request, layout(form, title="New category"))


def create(request: HttpRequest) -> HttpResponse:
    form = wait(CategoryForm.receive(request))
    category = wait(form.save())
    if category is None:
        return reply(request, layout(form, title="New category"))
    return redirect(request, f"/categories/{category.id}", notice=f"{category.name} created")


def bulk(request: HttpRequest) -> HttpResponse:
    result = wait(CategoryTable.act(request))
    return redirect(request, f"/categories{result.address}", notice=result.notice)


def show(request: HttpRequest, id: str) -> HttpResponse:
    category = Category.get(id)
    detail = wait(
        Detail.from_entity(category).with_actions(["edit", "delete"]).without_title().load()
    )
    return reply(request, layout(detail, title=category.name))


def edit(request: HttpRequest, id: str) -> HttpResponse:
    category = Category.get(id)
    form = wait(CategoryForm.edit(category))
    return reply(request, layout(form, title=f"Edit {category.name}"))


def update(request: HttpRequest, id: str) -> HttpResponse:
    category = Category.get(id)
    form = wait(CategoryForm.receive(request, category))
    if wait(form.save()) is None:
        return reply(request, layout(form, title=f"Edit {category.name}"))
    return redirect(request, f"/categories/{category.id}", notice=f"{category.name} saved")


def delete(request: HttpRequest, id: str) -> HttpResponse:
    category = Category.get(id)
    category.delete()
    return redirect(request, "/categories", notice=f"{category.name} deleted")


urlpatterns = [
    path("categories", gate(by_method(get=index, post=create))),
    path("categories/new", gate(by_method(get=new))),
    path("categories/bulk", gate(by_method(post=bulk))),
    path(
        "categories/<str:id>",
        gate(by_method(get=show, post=update, put=update, patch=update, delete=delete)),
    ),
    path("categories/<str:id>/edit", gate(by_method(get=edit))),
    path("categories/<str:id>/delete", gate(by_method(post=delete))),
]
