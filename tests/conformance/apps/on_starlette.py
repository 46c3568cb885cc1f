from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from nitro_runtime.adapters.starlette import install, mount, page
from nitro_runtime.testing.web_app import PREFIX, ROUTES, STATIC, native_view, user
from nitro_runtime.views import Page


def plain(request: Request) -> JSONResponse:
    return JSONResponse({"native": "json"})


@page
def sync_page(request: Request) -> Page:
    return native_view("sync")


@page
async def async_page(request: Request) -> Page:
    return native_view("async")


app = Starlette(
    routes=[
        Route("/native/json", plain),
        Route("/native/sync", sync_page),
        Route("/native/async", async_page),
    ]
)
install(app, static=STATIC, user=user, prefix=PREFIX)
mount(app, ROUTES, PREFIX)
