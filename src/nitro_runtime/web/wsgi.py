"""What the adapters of WSGI frameworks share (PEP 3333)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from threading import Lock
from typing import Any

from nitro_runtime.web.asgi import parse_cookies
from nitro_runtime.web.forms import parse_urlencoded
from nitro_runtime.web.request import Request, Site

# The two headers that CGI, and so PEP 3333, names without HTTP_.
_BARE = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}


def request_of_environ(
    environ: Mapping[str, Any],
    site: Site,
    native: Any,  # noqa: ANN401 # the framework's own request
    params: Mapping[str, Any],
    read: Callable[[int], Awaitable[bytes]],
) -> Request:
    """Makes the neutral request of a WSGI environment.

    Args:
        environ: The environment.
        site: How Nitro was installed on the app.
        native: The framework's own request.
        params: The parameters of the route.
        read: Reads the body, at most so many bytes.

    Raises:
        Refused: 422, the query string is not UTF-8.
    """
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers |= {short: environ[name] for name, short in _BARE.items() if environ.get(name)}
    server = f"{environ.get('SERVER_NAME', '')}:{environ.get('SERVER_PORT', '')}"
    return Request(
        method=environ["REQUEST_METHOD"],
        path=_text(environ.get("PATH_INFO", "")) or "/",
        headers=headers,
        query=parse_urlencoded(environ.get("QUERY_STRING", "").encode("latin-1")),
        cookies=parse_cookies(headers.get("cookie", "")),
        params={name: str(value) for name, value in params.items()},
        scheme=environ["wsgi.url_scheme"],
        host=headers.get("host") or server,
        base=_text(environ.get("SCRIPT_NAME", "")).rstrip("/"),
        native=native,
        site=site,
        read=read,
    )


def _text(native: str) -> str:
    """PEP 3333 hands bytes over as if they were Latin-1; paths are UTF-8."""
    return native.encode("latin-1").decode("utf-8", "replace")


def before_first_request(inner: Any, act: Callable[[], None]) -> Any:  # noqa: ANN401 # WSGI apps
    """Wraps a WSGI app so that something is done once, before its first request.

    By then all of an app's own routes are there, which win over Nitro's by coming first.
    """
    lock = Lock()
    waiting = [act]

    def app(environ: Any, start_response: Any) -> Any:  # noqa: ANN401 # WSGI
        if waiting:
            with lock:
                if waiting:
                    waiting[0]()
                    waiting.clear()
        return inner(environ, start_response)

    return app
