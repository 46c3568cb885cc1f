"""The application: creates it, installs Nitro, adds every resource."""

from fasthtml.common import Beforeware, FastHTML, Request, Response, serve
from nitro_runtime.adapters.fasthtml import gate, install, reply

from shop.layout import home
from shop.registry import RESOURCES
from shop.settings import STATIC, configure_database, settings

configure_database()
key = settings.secret_key.get_secret_value()
app = FastHTML(title="Shop", before=Beforeware(gate), secret_key=key)
rt = app.route
install(app, static=STATIC, secret_key=key, csp=True)

for resource in RESOURCES:
    if routes := resource.load():
        routes.rt.to_app(app)


@rt("/")
async def index(request: Request) -> Response:
    return reply(request, home())


if __name__ == "__main__":
    serve("shop.app")
