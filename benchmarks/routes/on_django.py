"""The compared routes on Django, on ASGI: one project, whose two apps differ in URLs and middleware."""

# Django has no types.
# pyright: reportUntypedFunctionDecorator=false, reportArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import override_settings
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from benchmarks.routes import STATIC, work
from nitro_runtime.adapters.django import reply

work.lift_limits()

# What a project has that needs no database.
MIDDLEWARE = (
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
)

settings.configure(
    ALLOWED_HOSTS=["*"],
    NITRO={"static": STATIC, "secret_key": work.KEY},
    ROOT_URLCONF="a project has one; each of these handlers names its own",
    SECRET_KEY=work.KEY,
)
django.setup()


async def page_by_hand(request: HttpRequest) -> HttpResponse:
    document = work.document(request.COOKIES, request.headers)
    return HttpResponse(document, headers=work.PAGE_HEADERS)


@csrf_exempt
async def command_by_hand(request: HttpRequest, tab: str) -> HttpResponse:
    session = request.COOKIES.get("nitro_session", "")
    try:
        event = work.restocked(request.headers, session, tab, request.body)
    except work.REFUSALS:
        return HttpResponse(status=403)
    return HttpResponse(event, content_type=work.STREAM, headers=work.STREAM_HEADERS)


async def page(request: HttpRequest) -> HttpResponse:
    return reply(request, work.page())


async def fact(request: HttpRequest) -> HttpResponse:
    return JsonResponse(work.FACT)


def handler(middleware: Sequence[str], urls: Sequence[Any]) -> ASGIHandler:
    """Makes the ASGI app of a project that has this middleware and these URLs."""
    with override_settings(MIDDLEWARE=middleware):
        made = ASGIHandler()
    made.request_class = type("Request", (ASGIRequest,), {"urlconf": tuple(urls)})
    return made


hand = handler(
    MIDDLEWARE,
    [
        path("page", page_by_hand),
        path("cmds/bench.restock/<str:tab>", command_by_hand),
        path("json", fact),
    ],
)
nitro = handler(
    (*MIDDLEWARE, "nitro_runtime.adapters.django.NitroMiddleware"),
    [path("page", page), path("json", fact), path("", include("nitro.urls"))],
)
