from litestar import Litestar, get

from nitro_runtime.adapters.litestar import NitroPlugin, mount, page
from nitro_runtime.testing.web_app import PREFIX, ROUTES, STATIC, native_view, user
from nitro_runtime.views import Page


@get("/native/json", sync_to_thread=False)
def plain() -> dict[str, str]:
    return {"native": "json"}


@get("/native/sync", sync_to_thread=True)
@page
def sync_page() -> Page:
    return native_view("sync")


@get("/native/async")
@page
async def async_page() -> Page:
    return native_view("async")


app = Litestar(
    route_handlers=[plain, sync_page, async_page],
    plugins=[NitroPlugin(static=STATIC, user=user, prefix=PREFIX)],
)
mount(app, ROUTES, PREFIX)
