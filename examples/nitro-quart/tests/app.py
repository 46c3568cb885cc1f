from nitro_quart.adapter import mount, page
from quart import Quart

import nitro
from nitro_runtime.testing.web_app import PREFIX, ROUTES, STATIC, native_view, user
from nitro_runtime.views import Page

app = Quart(__name__)
nitro.install(app, static=STATIC, user=user, prefix=PREFIX)
mount(app, ROUTES, PREFIX)


@app.get("/native/json")
def plain() -> dict[str, str]:
    return {"native": "json"}


@app.get("/native/sync")
@page
def sync_page() -> Page:
    return native_view("sync")


@app.get("/native/async")
@page
async def async_page() -> Page:
    return native_view("async")
