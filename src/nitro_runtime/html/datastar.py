"""Datastar 1.0's attributes: which keywords they are, how they are written, what their values mean.

Datastar wants a colon before a key (``data-on:click``) and lower-cases nothing itself, but HTML does:
``fullName`` is written ``full-name``, which Datastar reads as ``fullName``. Names of plugins keep
their dash (``data-on-intersect``). Values are code: a ``str`` here is what the developer wrote,
every other Python value goes through `nitro_runtime.html.js`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from nitro_runtime.html.annotations import Any, cast
from nitro_runtime.html.javascript import JsExpr, code, js, quoted
from nitro_runtime.html.markup import escape_text, refuse
from nitro_runtime.html.modifiers import (
    CASES,
    EVENTS,
    INIT,
    INTERSECT,
    INTERVAL,
    NO_MODIFIERS,
    PATCHES,
    Modifiers,
    suffix_of,
)
from nitro_runtime.html.signals import Signal, as_name, checked_name, initial_values

Rule = Callable[[str, Any], str]


class _Plugin:
    __slots__ = ("fallback", "modifiers", "name", "rule")

    def __init__(
        self, name: str, rule: Rule, modifiers: Modifiers = NO_MODIFIERS, fallback: str = ""
    ) -> None:
        self.fallback = fallback
        self.name = name
        self.rule = rule
        self.modifiers = modifiers


def find_rule(key: str) -> tuple[str, Rule] | None:
    """Returns the name and the rule of the Datastar attribute that a keyword means, or None.

    ``on_click``, ``on_input__debounce_200ms`` and the like; ``signals``, ``show`` and the others by
    name, with modifiers after two underscores; ``attr_disabled`` and ``computed_total`` for one key;
    names written out (``data-on:click``) as they stand.

    Raises:
        ViewError: The modifiers are not Datastar's, or the keyword is nearly one.
    """
    if key.startswith("data-"):
        return _written_out(key)
    if key.startswith("on") and key.isalpha():  # onclick: the browser's own handler
        return key, _code
    stem, *modifiers = key.removesuffix("_").split("__")
    found = _find(stem)
    if found is None:
        if any(modifier.partition("_")[0] in _MODIFIERS for modifier in modifiers):
            _refuse_modifiers(key, stem)
        return None
    suffix = suffix_of(key, modifiers, found.modifiers)
    if found.fallback and "__case." not in suffix:
        suffix += found.fallback
    return f"data-{found.name}{suffix}", found.rule


def _find(stem: str) -> _Plugin | None:
    """Returns the attribute for a keyword without its modifiers."""
    word = stem
    for prefix in ("data_", "ds_"):  # what is named so runs as code, so it is written as code
        word = word.removeprefix(prefix)
    known = _PLUGINS.get(word)
    if known is not None or (word != stem and word in ("class", "style")):
        return known or _PLUGINS[f"{word}_map"]
    if word.startswith("on_") and len(word) > 3:
        return _Plugin(f"on:{_event(word)}", _code, EVENTS, fallback=_case(word))
    plugin, _, rest = word.partition("_")
    if rest and plugin in _KEYED and not stem.startswith("data_"):
        return _KEYED[plugin](rest)
    return None


_SLIP = (
    r"_(?=(delay|debounce|throttle|duration|threshold)_\d)"
    r"|(?<=on_intersect)_(?=([a-z]+))|(?<=on_interval)_(?=([a-z]+))"
    r"|(?<=on_click|on_input|on_keyup)_(?=(once|prevent|stop|window|document|outside|capture)$)"
    r"|(?<=on_submit|on_change|on_scroll)_(?=(once|prevent|stop|window|document|passive)$)"
    r"|(?<=on_keydown)_(?=(once|prevent|stop|window|document)$)"
)
"""Names of events that nobody has, and a modifier after one underscore makes."""


def _event(word: str) -> str:
    slip = re.search(_SLIP, word)
    if slip:
        meant = f"{word[: slip.start()]}_{word[slip.start() :]}"
        refuse(f"{word!r}: write two underscores before a modifier, as in {meant!r}.")
    return _dashed(word[3:].replace("_", "-"))


def _case(word: str) -> str:
    """Returns the modifier that an event's name needs: ``on_myEvent`` is ``myEvent`` to the browser."""
    return "" if word.islower() else "__case.camel"


def _dashed(name: str) -> str:
    """Writes capitals, which HTML would lose, as Datastar reads them: ``myEvent`` as ``my-event``."""
    return re.sub("[A-Z]", lambda upper: f"-{upper[0].lower()}", name)


def _refuse_modifiers(key: str, stem: str) -> None:
    from nitro_runtime.errors import suggestion

    event = f"on_{stem[2:]}" if stem.startswith("on") else stem
    known = [*_PLUGINS, event] if event != stem else list(_PLUGINS)
    refuse(
        f"{key!r} has modifiers, but {stem!r} is no attribute of Datastar's.{suggestion(stem, known)}"
    )


def _written_out(name: str) -> tuple[str, Rule] | None:
    plugin = re.split(r":|__", name[5:], maxsplit=1)[0]
    if plugin == "on" or plugin.startswith("on-"):
        return name, _code
    for known in _PLUGINS.values():
        if plugin == known.name:
            # with a key the value belongs to that one key: data-signals:x="1"
            keyed = f"{plugin}:" in name and known.rule is not signal_rule
            return name, _code if keyed else known.rule
    return None


# -- values -------------------------------------------------------------------------------------


def _pair(name: str, source: str) -> str:
    return f' {name}="{escape_text(source)}"'


def _code(name: str, value: object) -> str:
    if isinstance(value, list | tuple):
        return _pair(name, "; ".join([code(each) for each in cast("list[object]", value)]))
    return _pair(name, code(value))


def signal_rule(name: str, value: object) -> str:
    """Renders an attribute whose value is a signal, by name or as a `Signal`, and not code."""
    if value is True and ":" in name:
        return f" {name}"
    return _pair(name, as_name(value))


def flag_rule(name: str, value: object) -> str:
    """Renders an attribute that has no value."""
    if value is not True:
        refuse(f"{name} is given as True or left out, not as {value!r}.")
    return f" {name}"


def _words(name: str, value: object) -> str:
    words = cast("list[str]", value) if isinstance(value, list | tuple) else [value]
    return _pair(name, " ".join([str(word) for word in words]))


def _filter(name: str, value: object) -> str:
    """Which signals are meant: ``{"include": "^form", "exclude": "secret$"}``, regular expressions."""
    if value is True:
        return f" {name}"
    if isinstance(value, Mapping):
        for key in cast("Mapping[str, object]", value):
            if key not in _FILTERS:
                refuse(f"{name} takes include and exclude, not {key!r}.")
    return _code(name, cast("object", value))


_FILTERS = {"include", "exclude"}


def expressions(items: Iterable[tuple[str, object]]) -> str:
    """Returns an object whose values are expressions: ``{"disabled": ($busy)}``."""
    return f"{{{', '.join([f'{quoted(key)}: ({code(value)})' for key, value in items])}}}"


def _expressions(name: str, value: object) -> str:
    if not isinstance(value, Mapping):
        return _code(name, value)
    return _pair(name, expressions(cast("Mapping[str, object]", value).items()))


def _computed(name: str, value: object) -> str:
    """One attribute for each computed signal, since each is an expression of its own."""
    if not isinstance(value, Mapping):
        return _code(name, value)
    return _each_computed(name, cast("Any", value))


def _each_computed(name: str, signals: Mapping[str | Signal, object]) -> str:
    plugin, underscores, modifiers = name.partition("__")
    return "".join(
        [
            _pair(f"{plugin}:{signal_key(as_name(key))}{underscores}{modifiers}", code(item))
            for key, item in signals.items()
        ]
    )


def _values(name: str, value: object) -> str:
    if isinstance(value, JsExpr | str):
        return _pair(name, value)
    return _pair(name, js(initial_values(value)))


def signal_key(name: str) -> str:
    """Returns a signal's name as the key of an attribute: ``fullName`` as ``full-name``.

    Raises:
        ViewError: It is not the name of a signal.
    """
    return _dashed(checked_name(name))


# -- which there are ----------------------------------------------------------------------------

_PLUGINS = {
    "attr": _Plugin("attr", _expressions),
    "bind": _Plugin("bind", signal_rule, {**CASES, "prop": "[a-z][A-Za-z0-9]*", "event": r"\w+"}),
    "class_map": _Plugin("class", _expressions, CASES),
    "computed": _Plugin("computed", _computed, CASES),
    "effect": _Plugin("effect", _code),
    "ignore": _Plugin("ignore", flag_rule, {"self": None}),
    "ignore_morph": _Plugin("ignore-morph", flag_rule),
    "indicator": _Plugin("indicator", signal_rule, CASES),
    "init": _Plugin("init", _code, INIT),
    "json_signals": _Plugin("json-signals", _filter, {"terse": None}),
    "on_intersect": _Plugin("on-intersect", _code, INTERSECT),
    "on_interval": _Plugin("on-interval", _code, INTERVAL),
    "on_signal_patch": _Plugin("on-signal-patch", _code, PATCHES),
    "on_signal_patch_filter": _Plugin("on-signal-patch-filter", _filter),
    "preserve_attr": _Plugin("preserve-attr", _words),
    "ref": _Plugin("ref", signal_rule, CASES),
    "show": _Plugin("show", _code),
    "signals": _Plugin("signals", _values, {**CASES, "ifmissing": None}),
    "style_map": _Plugin("style", _expressions),
    "text": _Plugin("text", _code),
}
_MODIFIERS = {name for plugin in _PLUGINS.values() for name in plugin.modifiers} | set(EVENTS)


def _no_key(plugin: str, instead: str) -> Callable[[str], _Plugin]:
    def refuse_key(rest: str) -> _Plugin:
        refuse(f"{plugin}_{rest!s}: write {instead.format(repr(rest))}.")

    return refuse_key


_KEYED: dict[str, Callable[[str], _Plugin]] = {
    "attr": lambda rest: _Plugin(f"attr:{rest.replace('_', '-')}", _code),
    "class": lambda rest: _Plugin(f"class:{rest.replace('_', '-')}", _code, CASES),
    "computed": lambda rest: _Plugin(f"computed:{signal_key(rest)}", _code, CASES),
    "style": lambda rest: _Plugin(f"style:{rest.replace('_', '-')}", _code),
    "bind": _no_key("bind", "bind={}"),
    "indicator": _no_key("indicator", "indicator={}"),
    "ref": _no_key("ref", "ref={}"),
    "signals": _no_key("signals", "signals={{{}: …}}"),
}
