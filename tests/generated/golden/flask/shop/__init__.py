"""Shop: `create_app` makes the application, with Nitro and every resource in it."""

from flask import Flask, Response, request
from nitro_runtime.adapters.flask import Nitro, reply

from shop.layout import home
from shop.registry import RESOURCES
from shop.settings import STATIC, configure_database, settings

nitro = Nitro()


def create_app() -> Flask:
    configure_database()
    app = Flask(__name__)
    key = settings.secret_key.get_secret_value()
    app.config.from_mapping(
        SECRET_KEY=key, NITRO_SECRET_KEY=key, NITRO_STATIC=STATIC, NITRO_CSP=True
    )
    nitro.init_app(app)
    for resource in RESOURCES:
        if routes := resource.load():
            app.register_blueprint(routes.bp)

    @app.get("/")
    def index() -> Response:
        return reply(request, home())

    return app
