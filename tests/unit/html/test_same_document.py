"""What a browser's parser makes of the output is the tree that was asked for."""

from dataclasses import dataclass, field
from typing import Any

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nitro_runtime.html import Html, Tag, element
from nitro_runtime.html.rusty import element as rusty_element

HTML = "{http://www.w3.org/1999/xhtml}"

# elements that may stand in one another at any depth, and the void ones
NESTING = ["div", "section", "article", "span", "b", "em", "main", "ul", "details", "my-part"]
LEAVES = ["textarea", "pre"]
VOID = ["br", "img", "input", "hr"]


@dataclass
class Node:
    name: str
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    children: "list[Node | str | int | list[Any] | None]" = field(default_factory=list[Any])


texts = st.text(max_size=12) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "\"'><img src=x onerror=alert(1)>",
        "&lt;&amp;",
        "</textarea></pre></div>",
        "\r\n\n\r",
        "\n leading",
        "<!--",
        "]]>",
        "a\0b",
        "\ud800",
        "\x85\u2028\ufeff",
    ]
)
names = st.sampled_from(["id", "title", "data-x", "aria-label", "value", "class", "alt", "lang"])
attributes = st.dictionaries(names, texts, max_size=3)


def nodes() -> st.SearchStrategy[Node]:
    leaves = st.builds(Node, st.sampled_from(VOID), attributes) | st.builds(
        Node, st.sampled_from(LEAVES), attributes, st.lists(texts | st.integers(), max_size=3)
    )

    def around(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        child = inner | texts | st.integers() | st.none() | st.lists(texts, max_size=2)
        return st.builds(Node, st.sampled_from(NESTING), attributes, st.lists(child, max_size=4))

    return around(st.recursive(leaves, around, max_leaves=8))


def build(node: Node, tag_of: Any) -> Html:
    tag: Tag = tag_of(node.name)
    children = [build(c, tag_of) if isinstance(c, Node) else c for c in node.children]
    return tag(*children, **node.attributes)


def shown(text: str) -> str:
    """The text as a page can carry it."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "\ufffd")


def expected(node: Node) -> tuple[Any, ...]:
    parts: list[Any] = []

    def add(child: Any) -> None:
        if isinstance(child, list):
            for one in child:
                add(one)
        elif isinstance(child, Node):
            parts.append(expected(child))
        elif child is not None:
            text = shown(str(child))
            if parts and isinstance(parts[-1], str):
                parts[-1] += text
            elif text:
                parts.append(text)

    add(node.children)
    return node.name, {k: shown(v) for k, v in node.attributes.items()}, parts


def parsed(element: Any) -> tuple[Any, ...]:
    parts: list[Any] = [element.text] if element.text else []
    for child in element:
        parts.append(parsed(child))
        if child.tail:
            parts.append(child.tail)
    return element.tag.removeprefix(HTML), dict(element.attrib), parts


def body_of(markup: str) -> Any:
    document = html5lib.parse(f"<!DOCTYPE html><html><head></head><body>{markup}</body></html>")
    return document.find(f"{HTML}body")


@pytest.mark.parametrize("tag_of", [element, rusty_element], ids=["nitro", "rusty"])
@given(node=nodes())
@settings(max_examples=150, deadline=None)
def test_the_parsed_document_is_the_tree_that_was_asked_for(tag_of: Any, node: Node) -> None:
    markup = build(node, tag_of)
    body = body_of(markup)
    assert len(body) == 1
    assert parsed(body[0]) == expected(node)
    assert markup.encode()


@pytest.mark.parametrize("name", LEAVES)
@given(text=st.text("\n\r <&a"))
def test_line_ends_arrive_as_they_are(name: str, text: str) -> None:
    (child,) = body_of(element(name)(text))
    assert (child.text or "") == text
