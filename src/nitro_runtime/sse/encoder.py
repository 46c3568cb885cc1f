r"""The wire format: Datastar 1.0 events as bytes of a server-sent event stream.

Framing follows the WHATWG HTML standard, section 9.2 (server-sent events): only CR, LF and CRLF end
a line, so nothing else may be split at (``str.splitlines`` would also cut at U+2028 or ``\x0b`` and
change a text). The data lines are those of Datastar's ``datastar-patch-elements`` and
``datastar-patch-signals``. No value given here can end a frame or start another field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from html import escape
from typing import Any, Literal, Protocol, get_args, runtime_checkable
from uuid import UUID

from nitro_runtime.context import without_nonce
from nitro_runtime.errors import ConfigurationError
from nitro_runtime.strict_json import refuse

PatchMode = Literal["outer", "inner", "replace", "prepend", "append", "before", "after", "remove"]
"""How Datastar places patched elements; ``outer`` morphs the element with the same id."""

Namespace = Literal["html", "svg", "mathml"]
"""In which namespace Datastar parses patched elements."""

_MODES = frozenset(get_args(PatchMode))
_NAMESPACES = frozenset(get_args(Namespace))
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_ATTRIBUTE = re.compile(r"[A-Za-z_][A-Za-z0-9_:.\-]*")
# What a parser of HTML looks for in a script (WHATWG HTML Standard, 4.12.1.3).
_SMALLER = r"\\x3C"
_ENDS_SCRIPT = re.compile(r"<(?=!--|/script)", re.IGNORECASE)


@runtime_checkable
class HasHtml(Protocol):
    """Anything that renders itself as markup: a tag, a view, a `Markup`, another library's element."""

    def __html__(self) -> str:
        """Returns trusted markup."""
        ...


def frame(
    event: str,
    lines: list[str],
    *,
    event_id: str | None = None,
    retry: int | None = None,
) -> bytes:
    """Returns one whole server-sent event, with its final empty line.

    Args:
        event: The event's name.
        lines: The data lines, each without a line break.
        event_id: What the browser sends back as ``last-event-id`` when it reconnects.
        retry: Milliseconds that a browser waits before it reconnects.

    Raises:
        ValueError: A value that stands on one line holds a line break.
    """
    fields = [f"event: {one_line('the event name', event)}"]
    if event_id is not None:
        if "\0" in event_id:
            raise ValueError("the event id may not hold a NUL character")
        fields.append(f"id: {one_line('the event id', event_id)}")
    if retry is not None:
        fields.append(f"retry: {int(retry)}")
    fields.extend([f"data: {line}" for line in lines])
    # A lone surrogate has no UTF-8 form; one odd name must not end everybody's stream.
    return ("\n".join(fields) + "\n\n").encode("utf-8", "replace")


def one_line(what: str, value: str) -> str:
    """Returns the value when it fits on one line of the stream.

    Raises:
        ValueError: It holds a line break, with which it could forge further fields.
    """
    if _LINE_BREAK.search(value):
        raise ValueError(f"{what} may not hold a line break")
    return value


def patch_elements(
    html: str | HasHtml,
    *,
    selector: str | None = None,
    mode: PatchMode = "outer",
    namespace: Namespace = "html",
    view_transition: bool = False,
    event_id: str | None = None,
    retry: int | None = None,
) -> bytes:
    """Encodes markup as a ``datastar-patch-elements`` event.

    Args:
        html: An object with ``__html__``, or a str, which is taken as markup as it is: never put
            a visitor's text into it unescaped.
        selector: A CSS selector of the target; None: the elements with the same ids.
        mode: How it is placed.
        namespace: In which namespace it is parsed.
        view_transition: Whether the browser animates the change.
        event_id: As in `frame`.
        retry: As in `frame`, milliseconds.

    Returns:
        One whole event. CR and CRLF in the markup become LF, as every HTML parser reads them.

    Raises:
        ValueError: The mode or namespace is unknown, or the selector holds a line break.
    """
    lines: list[str] = []
    if mode not in _MODES:
        raise ValueError(f"unknown mode {mode!r}; one of {', '.join(get_args(PatchMode))}")
    if namespace not in _NAMESPACES:
        raise ValueError(
            f"unknown namespace {namespace!r}; one of {', '.join(get_args(Namespace))}"
        )
    if mode != "outer":
        lines.append(f"mode {mode}")
    if selector is not None:
        lines.append(f"selector {one_line('the selector', selector)}")
    if view_transition:
        lines.append("useViewTransition true")
    if namespace != "html":
        lines.append(f"namespace {namespace}")
    markup = markup_of(html)
    if markup:
        lines.extend([f"elements {line}" for line in _LINE_BREAK.split(markup)])
    return frame("datastar-patch-elements", lines, event_id=event_id, retry=retry)


def patch_signals(
    signals: Mapping[str, Any] | str,
    *,
    only_if_missing: bool = False,
    event_id: str | None = None,
    retry: int | None = None,
) -> bytes:
    """Encodes values as a ``datastar-patch-signals`` event, always as strict JSON.

    Datastar evaluates a payload that is not JSON as code, so nothing else is ever sent. Decimals
    and UUIDs go out as text, dates as ISO 8601, enums as their value, mappings as objects.

    Args:
        signals: The signals by name; None removes one in the browser. Or the text of a JSON object,
            which is sent as it is once it is known to be one.
        only_if_missing: Leave signals alone that the page has already.
        event_id: As in `frame`.
        retry: As in `frame`, milliseconds.

    Raises:
        TypeError: A value has no JSON form.
        ValueError: A number is NaN or infinite, the values contain themselves, or a text is no JSON
            object.
    """
    lines = ["onlyIfMissing true"] if only_if_missing else []
    if isinstance(signals, str):
        lines.extend([f"signals {line}" for line in _LINE_BREAK.split(_object_text(signals))])
    else:
        lines.append(f"signals {strict_json(signals)}")
    return frame("datastar-patch-signals", lines, event_id=event_id, retry=retry)


def resync(topics: Iterable[str], event_id: str) -> bytes:
    """Encodes what a stream is told that missed something which cannot be sent again.

    An event ``nitro-resync`` for clients of any kind, and the signal ``_resync`` for Datastar's pages,
    whose value is another each time.

    Args:
        topics: Of the stream.
        event_id: From where on nothing is missing.
    """
    data = json.dumps({"topics": sorted(topics)}, separators=(",", ":"))
    return frame("nitro-resync", [data]) + patch_signals({"_resync": event_id}, event_id=event_id)


class _Scripts:
    """Whether scripts may be sent, in this process."""

    allowed = False


_scripts = _Scripts()


def allow_scripts(allowed: bool = True) -> None:
    """Lets scripts be sent to browsers by `emit_script`; call it once, where the app starts.

    Elements, signals and redirects need no script, and a content security policy can forbid them all.

    Args:
        allowed: False takes it back.
    """
    _scripts.allowed = allowed


def execute_script(
    script: str,
    *,
    auto_remove: bool = True,
    attributes: Mapping[str, str] | None = None,
    event_id: str | None = None,
    retry: int | None = None,
) -> bytes:
    """Encodes a script that the browser runs once, as a ``datastar-patch-elements`` event.

    Off unless `allow_scripts` was called. A content security policy may forbid it, and needs a nonce among the attributes then.

    Args:
        script: JavaScript, which is code as it stands: values go into it by `nitro.html.js`.
        auto_remove: Whether the script's element goes away when it has run.
        attributes: Of the element, such as ``{"type": "module"}``.
        event_id: As in `frame`.
        retry: As in `frame`, milliseconds.

    Raises:
        ConfigurationError: Nobody allowed scripts.
        ValueError: An attribute has a name that none can have.
    """
    markup = script_element(script, auto_remove=auto_remove, attributes=attributes)
    return patch_elements(markup, selector="body", mode="append", event_id=event_id, retry=retry)


def script_element(
    script: str, *, auto_remove: bool = True, attributes: Mapping[str, str] | None = None
) -> str:
    """Returns the element of `execute_script`; nothing in the script can end it early.

    Raises:
        ConfigurationError: Nobody allowed scripts.
        ValueError: An attribute has a name that none can have.
    """
    if not _scripts.allowed:
        raise ConfigurationError(
            "Scripts are not sent to browsers unless the app says so: call nitro.allow_scripts() "
            "where it starts."
        )
    given = {"data-effect": "el.remove()"} if auto_remove else {}
    given |= attributes or {}
    for name in given:
        if not _ATTRIBUTE.fullmatch(name):
            raise ValueError(f"{name!r} is no name of an attribute")
    written = "".join([f' {name}="{escape(value)}"' for name, value in given.items()])
    # Inside a text, a template or a pattern, where alone these can stand, \x3C is the same sign.
    return f"<script{written}>{_ENDS_SCRIPT.sub(_SMALLER, script)}</script>"


def _object_text(text: str) -> str:
    """Returns the text when it is a JSON object and nothing that a browser would run as code."""
    if not isinstance(json.loads(text, parse_constant=refuse), dict):
        raise ValueError("signals are a JSON object")
    return text


def strict_json(signals: Mapping[str, Any]) -> str:
    """Returns the mapping as one line of ASCII-only JSON; raises as `patch_signals` does."""
    plain = signals if isinstance(signals, dict) else dict(signals)
    return _ENCODER.encode(plain)


def markup_of(html: str | HasHtml) -> str:
    """Returns the markup of a str or of an object with ``__html__`` as a plain str.

    A patch is for anybody and has no policy of its own, so no attribute in it waits for a nonce.
    """
    if isinstance(html, HasHtml):
        return without_nonce(str(html.__html__()))
    if not isinstance(html, str):  # pyright: ignore[reportUnnecessaryIsInstance] # a caller without types
        raise TypeError(
            f"{type(html).__name__} is no markup; give a str or something with __html__"
        )
    return without_nonce(html)


_AS_TEXT = (Decimal, UUID)
_AS_ISO = (date, time)  # a datetime is a date


def _json_form(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, _AS_TEXT):
        return str(value)
    if isinstance(value, _AS_ISO):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] # json looks at its items
    dump = getattr(value, "model_dump", None)  # a pydantic model, without importing pydantic
    if callable(dump):
        return dump(mode="json")
    raise TypeError(f"{type(value).__name__} has no JSON form; send its plain values as signals")


# json.dumps would make one for each call, which takes longer than the encoding.
_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_json_form)
