"""The adapters: one module for each framework, the only place that names it.

Every adapter exports the same names: ``install mount reply redirect gate ReadSignals html``.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from os import PathLike
from typing import Any

from nitro_runtime.errors import ConfigurationError

ADAPTERS: dict[str, str] = {
    "fastapi.FastAPI": "nitro_runtime.adapters.fastapi",
    "flask.Flask": "nitro_runtime.adapters.flask",
}
"""The adapter for each type of app: top-level package and class name, to module.

A package adds its own with an entry point of the group ``nitro.adapters``, named likewise.
"""


def install(
    app: Any,  # noqa: ANN401 # any framework's app
    *,
    static: str | PathLike[str] | None = None,
    user: Callable[[Any], Any] | None = None,
    prefix: str = "",
    secret_key: str | None = None,
) -> None:
    """Adds Nitro to an app of any supported framework, without touching its routes.

    Args:
        app: The app.
        static: A folder for ``/static``, unless the app has something there; None takes the folder
            ``static`` of the working directory when there is one.
        user: Takes the framework's request, returns the signed-in user or None; may be a coroutine.
        prefix: Stands before Nitro's own routes ``/cmds`` and ``/events``.
        secret_key: Signs tabs and view keys; by default ``NITRO_SECRET_KEY``.

    Raises:
        ConfigurationError: There is no adapter for this type of app, one of these cannot be, or
            Nitro is installed on the app already.
    """
    adapter_for(app).install(app, static=static, user=user, prefix=prefix, secret_key=secret_key)


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
