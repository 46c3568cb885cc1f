"""The addresses: the front page, every resource, and Nitro's own, which come last."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from nitro_runtime.adapters.django import reply

from shop.layout import home
from shop.registry import RESOURCES


def index(request: HttpRequest) -> HttpResponse:
    return reply(request, home())


urlpatterns = [
    path("", index),
    *(path("", include(routes)) for resource in RESOURCES if (routes := resource.load())),
    path("", include("nitro.urls")),
]
