"""A Django project in one file whose accounts are Django's own: everybody has a mailbox, which is live.

`asgi` and `wsgi` serve it. Each request is one transaction, so a logout is done when it is answered.
"""

# Django has no types.
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path

from nitro import Page, broadcast, emit_elements, topic
from nitro.html import Button, Div, Html, Input, Li, Ul
from nitro.html import Form as FormTag
from nitro_runtime.adapters.django import neutral, reply

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={
        "default": {
            "ATOMIC_REQUESTS": True,
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": Path(os.environ["SCRATCH"]) / "accounts.db",
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "nitro_runtime.adapters.django.NitroMiddleware",
    ],
    NITRO={"static": os.environ["STATIC_FOLDER"]},
    ROOT_URLCONF=__name__,
    SECRET_KEY="a key for these tests only",
)
asgi = get_asgi_application()
wsgi = get_wsgi_application()
call_command("migrate", verbosity=0)

from django.contrib.auth.models import User  # noqa: E402 # models need the settings
from django.contrib.auth.views import LogoutView  # noqa: E402

KEPT: dict[str, list[str]] = {}
"""The mail of each person."""


def mailbox(owner: str) -> Html:
    return Ul(*[Li(text) for text in KEPT.get(owner, [])], id="mail")


@topic("mail:{owner}", state=mailbox)
def may_read(user: Any, owner: str) -> bool:
    return user is not None and user.username == owner


def show(request: HttpRequest, owner: str) -> HttpResponse:
    csrf = neutral(request).csrf
    assert csrf is not None
    sign_out = FormTag(
        Input(type="hidden", name=csrf.field, value=csrf.token),
        Button("Sign out"),
        method="post",
        action="/accounts/logout/",
    )
    return reply(
        request, Page(Div(mailbox(owner), sign_out), title=owner, topics=[f"mail:{owner}"])
    )


def sign_in(request: HttpRequest, owner: str) -> HttpResponse:
    user, _ = User.objects.get_or_create(username=owner)
    login(request, user, "django.contrib.auth.backends.ModelBackend")
    return JsonResponse({"id": user.pk})


def write(request: HttpRequest, owner: str, text: str) -> HttpResponse:
    """Puts a letter into a mailbox, and tells all streams of its owner by the user's own topic too."""
    KEPT.setdefault(owner, []).append(text)
    user = User.objects.get(username=owner)
    return JsonResponse(
        {
            "mailbox": broadcast(f"mail:{owner}", emit_elements(Li(text), "#mail", "append")),
            "user": broadcast(
                f"user:{user.pk}", emit_elements(Li(f"Now: {text}"), "#mail", "append")
            ),
        }
    )


urlpatterns = [
    path("", lambda _: HttpResponse()),
    path("mail/<owner>", show),
    path("mail/<owner>/write/<text>", write),
    path("sign-in/<owner>", sign_in),
    path("accounts/logout/", LogoutView.as_view(next_page="/")),
    path("", include("nitro.urls")),
]
