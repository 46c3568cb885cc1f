import json
import operator
import random
import shutil
import subprocess
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime.errors import ViewError
from nitro_runtime.html import (
    Div,
    Expression,
    Input,
    JsExpr,
    Signal,
    Span,
    expr,
    if_,
    js,
    match,
    post,
)

a, b, product = Signal("a", 1), Signal("b"), Signal("product", {"name": "Lamp"})


@pytest.mark.parametrize(
    ("expression", "source"),
    [
        (a + 1, "$a + 1"),
        (1 - a, "1 - $a"),
        ((a + b) * 2, "($a + $b) * 2"),
        (a + b * 2, "$a + $b * 2"),
        (a - (b - 1), "$a - ($b - 1)"),
        (a - b - 1, "$a - $b - 1"),
        (a - -1, "$a - (-1)"),
        (-(a**b), "-($a ** $b)"),
        ((-a) ** 2, "(-$a) ** 2"),
        (a // 2, "Math.floor($a / 2)"),
        ((a > 1) & ~(b == "x"), '$a > 1 && !($b === "x")'),
        (((a > 1) | (b < 2)) & a, "($a > 1 || $b < 2) && $a"),
        (a == None, '($a ?? "") === ""'),  # noqa: E711 # an expression
        ((a & b) == None, '(($a && $b) ?? "") === ""'),  # noqa: E711
        ((a | b) != None, '(($a || $b) ?? "") !== ""'),  # noqa: E711
        ((a + b)("x"), '($a + $b)("x")'),
        (if_(a, product.f, product.g)(1), "($a ? $product.f : $product.g)(1)"),
        (product.name + "!", '$product.name + "!"'),
        (product["it's"], '$product["it\\u0027s"]'),
        (a.length, "$a.length"),
        ((a + "x").upper(), '($a + "x").toUpperCase()'),
        (a.toFixed(2), "$a.toFixed(2)"),
        (a[1:], "$a.slice(1)"),
        (a.set(5), "$a = 5"),
        (a.set("it's"), '$a = "it\\u0027s"'),
        (a.add(1), "$a = $a + 1"),
        (a.toggle(), "$a = !$a"),
        (product.name.set(b), "$product.name = $b"),
        (if_(a > 1, "x", post("/x")), "$a > 1 ? \"x\" : @post('/x')"),
        (if_(if_(a, b, 1), a.set(1), 2), "($a ? $b : 1) ? ($a = 1) : 2"),
        (match(a, {1: "x", 2: "y"}, default=0), '$a === 1 ? "x" : $a === 2 ? "y" : 0'),
        (a & post("/x", payload={"n": b}), '$a && @post(\'/x\', {"payload": {"n": $b}})'),
        (a & JsExpr("f() || g()"), "$a && (f() || g())"),
        (a + Decimal("1.5"), "$a + 1.5"),
        (a + JsExpr("x || y"), "$a + (x || y)"),
    ],
)
def test_expressions_are_written_with_the_brackets_they_need(
    expression: Expression, source: str
) -> None:
    assert str(expression) == source
    assert js(expression) == source
    assert expr("f({})", expression).startswith("f(")


INFIX = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "%": operator.mod, "**": operator.pow, "<": operator.lt, ">=": operator.ge,
    "===": operator.eq, "!==": operator.ne, "&&": operator.and_, "||": operator.or_,
}  # fmt: skip
SIGNALS = {"x": 3, "y": -2, "z": 0, "s": "ab", "n": None, "l": [1, 2]}

Pair = tuple[Any, str]
"""An expression, or a value; and the source that has every bracket there can be."""


def whole(pick: random.Random, depth: int) -> Pair:
    """An expression of signals, however deep."""
    if depth == 0:
        name = pick.choice([*SIGNALS, "f"])
        return Signal(name), f"${name}"
    (one, left), (two, right) = whole(pick, pick.randrange(depth)), part(pick, depth)
    made: list[Any] = [
        lambda: (-one, f"(-{left})"),
        lambda: (+one, f"(+{left})"),
        lambda: (~one, f"(!{left})"),
        lambda: (abs(one), f"Math.abs({left})"),
        lambda: (round(one, 1), f"(Math.round({left} * 10) / 10)"),
        lambda: (one // two, f"Math.floor({left} / {right})"),
        lambda: (one == None, f'(({left} ?? "") === "")'),  # noqa: E711
        lambda: (one != None, f'(({left} ?? "") !== "")'),  # noqa: E711
        lambda: (one[two], f"{left}.at(-3)" if right == "(-3)" else f"{left}[{right}]"),
        lambda: (one[1:two], f"{left}.slice(1, {right})"),
        lambda: (one.length, f"{left}.length"),
        lambda: (one.upper(), f"{left}.toUpperCase()"),
        lambda: (one.contains(two), f"{left}.includes({right})"),
        lambda: (one(two), f"{left}({right})"),
        lambda: (Signal("x").set(two), f"($x = {right})"),
        lambda: (Signal("l").append(one, two), f"($l = [...($l || []), {left}, {right}])"),
        lambda: (if_(two, one, two), f"({right} ? {left} : {right})"),
        lambda: (if_(one, two, one), f"({left} ? {right} : {left})"),
        lambda: (match(one, {3: two}, one), f"(({left} === 3) ? {right} : {left})"),
        lambda: (JsExpr(f"{one}, {one}") + one, f"(({left}, {left}) + {left})"),
    ]
    for sign, act in pick.sample(list(INFIX.items()), 8):
        made += [lambda s=sign, a=act: (a(one, two), f"({left} {s} {right})")] * 2
        if isinstance(two, Expression) or (isinstance(two, int) and sign not in ("<", ">=")):
            made.append(lambda s=sign, a=act: (a(two, one), f"({right} {s} {left})"))
    return pick.choice(made)()


def part(pick: random.Random, depth: int) -> Pair:
    if pick.random() < 0.3:
        value = pick.choice([0, 2, -3, 1.5, True, "b", [1]])
        return value, f"({js(value)})"
    return whole(pick, pick.randrange(depth))


@pytest.mark.skipif(shutil.which("node") is None, reason="runs JavaScript")
def test_no_bracket_is_left_out_that_changes_what_is_computed() -> None:
    pick = random.Random(7)  # noqa: S311 # the same expressions every time
    pairs = [(str(made), source) for made, source in (whole(pick, 4) for _ in range(4000))]
    program = f"""
        const given = {json.dumps(SIGNALS)}
        const run = source => {{
            try {{
                const values = Object.values(given).map(value => structuredClone(value))
                const names = Object.keys(given).map(name => '$' + name)
                const value = new Function(...names, '$f', 'return ' + source)(...values, v => v)
                return typeof value + ' ' + JSON.stringify(value) + String(value)
            }} catch (error) {{ return error.name }}
        }}
        const pairs = {json.dumps(pairs)}
        console.log(JSON.stringify(pairs.map(([short, full]) => [run(short), run(full)])))
    """
    ran = subprocess.run(["node", "-"], input=program, capture_output=True, text=True, check=True)
    results = json.loads(ran.stdout)
    wrong = [pair for pair, (short, full) in zip(pairs, results, strict=True) if short != full]
    assert not wrong, wrong[:3]
    assert all("SyntaxError" not in result for result in results)
    assert sum("Error" not in full for _, full in results) > 1000


@given(st.text() | st.dictionaries(st.text(), st.text()))
def test_nothing_in_a_value_becomes_code(value: Any) -> None:
    literal = js(value)
    for expression in (a + value, a == value, match(a, {"x": value}), a.set(value), a.f(value)):
        assert str(expression).replace(f"({literal})", literal).count(literal) == 1
    assert not any(character in literal for character in "$@`'<>&;\n\u2028")


@pytest.mark.parametrize(
    "name",
    ["", "a b", "1a", "a-b", "a__b", "a.", ".a", "ä", "a'", "$a", "a\n", "__proto__", 5, None],
)
def test_a_name_that_is_none_is_refused(name: Any) -> None:
    with pytest.raises(ViewError, match="is not the name of a signal"):
        Signal(name)
    with pytest.raises(ViewError, match="is not the name of a signal"):
        Input(bind=name or "")


def test_a_first_value_with_no_literal_is_refused_at_once() -> None:
    with pytest.raises(ViewError, match="A object has no JavaScript literal"):
        Signal("a", object())


def test_what_python_would_decide_itself_is_refused_with_what_to_write() -> None:
    for wrong in (
        lambda: a and b,
        lambda: not a,  # pyright: ignore[reportGeneralTypeIssues] # it says so too
        lambda: 1 if a > 1 else 2,  # pyright: ignore[reportGeneralTypeIssues]
        lambda: 1 < a < 5,
        lambda: bool(a == b),
    ):
        with pytest.raises(ViewError, match=r"write & for and, \| for or, ~ for not"):
            wrong()
    with pytest.raises(ViewError, match=r"write \.contains"):
        _ = "x" in a
    with pytest.raises(ViewError, match="no items to loop over"):
        list(a)
    with pytest.raises(ViewError, match=r"write \.length"):
        len(a)
    with pytest.raises(ViewError, match="has no step"):
        a[::2]


def test_only_signals_are_set() -> None:
    with pytest.raises(ViewError, match=r"\$a \+ 1 is not a signal"):
        (a + 1).set(5)
    with pytest.raises(ViewError, match="is not a signal"):
        a.upper().toggle()


def test_signals_can_be_keys_and_members() -> None:
    assert {a: 1, b: 2}[a] == 1
    assert len({a, b, a}) == 2


def test_signals_stand_for_their_first_values() -> None:
    nested = [Signal("user.name", "Ann"), Signal("user.age", 5), {"x": 1}, a]
    assert Div(signals=nested) == (
        '<div data-signals="{&#34;user&#34;: {&#34;name&#34;: &#34;Ann&#34;, &#34;age&#34;: 5},'
        ' &#34;x&#34;: 1, &#34;a&#34;: 1}"></div>'
    )
    assert Div(signals=Signal("t", "it's"), bind=b) == (
        '<div data-signals="{&#34;t&#34;: &#34;it\\u0027s&#34;}" data-bind="b"></div>'
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (b, r"Signal\('\$b'\) has no first value: write Signal\('b', …\)"),
        ([Signal("x", 1), Signal("x.y", 2)], r"is inside 'x', which has a value of its own"),
        ([5], "takes a dict or Signals, not int"),
    ],
)
def test_signals_that_cannot_be_declared_are_refused(given: Any, sentence: str) -> None:
    with pytest.raises(ViewError, match=sentence):
        Div(signals=given)


def test_an_expression_as_a_child_is_told_where_it_belongs() -> None:
    for child in (a, a + 1, [a]):
        with pytest.raises(ViewError, match=r"show it as text, as in Span\(text=…\)"):
            Span(child)


def test_ordinary_attributes_follow_expressions() -> None:
    assert Input(
        disabled=a > 1, cls=["x", {"on": a, "off": False}], style={"--w": a, "top": 0}
    ) == (
        '<input data-attr:disabled="$a &gt; 1" class="x" data-class="{&#34;on&#34;: ($a)}"'
        ' style="top: 0" data-style="{&#34;--w&#34;: ($a)}">'
    )
    assert Div(cls={"on": a}, aria_busy=b) == (
        '<div data-class="{&#34;on&#34;: ($a)}" data-attr:aria-busy="String($b)"></div>'
    )


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        ({"href": a}, "may become a javascript: address"),
        ({"viewBox": a}, r"write attr=\{'viewBox': …\}"),
        ({"cls": [a]}, "as in cls="),
        ({"cls": {"x": a}, "class_map": {"y": b}}, "in cls and in class_map"),
        ({"style": {"x": a}, "style_map": {"y": b}}, "in style and in style_map"),
    ],
)
def test_where_an_expression_cannot_stand_is_said(
    attributes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ViewError, match=sentence):
        Div(**attributes)
