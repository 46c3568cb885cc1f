"""The adapters: one module for each framework, the only place that names it.

Every adapter offers the same names: `nitro_runtime.adapters.protocol.Adapter`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Unpack, cast

from nitro_runtime.errors import ConfigurationError

if TYPE_CHECKING:
    from nitro_runtime.adapters.protocol import Adapter
    from nitro_runtime.web.installing import Options

ADAPTERS: dict[str, str] = {
    "starlette.Starlette": "nitro_runtime.adapters.starlette",
    "fastapi.FastAPI": "nitro_runtime.adapters.fastapi",
    "fasthtml.FastHTML": "nitro_runtime.adapters.fasthtml",
    "flask.Flask": "nitro_runtime.adapters.flask",
    # What Django's WSGI and ASGI handlers have in common; there, `install` names the settings.
    "django.BaseHandler": "nitro_runtime.adapters.django",
    "sanic.Sanic": "nitro_runtime.adapters.sanic",
    "litestar.Litestar": "nitro_runtime.adapters.litestar",
}
"""The adapter for each type of app: top-level package and class name, to module.

The nearest class in the app's method resolution order decides. A package adds its own with an entry point of the group ``nitro.adapters``, named likewise.
"""


def install(
    app: Any,  # noqa: ANN401 # any framework's app
    **options: Unpack[Options],
) -> None:
    """Adds Nitro to an app of any supported framework, without touching its routes.

    Args:
        app: The app.
        **options: ``static user prefix secret_key words csp compress streams_per_user
            streams_in_process``; see `nitro_runtime.web.installing.Options`.

    Raises:
        ConfigurationError: There is no adapter for this type of app, one of these cannot be, or
            Nitro is installed on the app already.
    """
    adapter_for(app).install(app, **options)


def adapter_for(app: Any) -> Adapter:  # noqa: ANN401 # any framework's app
    """Returns the adapter module for an app.

    Raises:
        ConfigurationError: There is none, or the framework is too old.
    """
    names = [f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(app).__mro__]
    known = ADAPTERS | {point.name: point.value for point in entry_points(group="nitro.adapters")}
    for name in names:
        if module := known.get(name):
            return cast("Adapter", import_module(module))
    raise ConfigurationError(
        f"Nitro has no adapter for an app of type {names[0]}; it knows {', '.join(sorted(known))}. "
        "Give it the app itself, before anything is wrapped around it."
    )
