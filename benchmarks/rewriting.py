"""Documents that Nitro renders, written again for its peers, so that all render the same.

One document is rendered with a word of its own for each value. From it the source of each contender
is written: as somebody would write it by hand for that library, with the values in their places.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from html import escape
from html.parser import HTMLParser
from itertools import count
from typing import Any

import dominate.tags
import htpy
import jinja2
import mako.template
import minijinja
import rusty_tags
from fasthtml import common as fasthtml
from fasthtml.components import fh_cfg

from benchmarks.frame import WrongOutput
from nitro_runtime.html import element
from nitro_runtime.html.elements import VOID
from nitro_runtime.html.markup import c_escape

Render = Callable[[Any], str]
"""Renders the document for the object that has its values."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A value in the document.

    Attributes:
        code: Its expression in Python and in templates alike; ``o`` is what is rendered, ``p`` one
            of its rows.
        is_text: Whether it may hold what has to be escaped.
    """

    code: str
    is_text: bool = True


@dataclass(slots=True)
class Node:
    """An element.

    Attributes:
        name: Its tag.
        attributes: Values by name; None is a bare name.
        children: Elements and texts.
        conditions: By the name of a bare attribute, the expression on which it is there.
        rows: The expression of what it is repeated for, as ``p``.
    """

    name: str
    attributes: dict[str, str | None] = field(default_factory=dict[str, str | None])
    children: list[Node | str] = field(default_factory=list["Node | str"])
    conditions: dict[str, str] = field(default_factory=dict[str, str])
    rows: str | None = None


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.top = Node("")
        self.open = [self.top]

    def handle_decl(self, decl: str) -> None:
        """Leaves the document type out."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens an element."""
        node = Node(tag, dict(attrs))
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        """Closes it; RustyTags closes what has no content too."""
        if tag not in VOID and self.open.pop().name != tag:
            raise WrongOutput(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        """Takes a text."""
        self.open[-1].children.append(data)


def parse(markup: str) -> Node:
    """Returns the document's elements below a node without a name."""
    tree = _Tree()
    tree.feed(markup)
    tree.close()
    return tree.top


@dataclass(frozen=True, slots=True)
class Document:
    """A document with places for values.

    Attributes:
        top: Its elements.
        slots: The word that stands for each value, and the value.
    """

    top: Node
    slots: Mapping[str, Slot]

    def pieces(self, text: str) -> list[str | Slot]:
        """Returns a text as what is always there and values, in order."""
        words = "|".join(sorted(map(re.escape, self.slots), key=len, reverse=True))
        found = re.split(f"({words})", text)
        return [self.slots.get(piece, piece) for piece in found if piece]


# -- text templates -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Syntax:
    """How a template language writes things.

    Attributes:
        value: A value, by its expression.
        condition: A text that is there on a condition.
        loop: What is repeated for rows.
    """

    value: str
    condition: str
    loop: str


_JINJA = Syntax(
    "{{{{ {0} }}}}", "{{% if {0} %}}{1}{{% endif %}}", "{{% for p in {0} %}}{1}{{% endfor %}}"
)
_MAKO = Syntax("${{{0}}}", "${{'{1}' if {0} else ''|n}}", "\n% for p in {0}:\n{1}\n% endfor\n")


def _written(
    document: Document, node: Node | str, syntax: Syntax, calls: Mapping[int, str] | None = None
) -> str:
    if calls and id(node) in calls:
        return calls[id(node)]

    def text(source: str) -> str:
        return "".join(
            syntax.value.format(piece.code) if isinstance(piece, Slot) else escape(piece)
            for piece in document.pieces(source)
        )

    if isinstance(node, str):
        return text(node)
    inner = "".join(_written(document, child, syntax, calls) for child in node.children)
    if not node.name:
        return inner
    parts = [f"<{node.name}"]
    for name, value in node.attributes.items():
        if name in node.conditions:
            parts.append(syntax.condition.format(node.conditions[name], f" {name}"))
        else:
            parts.append(f" {name}" if value is None else f' {name}="{text(value)}"')
    parts.append(">" if node.name in VOID else f">{inner}</{node.name}>")
    whole = "".join(parts)
    return syntax.loop.format(node.rows, whole) if node.rows else whole


def jinja2_template(document: Document) -> Render:
    """Jinja2 with autoescape."""
    template = jinja2.Environment(autoescape=True).from_string(
        _written(document, document.top, _JINJA)
    )
    return lambda o: template.render(o=o)


def jinja2_macros(document: Document, is_called: Callable[[Node], bool]) -> Render:
    """Jinja2 as people write with it: a macro for each kind of field or cell, called for each.

    Args:
        document: The document.
        is_called: Says whether an element becomes a call; those of one shape are one macro.
    """
    blocks = [node for node in _nodes(document.top) if is_called(node)]
    shapes: dict[str, list[Node]] = {}
    for block in blocks:
        shapes.setdefault(_shape(block), []).append(block)
    slots, macros, calls = dict(document.slots), [], {}
    for number, alike in enumerate(shapes.values()):
        texts = [_texts(block) for block in alike]
        differing = [
            at
            for at, each in enumerate(zip(*texts, strict=True))
            if len(set(each)) > 1
            or any(isinstance(piece, Slot) for piece in document.pieces(each[0]))
        ]
        model = deepcopy(alike[0])
        _replace(model, {at: f"yy{at}yy" for at in differing})
        slots |= {f"yy{at}yy": Slot(f"v{at}") for at in differing}
        names = ", ".join(f"v{at}" for at in differing)
        body = _written(Document(model, slots), model, _JINJA)
        macros.append(f"{{% macro m{number}({names}) %}}{body}{{% endmacro %}}")
        for block, own in zip(alike, texts, strict=True):
            given = ", ".join(_expression(document, own[at]) for at in differing)
            calls[id(block)] = f"{{{{ m{number}({given}) }}}}"
    source = "".join(macros) + _written(document, document.top, _JINJA, calls)
    template = jinja2.Environment(autoescape=True).from_string(source)
    return lambda o: template.render(o=o)


def _nodes(node: Node) -> Iterator[Node]:
    for child in node.children:
        if isinstance(child, Node):
            yield child
            yield from _nodes(child)


def _shape(node: Node | str) -> str:
    if isinstance(node, str):
        return "text"
    names = ",".join(
        f"{name}{'' if value is None else '='}" for name, value in node.attributes.items()
    )
    inner = "".join(_shape(child) for child in node.children)
    return f"<{node.name} {names} {node.conditions}>{inner}</>"


def _texts(node: Node) -> list[str]:
    """Returns all values of attributes and all texts, in the order of `_replace`."""
    own = [value for value in node.attributes.values() if value is not None]
    inner = [[child] if isinstance(child, str) else _texts(child) for child in node.children]
    return [*own, *(text for texts in inner for text in texts)]


def _replace(node: Node, texts: Mapping[int, str]) -> None:
    numbers = count()

    def walk(node: Node) -> None:
        for name, value in node.attributes.items():
            if value is not None:
                node.attributes[name] = texts.get(next(numbers), value)
        for place, child in enumerate(node.children):
            if isinstance(child, str):
                node.children[place] = texts.get(next(numbers), child)
            else:
                walk(child)

    walk(node)


def _expression(document: Document, text: str) -> str:
    pieces = document.pieces(text)
    return " ~ ".join(p.code if isinstance(p, Slot) else json.dumps(p) for p in pieces) or '""'


def minijinja_template(document: Document) -> Render:
    """Minijinja with autoescape."""
    source = _written(document, document.top, _JINJA)
    environment = minijinja.Environment(templates={"document.html": source})
    return lambda o: environment.render_template("document.html", o=o)


def mako_template(document: Document) -> Render:
    """Mako with its ``h`` filter on everything."""
    source = _written(document, document.top, _MAKO)
    template = mako.template.Template(source, default_filters=["h"])  # noqa: S702 # it escapes
    return lambda o: str(template.render(o=o))


def f_strings(document: Document) -> Render:
    """The limit: f-strings with MarkupSafe's C escape on what is text."""
    loops: list[str] = []

    def text(source: str) -> str:
        return " ".join(
            _value(piece) if isinstance(piece, Slot) else repr(escape(piece))
            for piece in document.pieces(source)
        )

    def write(node: Node | str) -> str:
        if isinstance(node, str):
            return text(node)
        inner = " ".join(write(child) for child in node.children)
        if not node.name:
            return inner
        parts = [repr(f"<{node.name}")]
        for name, value in node.attributes.items():
            if name in node.conditions:
                parts.append(f"f\"{{' {name}' if {node.conditions[name]} else ''}}\"")
            elif value is None:
                parts.append(repr(f" {name}"))
            else:
                parts += [repr(f' {name}="'), text(value), repr('"')]
        end = ">" if node.name in VOID else f"</{node.name}>"
        parts += ["'>'", inner, repr(end) if end != ">" else ""]
        whole = " ".join(filter(None, parts))
        if not node.rows:
            return whole
        loops.append(f"    rows{len(loops)} = ''.join([{whole} for p in {node.rows}])\n")
        return f"f'{{rows{len(loops) - 1}}}'"

    body = write(document.top)
    return _defined(f"def render(o):\n{''.join(loops)}    return {body}\n", {"e": c_escape})


def _value(slot: Slot) -> str:
    return f'f"{{e({slot.code})}}"' if slot.is_text else f'f"{{{slot.code}}}"'


# -- tag functions --------------------------------------------------------------------------------

_Call = Callable[[str, str, Sequence[str]], str]
"""The source of one element from its name, the source of its attributes and of its children."""


def _calls(
    document: Document,
    call: _Call,
    value: str,
    names: Mapping[str, object],
    fixed: Callable[[str], str] = str,
) -> Render:
    def text(source: str) -> str:
        pieces = document.pieces(source)
        written = [
            repr(fixed(each))
            if isinstance(each, str)
            else f'f"{{{value.format(each.code) if each.is_text else each.code}}}"'
            for each in pieces
        ]
        return " ".join(written) or "''"

    def write(node: Node | str) -> str:
        if isinstance(node, str):
            return f"({text(node)})"
        children = [write(child) for child in node.children]
        pairs = [
            f"{name!r}: {node.conditions.get(name) or ('True' if given is None else text(given))}"
            for name, given in node.attributes.items()
        ]
        whole = call(node.name, "{" + ", ".join(pairs) + "}" if pairs else "", children)
        return f"*[{whole} for p in {node.rows}]" if node.rows else whole

    parts = ", ".join(f"str({write(child)})" for child in document.top.children)
    return _defined(f"def render(o):\n    return ''.join([{parts}])\n", names)


def nitro_tags(document: Document) -> Render:
    """Nitro's free-form tags."""
    return _calls(document, _positional, "{0}", {"t": _Tags(element)})


def rusty_tags_escaped(document: Document) -> Render:
    """RustyTags escapes nothing itself, so each text goes through the fastest escape there is."""
    tags = _Tags(_rusty_tag)
    return _calls(document, _positional, "e({0})", {"t": tags, "e": c_escape}, escape)


def _rusty_tag(name: str) -> object:
    if name != "html":  # which takes no attributes as a dict
        return getattr(rusty_tags, name.capitalize())
    return lambda attributes, *children: rusty_tags.CustomTag("html", *children, **attributes)


def htpy_elements(document: Document) -> Render:
    """The htpy library."""

    def call(name: str, attributes: str, children: Sequence[str]) -> str:
        inside = f"[{', '.join(children)},]" if children else ""
        return f"h.{name}{f'({attributes})' if attributes else ''}{inside}"

    return _calls(document, call, "{0}", {"h": htpy})


def dominate_tags(document: Document) -> Render:
    """The dominate library."""

    def call(name: str, attributes: str, children: Sequence[str]) -> str:
        given = [*children, *([f"**{attributes}"] if attributes else [])]
        return f"d.{name}({', '.join(given)})"

    names = {"d": _Tags(_dominate_tag), "str": _plain}
    return _calls(document, call, "{0}", names)


def fasthtml_elements(document: Document) -> Render:
    """FastHTML's FT components."""

    def call(name: str, attributes: str, children: Sequence[str]) -> str:
        given = [*children, *([f"**{attributes}"] if attributes else [])]
        return f"t.{name}({', '.join(given)})"

    def whole(component: Any) -> str:  # noqa: ANN401 # an FT
        return fasthtml.to_xml(component, indent=False)

    fh_cfg["auto_name"] = False  # a name for each id would be another document
    tags = _Tags(lambda name: partial(fasthtml.ft_html, name))
    return _calls(document, call, "{0}", {"t": tags, "str": whole})


def _dominate_tag(name: str) -> object:
    known = getattr(dominate.tags, name, None) or getattr(dominate.tags, f"{name}_", None)
    return known or type(name, (dominate.tags.html_tag,), {})  # such as <dialog>


def _plain(component: Any) -> str:  # noqa: ANN401 # a dominate element
    return component.render(pretty=False)


def _positional(name: str, attributes: str, children: Sequence[str]) -> str:
    given = [*([attributes] if attributes else []), *children]
    return f"t.{name}({', '.join(given)})"


class _Tags:
    """Tag functions by the names of elements, each looked up once."""

    def __init__(self, find: Callable[[str], object]) -> None:
        self._find = find

    def __getattr__(self, name: str) -> object:
        found = self._find(name)
        setattr(self, name, found)
        return found


def _defined(source: str, names: Mapping[str, object]) -> Render:
    namespace: dict[str, Any] = dict(names)
    exec(compile(source, "<contender>", "exec"), namespace)  # noqa: S102 # written above
    return namespace["render"]


# -- the contenders -------------------------------------------------------------------------------

PEERS: Mapping[str, Callable[[Document], Render]] = {
    "f-strings with C escape": f_strings,
    "minijinja": minijinja_template,
    "Nitro, tags": nitro_tags,
    "Jinja2, flat": jinja2_template,
    "Mako": mako_template,
    "RustyTags with escaping": rusty_tags_escaped,
    "dominate": dominate_tags,
    "htpy": htpy_elements,
    "FastHTML": fasthtml_elements,
}
"""By the name to print."""


def peers(document: Document, shown: Any) -> dict[str, Callable[[], object]]:  # noqa: ANN401 # any values
    """Returns every peer, ready to be called, by the name to print.

    Args:
        document: What they render.
        shown: The object that has the values.
    """
    return {name: partial(make(document), shown) for name, make in PEERS.items()}


def canonical(markup: object) -> list[object]:
    """Returns what a parser sees of a document, without what libraries may write in two ways.

    A bare attribute may repeat its name, and RustyTags writes an underscore in a name as a dash.
    """
    seen: list[object] = []

    def walk(node: Node | str) -> None:
        if isinstance(node, str):
            if text := " ".join(node.split()):
                seen.append(text)
            return
        pairs = [
            (name.replace("_", "-"), "" if value in {None, name, "True"} else value)
            for name, value in node.attributes.items()
        ]
        seen.append((node.name, sorted(pairs)))
        for child in node.children:
            walk(child)
        seen.append(f"/{node.name}")

    walk(parse(str(markup)))
    return seen


def same_document(outputs: Mapping[str, object]) -> None:
    """Checks that all outputs are the same document.

    Raises:
        WrongOutput: One differs from the first.
    """
    first, *others = outputs
    expected = canonical(outputs[first])
    for name in others:
        if canonical(outputs[name]) != expected:
            raise WrongOutput(f"{name} rendered another document than {first}")
