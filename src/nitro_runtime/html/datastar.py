"""Datastar 1.0's attributes: which keywords they are, how they are written, what their values mean.

Datastar wants a colon before a key (``data-on:click``) and lower-cases nothing itself, but HTML does:
``fullName`` is written ``full-name``, which Datastar reads as ``fullName``. Names of plugins keep
their dash (``data-on-intersect``). Values are code: a ``str`` here is what the developer wrote,
every other Python value goes through `nitro_runtime.html.js`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from nitro_runtime.html.javascript import JsExpr, code, js, quoted
from nitro_runtime.html.markup import escape_text, refuse

Rule = Callable[[str, Any], str]


def find_rule(key: str) -> tuple[str, Rule] | None:
    """Returns the name and the rule of the Datastar attribute that a keyword means, or None.

    ``on_click``, ``on_input__debounce_200ms`` and the like; ``signals``, ``show`` and the others by
    name, with modifiers after two underscores; names written out (``data-on:click``) too.
    """
    if key.startswith("data-"):
        return _written_out(key)
    if key.startswith("on") and key.isalpha():  # onclick: the browser's own handler
        return key, _code
    stem, *modifiers = key.removesuffix("_").split("__")
    suffix = "".join(f"__{modifier.replace('_', '.')}" for modifier in modifiers)
    if stem.startswith("on_") and len(stem) > 3:
        event = stem[3:].replace("_", "-")
        colon = "-" if event in _PLUGIN_EVENTS else ":"
        return f"data-on{colon}{event}{suffix}", _code
    found = _ATTRIBUTES.get(stem)
    return (f"data-{found[0]}{suffix}", found[1]) if found else None


def _written_out(name: str) -> tuple[str, Rule] | None:
    plugin = re.split(r":|__", name[5:], maxsplit=1)[0]
    if plugin == "on" or plugin.removeprefix("on-") in _PLUGIN_EVENTS:
        return name, _code
    for known, rule in _ATTRIBUTES.values():
        if plugin == known:
            # with a key the value belongs to that one key: data-signals:x="1"
            return name, _code if f"{plugin}:" in name and rule is not signal_rule else rule
    return None


# -- values -------------------------------------------------------------------------------------

_SIGNAL = r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_0-9][A-Za-z0-9_-]*)*"


def _pair(name: str, source: str) -> str:
    return f' {name}="{escape_text(source)}"'


def _code(name: str, value: object) -> str:
    return _pair(name, code(value))


def signal_rule(name: str, value: object) -> str:
    """Renders an attribute whose value is a signal's name, not code."""
    if value is True and ":" in name:
        return f" {name}"
    if not isinstance(value, str) or re.fullmatch(_SIGNAL, value) is None:
        refuse(f"{name} names a signal, such as 'price' or 'product.price', not {value!r}.")
    return _pair(name, value)


def _flag(name: str, value: object) -> str:
    return f" {name}" if value is True else _pair(name, code(value))


def _words(name: str, value: object) -> str:
    words = cast("list[str]", value) if isinstance(value, list | tuple) else [value]
    return _pair(name, " ".join(str(word) for word in words))


def _expressions(name: str, value: object) -> str:
    """An object whose values are expressions: ``attr={"disabled": "$busy"}``."""
    if not isinstance(value, Mapping):
        return _code(name, value)
    items = cast("Mapping[str, object]", value).items()
    source = ", ".join([f"{quoted(key)}: ({code(item)})" for key, item in items])
    return _pair(name, f"{{{source}}}")


def _computed(name: str, value: object) -> str:
    """One attribute for each computed signal, since each is an expression of its own."""
    if not isinstance(value, Mapping):
        return _code(name, value)
    items = cast("Mapping[str, object]", value).items()
    plugin, underscores, modifiers = name.partition("__")
    return "".join(
        [
            _pair(f"{plugin}:{signal_key(key)}{underscores}{modifiers}", code(item))
            for key, item in items
        ]
    )


def _values(name: str, value: object) -> str:
    if not isinstance(value, Mapping | JsExpr | str):
        refuse(f"{name} takes a dict of signals, not {type(value).__name__}.")
    return _pair(name, js(cast("object", value)) if isinstance(value, Mapping) else value)


def signal_key(name: str) -> str:
    """Returns a signal's name as the key of an attribute: ``fullName`` as ``full-name``.

    Raises:
        ViewError: It is not the name of a signal.
    """
    if re.fullmatch(_SIGNAL, name) is None or "-" in name or "__" in name:
        refuse(f"{name!r} is not the name of a signal.")
    return re.sub("[A-Z]", lambda upper: f"-{upper[0].lower()}", name)


_PLUGIN_EVENTS = {"intersect", "interval", "signal-patch", "signal-patch-filter", "raf", "resize"}
_ATTRIBUTES: dict[str, tuple[str, Rule]] = {
    "attr": ("attr", _expressions),
    "bind": ("bind", signal_rule),
    "class_map": ("class", _expressions),
    "computed": ("computed", _computed),
    "ds_class": ("class", _expressions),
    "ds_style": ("style", _expressions),
    "effect": ("effect", _code),
    "ignore": ("ignore", _flag),
    "ignore_morph": ("ignore-morph", _flag),
    "indicator": ("indicator", signal_rule),
    "init": ("init", _code),
    "json_signals": ("json-signals", _flag),
    "preserve_attr": ("preserve-attr", _words),
    "ref": ("ref", signal_rule),
    "show": ("show", _code),
    "signals": ("signals", _values),
    "style_map": ("style", _expressions),
    "text": ("text", _code),
}
