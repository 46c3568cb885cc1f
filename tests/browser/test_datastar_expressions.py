"""Expressions of signals mean in the browser what they say in Python, whatever text is in them."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from datastar_page import DatastarPage
from playwright.sync_api import Page, expect

from nitro_runtime.html import Button, Div, Signal, Span, expr, if_, js, match, peek, post

pytestmark = pytest.mark.browser

HOSTILE: list[str] = [
    *json.loads(Path(__file__).with_name("hostile.json").read_text()),
    "it's",
    "$x",
    "@get(",
    "`",
    "</script>",
    "\u2028",
    "a\nb",
    "{{x}}",
    "${x}",
    "a;b/c;'d'",
    "\\",
    '"',
]

a, b, t = Signal("a", 7), Signal("b", 2), Signal("t", "Tea & 'pot'")
on, off, none = Signal("on", True), Signal("off", False), Signal("none", None)
items, price = Signal("items", [3, 1, 2]), Signal("price", Decimal("19.90"))
product = Signal("product", {"name": "Lamp", "tags": ["new", "red"], "size": {"w": 3}})

EXPRESSIONS: list[tuple[Any, Any]] = [
    (a + 1, 8),
    (1 + a, 8),
    (a - 1, 6),
    (10 - a, 3),
    (a - b - 1, 4),
    (a - (b - 1), 6),
    (a * b, 14),
    (2 * a, 14),
    (a / b, 3.5),
    (14 / a, 2),
    (a // b, 3),
    (15 // a, 2),
    (a % b, 1),
    (9 % a, 2),
    (a**b, 49),
    (2**b, 4),
    ((-b) ** 2, 4),
    (-(b**2), -4),
    (2 ** (b**2), 16),
    ((2**b) ** 2, 16),
    ((a + b) * 2, 18),
    (a + b * 2, 11),
    (-(a + b), -9),
    (-a + 1, -6),
    (a - -1, 8),
    (+t.length, 11),
    (abs(b - a), 5),
    (round(a / b), 4),
    (round(a / 3, 2), 2.33),
    (a > 5, True),
    (a >= 8, False),
    (5 < a, True),  # noqa: SIM300 # the number is asked first
    (a < b, False),
    (a <= 7, True),
    (a == 7, True),
    (a != 7, False),
    (a == "7", False),
    ((a > 5) & (b > 5), False),
    ((a > 5) | (b > 5), True),
    (~(a > 5), False),
    (~(a > 5) | (b == 2), True),
    ((a > 5) & ((b > 5) | on), True),
    (on & off, False),
    (off | "else", "else"),
    (True & on, True),
    ((a == 7) == (b == 2), True),
    (none == None, True),  # noqa: E711 # an expression
    (a == None, False),  # noqa: E711 # an expression
    (a != None, True),  # noqa: E711 # an expression
    ("<" + t + ">", "<Tea & 'pot'>"),
    (t + a, "Tea & 'pot'7"),
    (t.length, 11),
    (t.contains("&"), True),
    (t.startswith("Tea"), True),
    (t.endswith("'pot'"), True),
    (t.upper(), "TEA & 'POT'"),
    (t.lower(), "tea & 'pot'"),
    ((" " + t + " ").strip(), "Tea & 'pot'"),
    (t[0], "T"),
    (t[-1], "'"),
    (t[1:3], "ea"),
    (t[-4:], "pot'"),
    (t.padEnd(13, "!"), "Tea & 'pot'!!"),
    (items[0], 3),
    (items[-1], 2),
    (items[b], 2),
    (items[1:], [1, 2]),
    (items.length, 3),
    (items.contains(2), True),
    (items.join("-"), "3-1-2"),
    (product.name, "Lamp"),
    (product["name"], "Lamp"),
    (product.tags[1], "red"),
    (product.size.w * 2, 6),
    (Signal("product.size.w") + 1, 4),
    (price * 2, 39.8),
    (price + 1, 20.9),
    (price + Decimal("0.10"), 20),
    (a * Decimal("1.5"), 10.5),
    (a > Decimal("6.9"), True),
    (price == Decimal("19.90"), True),
    (if_(a > 5, "many", "few"), "many"),
    (if_(a > 9, "many", if_(b > 1, "some", "few")), "some"),
    (if_(a > 9, 1, 2) + 1, 3),
    ("x" + if_(on, "y", "z"), "xy"),
    (match(a, {1: "one", 7: "seven"}, default="?"), "seven"),
    (match(a + 1, {1: "one"}, default=t), "Tea & 'pot'"),
    (match(none, {"x": 1, None: "nothing"}), "nothing"),
    (match(on, {True: "yes", False: "no"}), "yes"),
    (match(a, {}), None),
    (expr("{} * {}", a + b, 2), 18),
    (expr("$a-{}", 1), 6),
    (js({"n": a, "deep": [t]}), {"n": 7, "deep": ["Tea & 'pot'"]}),
    (expr("{}", peek(a + 1)), 8),
]


@pytest.fixture
def page(tab: Page) -> DatastarPage:
    return DatastarPage(tab)


def shown(identity: str, expression: object) -> object:
    """An element that shows the value of an expression as JSON."""
    return Span(id=identity, text=expr("JSON.stringify({}) ?? 'undefined'", expression))


def test_every_operator_means_what_it_means_in_python(page: DatastarPage) -> None:
    page.show(
        *[shown(f"e{index}", each) for index, (each, _) in enumerate(EXPRESSIONS)],
        signals=[a, b, t, on, off, none, items, price, product],
    )
    for index, (expression, value) in enumerate(EXPRESSIONS):
        text = page.tab.locator(f"#e{index}").text_content() or ""
        assert json.loads(text) == value, str(expression)


def test_signals_are_set_added_to_toggled_and_appended_to(page: DatastarPage) -> None:
    page.show(
        Button("1", id="one", on_click=[a.set(b + 1), b.add(-1), on.toggle()]),
        Button("2", id="two", on_click=items.append(9, t)),
        Button("3", id="three", on_click=[product.name.set("it's"), product.size.w.add(1)]),
        Button("4", id="four", on_click=[t.set(None), product.tags[0].set("old")]),
        Button("5", id="five", on_click=if_(a > 2, a.set(0), a.set(1)) & off.set(True)),
        signals=[a, b, t, on, off, items, product],
    )
    for name in ("one", "two", "three", "four", "five"):
        page.tab.locator(f"#{name}").click()
    found = page.signals()
    assert found["a"] == 0
    assert found["b"] == 1
    assert found["on"] is False
    assert found["off"] is False  # 0 & … stops there, as && does
    assert found["items"] == [3, 1, 2, 9, "Tea & 'pot'"]
    assert found["product"] == {"name": "it's", "tags": ["old", "red"], "size": {"w": 4}}
    assert not found.get("t")


def test_an_attribute_of_any_kind_follows_a_signal(page: DatastarPage) -> None:
    page.show(
        Button("x", id="x", disabled=a > 5, title=t + "!", aria_expanded=on, data_n=a),
        Div(id="y", cls=["static", {"hot": a > 5, "cold": a < 5}], style={"width": a + "px"}),
        Button("z", id="z", on_click=[a.set(1), on.toggle(), t.set('"')]),
        signals=[a, t, on],
    )
    x, y = page.tab.locator("#x"), page.tab.locator("#y")
    expect(x).to_be_disabled()
    expect(x).to_have_attribute("title", "Tea & 'pot'!")
    expect(x).to_have_attribute("aria-expanded", "true")
    expect(y).to_have_class("static hot")
    assert y.evaluate("y => y.style.width") == "7px"
    page.tab.locator("#z").click()
    expect(x).to_be_enabled()
    expect(x).to_have_attribute("title", '"!')
    expect(x).to_have_attribute("aria-expanded", "false")
    expect(x).to_have_attribute("data-n", "1")
    expect(y).to_have_class("static cold")
    assert y.evaluate("y => y.style.width") == "1px"


def test_hostile_text_is_a_value_wherever_an_expression_takes_one(page: DatastarPage) -> None:
    names = [Signal(f"s{index}", text) for index, text in enumerate(HOSTILE)]
    both = list(zip(names, HOSTILE, strict=True))
    page.show(
        *[
            Div(
                shown(f"add{i}", text + s + text),
                shown(f"equal{i}", s == text),
                shown(f"match{i}", match(s, {text: text + "!"}, default="missed")),
                shown(f"if{i}", if_(s.contains(text) & (a / 2 > 1), text, a / 1)),
                shown(f"key{i}", expr("({})[{}]", {text: i}, s)),
                Div(id=f"title{i}", attr={"title": "=" + s}, data_x=s + text),
                Button(id=f"b{i}", on_click=[s.set(text + "?"), Signal(f"c{i}").set([text])]),
            )
            for i, (s, text) in enumerate(both)
        ],
        signals=[a, *names],
    )
    for i, text in enumerate(HOSTILE):
        expected = {"add": text * 3, "equal": True, "match": text + "!", "if": text, "key": i}
        for name, value in expected.items():
            found = page.tab.locator(f"#{name}{i}").text_content() or ""
            assert json.loads(found) == value, (name, text)
        assert page.tab.locator(f"#title{i}").get_attribute("title") == f"={text}"
        assert page.tab.locator(f"#title{i}").get_attribute("data-x") == text * 2
        page.tab.locator(f"#b{i}").dispatch_event("click")
    signals = page.signals()
    for i, text in enumerate(HOSTILE):
        assert signals[f"s{i}"] == text + "?"
        assert signals[f"c{i}"] == [text]
    assert page.tab.evaluate("window.ran") is None


def test_hostile_text_is_sent_as_it_is(page: DatastarPage) -> None:
    text = "".join(HOSTILE)
    page.show(
        Button(
            "send",
            on_click=post(f"/held?q={'%27'}", payload={"text": text, "sum": a + 1, text: [t]}),
        ),
        signals=[a, t],
    )
    with page.tab.expect_request("**/held**"):
        page.tab.get_by_text("send").click()
    (request,) = page.asked
    assert request.post_data_json == {"text": text, "sum": 8, text: ["Tea & 'pot'"]}
    page.release("/held")
