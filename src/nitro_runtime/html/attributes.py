"""Attributes of an element: from Python keywords and values to ``name="value"``.

Each keyword is resolved once to its name in HTML and to a rule for its values, and both are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum

from nitro_runtime.html.annotations import Any, TypeAlias, cast
from nitro_runtime.html.datastar import expressions, find_rule, flag_rule, signal_rule
from nitro_runtime.html.javascript import JsExpr, js
from nitro_runtime.html.markup import Html, c_escape, escape_text, markup_of, refuse

Attribute: TypeAlias = Any
"""What an attribute may be given: see `render_attributes`. ``Any``, so that ``**attributes`` of it can be
handed on to a tag, whose own keywords are narrower."""

Rule = Callable[[str, Any], str]
"""Renders an attribute of a name with a value that is neither None nor False."""


def render_attributes(attributes: Mapping[str, Attribute]) -> str:
    """Returns the attributes as they stand in a start tag, each with a space before it.

    They keep the order in which they were given; one given twice under one name counts once, the
    later value. ``True`` is a bare name; ``None`` and ``False`` leave the attribute out; text is
    escaped; lists are joined by spaces; dates are ISO 8601. See the package for the rest.

    Raises:
        ViewError: A name is not valid, an address is ``javascript:``, or a value has no text.
    """
    if len(attributes) == 1:
        for key, value in attributes.items():
            start = _started.get(key)
            if start is not None and type(value) is str and value.isprintable():
                return f'{start}{c_escape(value)}"'
            return "" if value is None or value is False else _render(key, value)
    parts: dict[str, str] = {}
    for key, value in attributes.items():
        if value is not None and value is not False:
            parts[(_resolved.get(key) or _resolve(key))[0]] = _render(key, value)
    if "data-class" in parts or "data-style" in parts:
        _check_once(parts)
    return "".join(parts.values())


def _check_once(parts: Mapping[str, str]) -> None:
    for name, keyword in (("class", "cls"), ("style", "style")):
        if f"data-{name}" in parts and f' data-{name}="' in parts.get(name, ""):
            refuse(f"Expressions stand in {keyword} and in {name}_map: write all of them in one.")


def _render(key: str, value: Any) -> str:  # narrowed below
    name, start, rule = _resolved.get(key) or _resolve(key)
    if type(value) is str:
        if start is not None and value.isprintable():
            return f'{start}{c_escape(value)}"'
    elif type(value) not in _NO_EXPRESSIONS and rule in _STATIC and hasattr(value, "__js__"):
        return _kept(name, value)
    try:
        return rule(name, value)
    except RecursionError:
        message = f"The value of {name!r} holds itself, or is nested too deeply."
    refuse(message)


def _kept(name: str, value: object) -> str:
    """Renders an ordinary attribute that is given an expression: Datastar keeps it in step."""
    if _RULES.get(name.lower()) is _address:
        refuse(
            f"The attribute {name!r} cannot follow a signal, which may become a javascript: address."
        )
    if not name.islower():
        refuse(f"HTML loses the capitals of {name!r} here: write attr={{{name!r}: …}}.")
    source = js(value)
    # true is an empty attribute to Datastar, and means nothing in aria-*
    return pair(f"data-attr:{name}", f"String({source})" if name.startswith("aria-") else source)


def pair(name: str, text: str) -> str:
    """Returns one attribute with a value that is not escaped yet."""
    return f' {name}="{escape_text(text)}"'


# -- names --------------------------------------------------------------------------------------

_NAME = r"[A-Za-z_@:][A-Za-z0-9_@:.\-]*"
_VERBATIM = r"[-:.@]"
_NAMESPACE = r"^(xlink|xml|xmlns)_(?=[a-z])"
_ALIASES = {
    "cls": "class",
    "klass": "class",
    "className": "class",
    "fr": "for",
    "htmlFor": "for",
}
_MOST_NAMES = 4096
"""Names that are kept; more means that they are made of data, and keeping them would leak."""

_Resolved = tuple[str, str | None, Rule]
"""The name, what stands before a text (None where texts are looked at first), the rule."""


_resolved: dict[str, _Resolved] = {}
_started: dict[str, str] = {}
"""Of the names in `_resolved` those that take any text, and what stands before it."""


def _resolve(key: object) -> _Resolved:
    if not isinstance(key, str):
        refuse(f"An attribute's name is text, not {type(key).__name__}.")
    name, rule = find_rule(key) or (attribute_name(key), None)
    if re.fullmatch(_NAME, name) is None:
        refuse(f"{key!r} is not a valid attribute name.")
    rule = rule or _rule_of(name.lower())
    resolved = name, None if rule in _PARTICULAR else f' {name}="', rule
    if len(_resolved) < _MOST_NAMES:
        _resolved[key] = resolved
        if resolved[1] is not None:
            _started[key] = resolved[1]
    return resolved


def attribute_name(key: str) -> str:
    """Returns the HTML name for a keyword: ``cls``, ``for_``, ``aria_label``, ``xlink_href``.

    A name that could not be a keyword (``"data-on:click"``) is taken as it stands.
    """
    if re.search(_VERBATIM, key) or key == "_":
        return key
    name = key.removesuffix("_") or key
    if name[:1] == "_" and name[1:2].isalpha():  # _class, _for, as RustyTags has them
        name = name[1:]
    return _ALIASES.get(name) or re.sub(_NAMESPACE, r"\1:", name).replace("_", "-")


# -- values -------------------------------------------------------------------------------------


def _plain(name: str, value: object) -> str:
    return f" {name}" if value is True else pair(name, text_of(name, value))


def text_of(name: str, value: object) -> str:
    """Returns the text of an attribute's value.

    Raises:
        ViewError: It has none: bytes, a mapping, an object without a text of its own.
    """
    if isinstance(value, Enum):
        return text_of(name, value.value)
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return " ".join([text_of(name, item) for item in cast("list[object]", value) if item])
    if hasattr(value, "isoformat"):
        return cast("Any", value).isoformat()
    kind = type(value)
    if hasattr(value, "__html__"):
        # escaped like any text: the parser gives the attribute back as this markup
        return markup_of(cast("Any", value))
    silent = kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__
    if silent or isinstance(value, bytes | bytearray | memoryview | Mapping | Iterable):
        refuse(f"The attribute {name!r} cannot be a {kind.__name__}.")
    return str(value)


def _aria(name: str, value: object) -> str:
    # a bare aria-* attribute means "undefined", not true
    return pair(name, "true" if value is True else text_of(name, value))


def _data(name: str, value: object) -> str:
    if isinstance(value, Mapping | list | tuple):
        return pair(name, js(cast("object", value)))
    return _plain(name, value)


def _classes(name: str, value: object) -> str:
    dynamic: dict[str, object] = {}
    names = class_names(value, dynamic)
    static = pair(name, names) if names or not dynamic else ""
    return static + (pair("data-class", expressions(dynamic.items())) if dynamic else "")


def class_names(value: object, dynamic: dict[str, object] | None = None) -> str:
    """Returns the class names in a text, a mapping of name to condition, or a list of those.

    Args:
        value: What ``cls`` is given.
        dynamic: Takes the names whose condition is an expression.
    """
    if isinstance(value, Mapping):
        return " ".join(_names_that_are_on(cast("Mapping[str, object]", value), dynamic))
    if isinstance(value, list | tuple | set | frozenset):
        items = cast("list[object]", value)
        found = [
            class_names(each, dynamic) for each in items if each is not None and each is not False
        ]
        return " ".join(filter(None, found))
    if hasattr(type(value), "__js__"):
        refuse(f"A class follows {value} as in cls={{'active': …}}, by its name.")
    return text_of("class", value)


def _names_that_are_on(
    names: Mapping[str, object], dynamic: dict[str, object] | None
) -> Iterable[str]:
    for name, on in names.items():
        if isinstance(on, JsExpr) or hasattr(type(on), "__js__"):
            if dynamic is None:
                refuse(f"The class {name!r} cannot follow an expression here.")
            dynamic[name] = on
        elif on:
            yield text_of("class", name)


_PROPERTY = r"-{0,2}[A-Za-z][A-Za-z0-9_-]*"
_NOT_ONE_VALUE = r"(?i)[;{}\\]|/\*|\burl\(|expression\("


def _style(name: str, value: object) -> str:
    if not isinstance(value, Mapping):
        return _plain(name, value)
    declarations: list[str] = []
    dynamic: dict[str, object] = {}
    for key, item in cast("Mapping[str, object]", value).items():
        if item is None or item is False:
            continue
        css = key if key.startswith("--") else key.replace("_", "-")
        if isinstance(item, JsExpr) or hasattr(type(item), "__js__"):
            dynamic[css] = item
            continue
        text = text_of(name, item)
        if re.fullmatch(_PROPERTY, css) is None or re.search(_NOT_ONE_VALUE, text):
            refuse(f"The style {key!r}: {text!r} is not one property with one value.")
        declarations.append(f"{css}: {text}")
    static = pair(name, "; ".join(declarations)) if declarations or not dynamic else ""
    return static + (pair("data-style", expressions(dynamic.items())) if dynamic else "")


_SCRIPT_ADDRESS = r"(?i)(?:^|;)(?:javascript:|vbscript:|data:(?:text/html|application/xhtml))"
"""A page in an address cannot reach this one, but is shown as if it were of this site."""

_IGNORED_IN_ADDRESS = r"[\x00-\x20\x7f-\xa0]+"


def _address(name: str, value: object) -> str:
    text = "" if value is True else text_of(name, value)
    # browsers drop control characters and blanks before they read the scheme
    if ":" in text and re.search(_SCRIPT_ADDRESS, re.sub(_IGNORED_IN_ADDRESS, "", text)):
        refuse(
            f"The attribute {name!r} refuses a javascript: address, and a page in one; use on_click."
        )
    return _plain(name, value)


def _document(name: str, value: object) -> str:
    if not isinstance(value, Html):
        refuse(f"The attribute {name!r} is a whole document: give it Html made by tags or raw().")
    return pair(name, value)


_ADDRESSES = (
    "action background cite codebase data formaction href icon longdesc manifest ping poster"
    " profile src xlink:href from to by values"
)
_RULES: dict[str, Rule] = {
    "class": _classes,
    "style": _style,
    "srcdoc": _document,
    **dict.fromkeys(_ADDRESSES.split(), _address),
}


_PARTICULAR = {_address, _document, flag_rule, signal_rule}
"""The rules that do not take just any text."""

_NO_EXPRESSIONS = {bool, int, float, dict, list}
_STATIC = {_plain, _aria, _data, _classes, _style, _address}
"""The rules of attributes that are not code: what they are given may be an expression as a whole."""


def _rule_of(name: str) -> Rule:
    if name.startswith("aria-"):
        return _aria
    return _RULES.get(name, _data if name.startswith("data-") else _plain)
