"""A Django project in one file, with Django's check of posts (CSRF) on; `asgi` and `wsgi` serve it."""

# Django has no types.
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import os

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.http import require_http_methods

from nitro import Card, Column, Entity, Form, Page, Table, TextField
from nitro_runtime.adapters.django import gate, redirect, reply, wait

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    MIDDLEWARE=[
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "nitro_runtime.adapters.django.NitroMiddleware",
    ],
    NITRO={"static": os.environ["STATIC_FOLDER"]},
    ROOT_URLCONF=__name__,
    SECRET_KEY="a key for the browser tests only",
)


class Owl(Entity):
    name: str


class OwlForm(Form[Owl]):
    entity = Owl
    name = TextField(max_length=20)


class OwlTable(Table[Owl]):
    entity = Owl
    name = Column(sort=True, link=True)
    actions = ["edit", "delete"]  # noqa: RUF012
    search = ["name"]  # noqa: RUF012
    reactive = True


@gate
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    if request.META["REQUEST_METHOD"] == "GET":
        return reply(request, Page(wait(OwlTable.read(request)), title="Owls"))
    form = wait(OwlForm.receive(request))
    owl = wait(form.save())
    if owl is None:
        return reply(request, Page(form, title="New owl"))
    return redirect(request, f"/owls/{owl.id}", notice=f"{owl.name} created")


def new(request: HttpRequest) -> HttpResponse:
    return reply(request, Page(wait(OwlForm.new()), title="New owl"))


@gate
async def show(request: HttpRequest, key: str) -> HttpResponse:
    owl = await Owl.aget(key)
    if request.META["REQUEST_METHOD"] == "GET":
        card = Card.from_entity(owl).with_actions(["edit", "delete"])
        return reply(request, Page(card, title=owl.name))
    form = await OwlForm.receive(request, owl)
    if await form.save() is None:
        return reply(request, Page(form, title=owl.name))
    return redirect(request, f"/owls/{owl.id}", notice=f"{owl.name} saved")


def edit(request: HttpRequest, key: str) -> HttpResponse:
    return reply(request, Page(wait(OwlForm.edit(Owl.get(key))), title="Edit"))


@gate
@require_http_methods(["POST"])
def delete(request: HttpRequest, key: str) -> HttpResponse:
    owl = Owl.get(key)
    owl.delete()
    return redirect(request, "/owls", notice=f"{owl.name} deleted")


asgi = get_asgi_application()
wsgi = get_wsgi_application()

urlpatterns = [
    path("", lambda request: redirect(request, "/owls")),
    path("owls", index),
    path("owls/new", new),
    path("owls/<key>", show),
    path("owls/<key>/edit", edit),
    path("owls/<key>/delete", delete),
    path("", include("nitro.urls")),
]
