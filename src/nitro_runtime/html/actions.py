"""Datastar's actions as expressions: ``on_click=post("/products/1/delete")``."""

from __future__ import annotations

from collections.abc import Mapping

from nitro_runtime.html.annotations import TYPE_CHECKING, Any, cast
from nitro_runtime.html.javascript import JsExpr, js, quoted
from nitro_runtime.html.markup import refuse

if TYPE_CHECKING:
    from typing import Literal, TypedDict, Unpack

    from nitro_runtime.html.signals import Expression

    class Options(TypedDict, total=False):
        """What a request can be given; None leaves an option out."""

        content_type: Literal["json", "form"] | None
        """``"json"`` sends signals, ``"form"`` the fields of the nearest form or of ``selector``."""
        filter_signals: Mapping[Literal["include", "exclude"], str] | JsExpr | None
        """Which signals are sent: regular expressions of their names."""
        headers: Mapping[str, object] | JsExpr | None
        """More headers."""
        open_when_hidden: bool | None
        """Whether a stream stays open while the tab is hidden."""
        payload: object
        """What is sent instead of the signals."""
        request_cancellation: Literal["auto", "cleanup", "disabled"] | JsExpr | None
        """Whether a request ends the one before it; an expression may give an AbortController."""
        retry: Literal["auto", "error", "always", "never"] | None
        """After what a request is sent again."""
        retry_interval: int | None
        """Milliseconds before the first time."""
        retry_max_count: int | None
        """How often at most."""
        retry_max_wait: int | None
        """Milliseconds between two times, at most."""
        retry_scaler: float | None
        """What the interval is multiplied with each time."""
        selector: str | None
        """The form that is sent, if it is not the nearest one."""
        contentType: Literal["json", "form"] | None
        filterSignals: Mapping[Literal["include", "exclude"], str] | JsExpr | None
        openWhenHidden: bool | None
        requestCancellation: Literal["auto", "cleanup", "disabled"] | JsExpr | None
        retryInterval: int | None
        retryMaxCount: int | None
        retryMaxWait: int | None
        retryScaler: float | None


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
_CHOICES = {
    "contentType": ("json", "form"),
    "requestCancellation": ("auto", "cleanup", "disabled"),
    "retry": ("auto", "error", "always", "never"),
}
"""Options that are one of a few words; others would throw in the browser, or be ignored."""


def get(url: str | Expression, /, **options: Unpack[Options]) -> JsExpr:
    """Returns ``@get('url', {options})``: signals travel in the query.

    Args:
        url: The address; a `JsExpr` or an expression of signals computes it.
        **options: Datastar's options, in snake_case or as Datastar writes them: ``content_type``,
            ``headers``, ``payload``, ``selector``, ``filter_signals``, ``retry``,
            ``retry_interval`` (milliseconds), ``retry_max_wait`` (milliseconds), ``retry_scaler``,
            ``retry_max_count``, ``request_cancellation``, ``open_when_hidden``. ``None`` leaves one out.

    Raises:
        ViewError: An option is unknown, or a value has no JavaScript literal.
    """
    return _action("get", url, options)


def post(url: str | Expression, /, **options: Unpack[Options]) -> JsExpr:
    """Returns ``@post('url', {options})``: signals travel as JSON, a form with ``content_type="form"``."""
    return _action("post", url, options)


def put(url: str | Expression, /, **options: Unpack[Options]) -> JsExpr:
    """Returns ``@put('url', {options})``; see `get` for the options."""
    return _action("put", url, options)


def patch(url: str | Expression, /, **options: Unpack[Options]) -> JsExpr:
    """Returns ``@patch('url', {options})``; see `get` for the options."""
    return _action("patch", url, options)


def delete(url: str | Expression, /, **options: Unpack[Options]) -> JsExpr:
    """Returns ``@delete('url', {options})``: signals travel in the query; see `get`."""
    return _action("delete", url, options)


def peek(value: str | Expression, /) -> JsExpr:
    """Returns ``@peek(() => value)``: reads signals without following them."""
    return JsExpr(f"@peek(() => ({value}))")


def set_all(value: object, /, include: str | None = None, exclude: str | None = None) -> JsExpr:
    """Returns ``@setAll(value, {filter})``: sets every signal that is meant to one value.

    Args:
        value: A Python value or an expression.
        include: A regular expression of the names that are meant; all of them when left out.
        exclude: One of the names that are not.
    """
    return JsExpr(f"@setAll({js(value)}, {_filter(include, exclude)})")


def toggle_all(include: str | None = None, exclude: str | None = None) -> JsExpr:
    """Returns ``@toggleAll({filter})``: turns every signal that is meant; see `set_all`."""
    return JsExpr(f"@toggleAll({_filter(include, exclude)})")


def _filter(include: str | None, exclude: str | None) -> JsExpr:
    given = {"include": include, "exclude": exclude}
    return js({name: pattern for name, pattern in given.items() if pattern is not None})


def _action(method: str, url: str | Expression, options: Mapping[str, Any]) -> JsExpr:
    if hasattr(type(url), "__js__"):
        url = js(url)
    if not isinstance(cast("object", url), str):
        refuse(f"The address of @{method} is {type(url).__name__}, not text.")
    address = url if isinstance(url, JsExpr) else quoted(cast("str", url), "'")
    given = {_option(method, name): value for name, value in options.items() if value is not None}
    for name, choices in _CHOICES.items():
        if name in given and type(given[name]) is not JsExpr and given[name] not in choices:
            refuse(f"The option {name} of @{method} is one of {', '.join(choices)}.")
    return JsExpr(f"@{method}({address}, {js(given)})" if given else f"@{method}({address})")


def _option(method: str, name: str) -> str:
    known = _KNOWN.get(name)
    if known is None:
        from nitro_runtime.errors import suggestion

        refuse(f"@{method} has no option {name!r}.{suggestion(name, _OPTIONS)}")
    return known
