import json
import re
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime.errors import ViewError
from nitro_runtime.html import JsExpr, delete, expr, get, js, patch, post, put


class Size(Enum):
    BIG = "b'ig"


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("ab$'<\\"), inner),
)


@given(values)
def test_a_value_is_json_that_means_the_same(value: Any) -> None:
    assert json.loads(js(value)) == value


@given(st.text() | st.dictionaries(st.text(), st.text()))
def test_nothing_in_a_text_has_a_meaning_in_html_javascript_or_datastar(value: Any) -> None:
    inside = "".join(re.findall(r'"([^"]*)"', js(value)))
    assert not re.search("[\x00-\x1f'`$@<>&\u2028\u2029\ud800-\udfff]", js(value))
    assert "\\" not in re.sub(r"\\u[0-9a-f]{4}", "", inside)


def test_values_that_json_lacks_are_exact_texts() -> None:
    assert js(Decimal("19.90")) == '"19.90"'
    assert js(2**53) == '"9007199254740992"'
    assert js(date(2025, 1, 2)) == '"2025-01-02"'
    assert js(time(3, 4)) == '"03:04:00"'
    assert js(UUID(int=5)) == '"00000000-0000-0000-0000-000000000005"'
    assert js(Size.BIG) == '"b\\u0027ig"'
    assert js((1, [True, None])) == "[1, [true, null]]"


def test_a_prototype_cannot_be_set() -> None:
    assert js({"__proto__": 1}) == '{["__proto__"]: 1}'


def test_an_expression_stays_one_and_its_slices_do_not() -> None:
    assert js({"a": expr("$x")}) == '{"a": $x}'
    assert js(expr("$x")[:1]) == '"\\u0024"'
    assert isinstance(js("a"), JsExpr)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (float("nan"), "nan is not a number"),
        (float("-inf"), "-inf is not a number"),
        (b"x", "A bytes has no JavaScript literal"),
        ({1, 2}, "A set has no JavaScript literal"),
        (object(), "A object has no JavaScript literal"),
        ({1: 2}, "The key 1 of a JavaScript object is not text"),
    ],
)
def test_a_value_with_no_literal_is_refused_by_its_kind(value: object, sentence: str) -> None:
    with pytest.raises(ViewError, match=sentence):
        js(value)


def test_a_value_that_holds_itself_is_refused() -> None:
    circle: dict[str, object] = {}
    circle["a"] = circle
    with pytest.raises(ViewError, match="holds itself"):
        js(circle)


def test_placeholders_take_values_in_order() -> None:
    assert expr("$a = {}; $b = {}", "x", [1]) == '$a = "x"; $b = [1]'
    assert expr("$a = {b: {}}") == "$a = {b: {}}"
    assert expr("f({ }, {})", 1) == "f({ }, 1)"


def test_a_value_cannot_change_the_operator_before_it() -> None:
    assert expr("$a -{}", -1) == "$a -(-1)"
    assert expr("{}.x", {"x": 1}) == '({"x": 1}).x'


@pytest.mark.parametrize("source", ["$a", "{} {}", ""])
def test_a_wrong_number_of_values_is_refused(source: str) -> None:
    with pytest.raises(ViewError, match="placeholders for 1 values"):
        expr(source, 1)


@pytest.mark.parametrize(
    "source",
    [
        "'{}'",
        '"a {}"',
        "`${} {}`",
        "'it\\'s {}'",
        "// {}",
        "/* {} */ 1",
        '/* \' */ " {} "',
        "'unfinished {}",
        "'a' + '{}'",
    ],
)
def test_a_placeholder_inside_quotes_is_refused(source: str) -> None:
    with pytest.raises(ViewError, match="inside quotes or a comment"):
        expr(source, *["x"] * source.count("{}"))


def test_placeholders_between_texts_are_fine() -> None:
    assert expr("'a' + {} + 'it\\'s'", 1) == "'a' + 1 + 'it\\'s'"


def test_actions_carry_their_options_in_datastars_names() -> None:
    assert post("/a") == "@post('/a')"
    assert get("/a", retry_interval=5, selector=None) == "@get('/a', {\"retryInterval\": 5})"
    assert put(expr("$url"), contentType="form") == '@put($url, {"contentType": "form"})'
    assert patch("/a", payload=expr("{b: $c}")) == "@patch('/a', {\"payload\": {b: $c}})"
    assert delete("/'+alert(1)+'") == "@delete('/\\u0027+alert(1)+\\u0027')"


def test_an_unknown_option_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ViewError, match=r"no option 'contenttype'\. Did you mean 'content_type'"):
        post("/a", contenttype="form")  # pyright: ignore[reportCallIssue]


def test_an_address_is_text() -> None:
    with pytest.raises(ViewError, match="address of @get is int"):
        get(5)  # pyright: ignore[reportArgumentType]
