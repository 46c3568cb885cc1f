"""The application: creates it, installs Nitro, registers every resource."""

from nitro_runtime.adapters.sanic import install, reply
from sanic import HTTPResponse, Request, Sanic

from shop.layout import home
from shop.registry import RESOURCES
from shop.settings import STATIC, configure_database, settings

configure_database()
app = Sanic("shop")
install(app, static=STATIC, secret_key=settings.secret_key.get_secret_value(), csp=True)

for resource in RESOURCES:
    if routes := resource.load():
        app.blueprint(routes.bp)


@app.get("/")
async def index(request: Request) -> HTTPResponse:
    return reply(request, home())
