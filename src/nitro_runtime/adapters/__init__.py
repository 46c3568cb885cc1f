"""The adapters: one module for each framework, the only place that names it.

Every adapter exports the same names: ``install mount reply redirect gate ReadSignals html``.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from nitro_runtime.errors import ConfigurationError

ADAPTERS: dict[str, str] = {
    "fastapi.FastAPI": "nitro_runtime.adapters.fastapi",
    "flask.Flask": "nitro_runtime.adapters.flask",
}
"""The adapter for each type of app: top-level package and class name, to module.

A package adds its own with an entry point of the group ``nitro.adapters``, named likewise.
"""


def install(app: Any, **options: Any) -> None:  # noqa: ANN401 # any framework's app and options
    """Adds Nitro to an app of any supported framework, without touching its routes.

    Args:
        app: The app.
        options: See the ``install`` of the framework's adapter: ``static``, ``user``, ``prefix``,
            ``secret_key``.

    Raises:
        ConfigurationError: There is no adapter for this type of app, or Nitro is installed on it
            already.
    """
    adapter_for(app).install(app, **options)


def adapter_for(app: Any) -> Any:  # noqa: ANN401 # any framework's app; a module
    """Returns the adapter module for an app.

    Raises:
        ConfigurationError: There is none.
    """
    names = [f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(app).__mro__]
    known = ADAPTERS | {point.name: point.value for point in entry_points(group="nitro.adapters")}
    for name in names:
        if module := known.get(name):
            return import_module(module)
    raise ConfigurationError(
        f"Nitro has no adapter for an app of type {names[0]}; it knows {', '.join(sorted(known))}."
    )
