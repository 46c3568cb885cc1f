"""What makes a tag function, and the rules of HTML for what may stand inside an element."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache

from nitro_runtime.html.annotations import Any, cast
from nitro_runtime.html.attributes import Attribute, render_attributes
from nitro_runtime.html.children import Child, render
from nitro_runtime.html.javascript import code
from nitro_runtime.html.lazy import Lazy
from nitro_runtime.html.markup import Html, c_escape, refuse, well_formed
from nitro_runtime.html.tag import Tag


def element(name: str) -> Tag:
    """Returns the tag function of an element, also of a custom one: ``element("sl-button")``.

    Raises:
        ViewError: It is not the name of an element, or that of one whose text cannot be escaped.
    """
    if not isinstance(cast("object", name), str):
        refuse(f"{name!r} is not a valid tag name.")
    return _element(name)


@cache
def _element(name: str) -> Tag:
    if re.fullmatch(_NAME, name) is None:
        refuse(f"{name!r} is not a valid tag name.")
    if name.lower() in _NEVER:
        refuse(f"<{name}> is obsolete: HTML gives no way to escape the text in it. Use Pre.")
    if name.lower() in _MAKERS:
        name = name.lower()
    tag: Any = _MAKERS.get(name, _ordinary)(name)
    tag.stream = _streamed(name, tag)
    tag.__name__ = tag.__qualname__ = name[:1].upper() + name[1:]
    tag.__doc__ = f"Renders a ``<{name}>`` element; see `Tag`."
    return tag


def CustomTag(name: str, *children: Child, **attributes: Attribute) -> Html:  # a tag by its use
    """Renders an element by its name, as RustyTags does: ``CustomTag("sl-button", "Go")``."""
    return element(name)(*children, **attributes)


def when(condition: object, child: Child) -> Child:
    """Returns the child if the condition holds, else nothing; for an expression use ``show=``."""
    return child if condition else None


def unless(condition: object, child: Child) -> Child:
    """Returns the child if the condition does not hold, else nothing."""
    return None if condition else child


def _streamed(name: str, tag: Tag) -> Callable[..., Lazy]:
    whole = name in _MAKERS and name != "pre"
    # a parser drops one newline after <pre>, so it may have one whatever follows
    newline = "\n" if name == "pre" else ""

    def stream(*children: Child, **attributes: Attribute) -> Lazy:
        if whole:
            return Lazy(Html(""), (lambda: tag(*children, **attributes),), Html(""))
        inside: list[Child] = []
        for child in children:
            if isinstance(child, dict):
                _take(cast("dict[Any, Attribute]", child), attributes, name)
            else:
                inside.append(child)
        start = f"<{name}{render_attributes(attributes)}>{newline}"
        return Lazy(Html(start), tuple(inside), Html(f"</{name}>"))

    return stream


def Fragment(*children: Child) -> Html:  # a tag by its use
    """Renders the children one after the other, with no element around them."""
    return Html(content(children, {}, "a fragment"))


def doctype() -> Html:
    """Returns ``<!DOCTYPE html>``; ``Fragment(doctype, HtmlTag(...))`` is a whole document."""
    return Html("<!DOCTYPE html>")


def _ordinary(name: str) -> Callable[..., Html]:
    plain, start, end = f"<{name}>", f"<{name}", f"</{name}>"

    # one child that is text, markup or a number, or several that are markup: the commonest calls, so
    # they pay for nothing else
    def tag(child: Any = None, /, *more: Child, **attributes: Attribute) -> Html:  # narrowed below
        kind = type(child)  # pyright: ignore[reportUnknownVariableType]
        if more:
            children: tuple[Any, ...] = (child, *more)
            for each in children:
                if type(each) is not Html:
                    body = content(children, attributes, name)
                    break
            else:
                body = "".join(children)
        elif kind is str and child.isprintable():
            body = c_escape(child)
        elif kind is Html or kind is int:
            body = child
        elif kind in _NUMBERS:
            body = str(child)
        else:
            body = content((child,), attributes, name)
        if attributes:
            return Html(f"{start}{render_attributes(attributes)}>{body}{end}")
        return Html(f"{plain}{body}{end}")

    return tag


def content(children: tuple[Child, ...], attributes: dict[str, Attribute], name: str) -> str:
    """Renders the children, and moves the dicts among them to the attributes."""
    parts: list[str] = []
    for child in children:
        if type(child) is Html:
            parts.append(child)
        elif isinstance(child, dict):
            _take(cast("dict[Any, Attribute]", child), attributes, name)
        else:
            parts.append(render(child))
    return "".join(parts)


_NUMBERS = frozenset({float, Decimal})


def _take(given: Mapping[Any, Attribute], attributes: dict[str, Attribute], name: str) -> None:
    if name == "a fragment":
        refuse("A fragment has no attributes, so a dict is no child of it.")
    for key, value in given.items():
        attributes.setdefault(key, value)  # a keyword wins


# -- elements with rules of their own -----------------------------------------------------------


def _void(name: str) -> Callable[..., Html]:
    def tag(*children: Child, **attributes: Attribute) -> Html:
        if content(children, attributes, name):
            refuse(f"<{name}> is always empty, so it takes no children.")
        return Html(f"<{name}{render_attributes(attributes)}>")

    return tag


def _void_with_end(name: str) -> Callable[..., Html]:
    tag = _void(name)

    def with_end(*children: Child, **attributes: Attribute) -> Html:
        return Html(f"{tag(*children, **attributes)}</{name}>")

    return with_end


def _after_newline(name: str) -> Callable[..., Html]:
    """An element whose parser drops one newline after the start tag: here it gets one to drop."""

    def tag(*children: Child, **attributes: Attribute) -> Html:
        body = content(children, attributes, name)
        if name == "textarea":
            _only_text(name, body)
        newline = "\n" if body.startswith("\n") else ""
        return Html(f"<{name}{render_attributes(attributes)}>{newline}{body}</{name}>")

    return tag


def _text_only(name: str) -> Callable[..., Html]:
    def tag(*children: Child, **attributes: Attribute) -> Html:
        body = content(children, attributes, name)
        _only_text(name, body)
        return Html(f"<{name}{render_attributes(attributes)}>{body}</{name}>")

    return tag


def _only_text(name: str, body: str) -> None:
    if "<" in body:  # in a text it would have been escaped
        refuse(f"<{name}> holds text only; an element inside it would show as its source.")


def _source(name: str) -> Callable[..., Html]:
    """A script or style: its content is code, which HTML gives no way to escape."""

    def tag(*children: Child, **attributes: Attribute) -> Html:
        sources: list[str] = []
        for child in children:
            if isinstance(child, dict):
                _take(cast("dict[Any, Attribute]", child), attributes, name)
            else:
                sources.append(code(child))
        body = well_formed("".join(sources))
        if re.search(f"(?i)</{name}|<!--", body):
            refuse(f"The source in <{name}> would end the element early; pass values through js().")
        return Html(f"<{name}{render_attributes(attributes)}>{body}</{name}>")

    return tag


_NAME = r"[A-Za-z][A-Za-z0-9._-]*"
_NEVER = {"noembed", "noframes", "plaintext", "xmp"}

VOID = [
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
]
"""The elements that have no content and no end tag."""


def has_own_rules(name: str) -> bool:
    """Whether HTML reads the element's content, or its lack of one, in a way of its own."""
    return name in _MAKERS


_MAKERS: dict[str, Callable[[str], Callable[..., Html]]] = {
    **dict.fromkeys(VOID, _void),
    "iframe": _void_with_end,
    "listing": _after_newline,
    "pre": _after_newline,
    "textarea": _after_newline,
    "title": _text_only,
    "script": _source,
    "style": _source,
}
