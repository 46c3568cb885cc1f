"""The application: creates it, installs Nitro, includes every resource."""

from fastapi import FastAPI, Request, Response
from nitro_runtime.adapters.fastapi import install, reply

from shop.layout import home
from shop.registry import RESOURCES
from shop.settings import STATIC, configure_database, settings

configure_database()
app = FastAPI(title="Shop")
install(app, static=STATIC, secret_key=settings.secret_key.get_secret_value(), csp=True)

for resource in RESOURCES:
    if routes := resource.load():
        app.include_router(routes.router)


@app.get("/", include_in_schema=False)
async def index(request: Request) -> Response:
    return reply(request, home())
