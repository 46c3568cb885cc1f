"""The application: creates it with Nitro and every resource."""

from litestar import Litestar, Request, Response, get
from nitro_runtime.adapters.litestar import NitroPlugin, reply

from shop.layout import home
from shop.registry import RESOURCES
from shop.settings import STATIC, configure_database, settings


@get("/", include_in_schema=False)
async def index(request: Request) -> Response:
    return reply(request, home())


configure_database()
resources = [routes.router for resource in RESOURCES if (routes := resource.load())]
nitro = NitroPlugin(static=STATIC, secret_key=settings.secret_key.get_secret_value(), csp=True)
app = Litestar([index, *resources], plugins=[nitro])
