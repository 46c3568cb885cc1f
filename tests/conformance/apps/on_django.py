"""The suite's app as a Django project in one file; `asgi` and `wsgi` serve the same."""

# Django has no types.
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from nitro_runtime.adapters.django import mount, page
from nitro_runtime.testing.web_app import PREFIX, ROUTES, STATIC, native_view, user
from nitro_runtime.views import Page

settings.configure(
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=[
        "django.middleware.gzip.GZipMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "nitro_runtime.adapters.django.NitroMiddleware",
    ],
    NITRO={"static": STATIC, "user": user, "prefix": PREFIX},
    ROOT_URLCONF=__name__,
    SECRET_KEY="a key for the suite alone",
)


def plain(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"native": "json"})


@page
def sync_page(request: HttpRequest) -> Page:
    return native_view("sync")


@page
async def async_page(request: HttpRequest) -> Page:
    return native_view("async")


asgi = get_asgi_application()
wsgi = get_wsgi_application()

urlpatterns = [
    path("native/json", plain),
    path("native/sync", sync_page),
    path("native/async", async_page),
]
mount(urlpatterns, ROUTES, PREFIX)
urlpatterns.append(path("", include("nitro.urls")))
