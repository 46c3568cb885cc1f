"""Tags and expressions as an application writes them; a type checker must have nothing to say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, assert_type
from uuid import UUID

from markupsafe import Markup

from nitro.html import (
    H1,
    A,
    Attribute,
    Body,
    Button,
    Child,
    Div,
    Expression,
    Form,
    Fragment,
    Html,
    HtmlTag,
    Input,
    JsExpr,
    Label,
    Lazy,
    Li,
    Option,
    P,
    Select,
    Signal,
    Span,
    Svg,
    Tag,
    Td,
    Tr,
    Ul,
    achunks,
    chunks,
    delete,
    doctype,
    element,
    expr,
    get,
    if_,
    js,
    match,
    peek,
    post,
    put,
    raw,
    set_all,
    toggle_all,
)

count, name, product = Signal("count", 0), Signal("user.name", "Ann"), Signal("product")


def children(number: UUID, day: date, price: Decimal) -> Html:
    rows = (Li(each) for each in range(3))
    assert_type(
        Ul(rows, [Li("x")], None, True, 5, price, number, day, Markup("<b>"), raw("&")), Html
    )
    assert_type(Div({"id": "x"}, lambda: P("later"), P, id=number), Html)
    assert_type(Fragment(doctype, HtmlTag(lang="en")), Html)
    return element("my-part")(H1("x"), size="small")


def attributes(number: UUID, busy: bool, flags: dict[str, str], rest: dict[str, Any]) -> Html:
    Label("x", for_="a", cls=["b", None, {"c": busy}], data_row_id=5, aria_label="d")
    Input(type="text", required=busy, disabled=count > 3, value=number, min=0, max=Decimal(5))
    Button("x", hidden=busy or None, tabindex=-1, aria_hidden=True, style={"--gap": 3}, dir="rtl")
    Div(cls={"active": busy, "hot": count > 3}, style={"width": count + "px"})
    P(**flags, **{"data-x": 1, "@click": "y", "data-on:click": "z"})
    P(**rest)
    return A("x", href="/a", _class="b", klass="c", hx_get="/d", xlink_href="/e")


def Card(*children: Child, **attributes: Attribute) -> Html:
    """A component of one's own hands on what it is given."""
    return Div(*children, **attributes)


def datastar(busy: bool) -> Html:
    Button("x", on_click=post("/x", content_type="form", retry="never"), indicator=Signal("busy"))
    Button("x", on_click=[count.add(1), post("/x"), "$y = 1"], on_click__once="$z")
    Button("x", on_click=busy and post("/x"), on_input__debounce_200ms=get("/p/" + count))
    Input(bind=name, on_change=put("/x", payload={"n": count}), show=busy, text=5)
    Input(bind="user.name", attr={"title": name + "!", "hidden": "$x"}, ref="here")
    Div(signals=[count, name, {"x": 1}], computed={"total": count * 2}, ignore_morph=True)
    Div(signals=count, computed={count: "1"}, class_map={"a": count > 1}, preserve_attr=["open"])
    Div(signals={"a": None}, json_signals={"include": "^a"}, effect=expr("f({})", name))
    return Div(init=delete("/x", filter_signals={"exclude": "^_"}), on_interval="$x++")


def expressions() -> None:
    assert_type(count + 1, Expression)
    assert_type(1 - count, Expression)
    assert_type((count > 1) & ~(name == "x"), Expression)
    assert_type(count == None, Expression)  # noqa: E711 # an expression
    assert_type(product.name, Signal)
    assert_type(product["tags"][0], Expression)
    assert_type((count + 1).toFixed(2), Expression)
    assert_type(name.contains("x").length, Expression)
    assert_type(name.set("x"), Expression)
    assert_type(if_(count > 1, "a", post("/x")), Expression)
    assert_type(match(name, {"a": 1, "b": count}, default=None), Expression)
    assert_type(js(count), JsExpr)
    assert_type(peek(count + 1), JsExpr)
    assert_type(set_all(0, include="^a"), JsExpr)
    assert_type(toggle_all(), JsExpr)


def streams(rows: Iterator[Html], later: AsyncIterator[Html]) -> None:
    lazy = Body.stream(Ul.stream(rows, cls="x"), Tr.stream(Td("y")))
    assert_type(lazy, Lazy)
    assert_type(chunks(doctype, lazy, size=100), Iterator[Html])
    assert_type(achunks(later), AsyncIterator[Html])


def tags(tag: Tag) -> Html:
    options = [Option(each, value=each, selected=each == "a") for each in "abc"]
    form = Form(Select(options, name="x", multiple=True), action="/x", method="post")
    return tag(form, Svg(viewBox="0 0 1 1", stroke_width=2), Span("x"), Card("y", id="z"))
