from sanic import HTTPResponse, Request, Sanic, json

from nitro_runtime.adapters.sanic import install, mount, page
from nitro_runtime.testing.web_app import PREFIX, ROUTES, STATIC, native_view, user
from nitro_runtime.views import Page

app = Sanic("suite")
install(app, static=STATIC, user=user, prefix=PREFIX)
mount(app, ROUTES, PREFIX)


@app.get("/native/json")
def plain(request: Request) -> HTTPResponse:
    return json({"native": "json"})


@app.get("/native/sync")
@page
def sync_page(request: Request) -> Page:
    return native_view("sync")


@app.get("/native/async")
@page
async def async_page(request: Request) -> Page:
    return native_view("async")
