"""Datastar's backend actions as expressions: ``on_click=post("/products/1/delete")``."""

from __future__ import annotations

from typing import Any, cast

from nitro_runtime.html.javascript import JsExpr, js, quoted
from nitro_runtime.html.markup import refuse

_OPTIONS = {
    "content_type": "contentType",
    "filter_signals": "filterSignals",
    "headers": "headers",
    "open_when_hidden": "openWhenHidden",
    "payload": "payload",
    "request_cancellation": "requestCancellation",
    "retry": "retry",
    "retry_interval": "retryInterval",
    "retry_max_count": "retryMaxCount",
    "retry_max_wait": "retryMaxWait",
    "retry_scaler": "retryScaler",
    "selector": "selector",
}
_KNOWN = {**_OPTIONS, **{name: name for name in _OPTIONS.values()}}


def get(url: str, /, **options: Any) -> JsExpr:  # noqa: ANN401 # any value that js() takes
    """Returns ``@get('url', {options})``: signals travel in the query.

    Args:
        url: The address; a `JsExpr` is an expression that computes it.
        **options: Datastar's options, in snake_case or as Datastar writes them: ``content_type``,
            ``headers``, ``payload``, ``selector``, ``filter_signals``, ``retry``,
            ``retry_interval`` (milliseconds), ``retry_max_wait`` (milliseconds), ``retry_scaler``,
            ``retry_max_count``, ``request_cancellation``, ``open_when_hidden``. ``None`` leaves one out.

    Raises:
        ViewError: An option is unknown, or a value has no JavaScript literal.
    """
    return _action("get", url, options)


def post(url: str, /, **options: Any) -> JsExpr:  # noqa: ANN401 # see get
    """Returns ``@post('url', {options})``: signals travel as JSON, a form with ``content_type="form"``."""
    return _action("post", url, options)


def put(url: str, /, **options: Any) -> JsExpr:  # noqa: ANN401 # see get
    """Returns ``@put('url', {options})``; see `get` for the options."""
    return _action("put", url, options)


def patch(url: str, /, **options: Any) -> JsExpr:  # noqa: ANN401 # see get
    """Returns ``@patch('url', {options})``; see `get` for the options."""
    return _action("patch", url, options)


def delete(url: str, /, **options: Any) -> JsExpr:  # noqa: ANN401 # see get
    """Returns ``@delete('url', {options})``: signals travel in the query; see `get`."""
    return _action("delete", url, options)


def _action(method: str, url: str, options: dict[str, Any]) -> JsExpr:
    if not isinstance(cast("object", url), str):
        refuse(f"The address of @{method} is {type(url).__name__}, not text.")
    address = url if isinstance(url, JsExpr) else quoted(url, "'")
    given = {_option(method, name): value for name, value in options.items() if value is not None}
    return JsExpr(f"@{method}({address}, {js(given)})" if given else f"@{method}({address})")


def _option(method: str, name: str) -> str:
    known = _KNOWN.get(name)
    if known is None:
        from nitro_runtime.errors import suggestion

        refuse(f"@{method} has no option {name!r}.{suggestion(name, _OPTIONS)}")
    return known
