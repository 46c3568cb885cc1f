from typing import Any

from fasthtml.core import FastHTML

from nitro_runtime.adapters.fasthtml import install, mount
from nitro_runtime.testing.web_app import PREFIX, ROUTES, STATIC, native_view, user
from nitro_runtime.views import Page

app = FastHTML(secret_key="the key of the suite's app")
rt: Any = app.route  # FastHTML says nothing of what it returns
install(app, static=STATIC, user=user, prefix=PREFIX)
mount(app, ROUTES, PREFIX)


@rt("/native/json")
def plain() -> dict[str, str]:
    return {"native": "json"}


@rt("/native/sync")
def sync_page() -> Page:
    return native_view("sync")


@rt("/native/async")
async def async_page() -> Page:
    return native_view("async")
