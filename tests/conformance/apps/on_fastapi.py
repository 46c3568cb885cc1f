from fastapi import FastAPI

from nitro_runtime.adapters.fastapi import install, mount
from nitro_runtime.testing.web_app import PREFIX, ROUTES, STATIC, native_view, user
from nitro_runtime.views import Page

app = FastAPI()
install(app, static=STATIC, user=user, prefix=PREFIX)
mount(app, ROUTES, PREFIX)


@app.get("/native/json")
def plain() -> dict[str, str]:
    return {"native": "json"}


@app.get("/native/sync")
def sync_page() -> Page:
    return native_view("sync")


@app.get("/native/async")
async def async_page() -> Page:
    return native_view("async")
