from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime.errors import ViewError
from nitro_runtime.html import B, Html, Td, Tr, raw
from nitro_runtime.html.compiled import CompiledRow, Kind, Value, compile_row


@dataclass
class Row:
    value: Any


def row_of(kind: Kind, nullable: bool = False) -> CompiledRow[Row]:
    return compile_row([raw("<tr><td>"), Value("value", kind, nullable), raw("</td></tr>")])


@given(st.lists(st.text()))
def test_a_compiled_row_is_what_tags_render(texts: list[str]) -> None:
    rows = [Row(text) for text in texts]
    assert row_of("text").each(rows) == "".join(Tr(Td(text)) for text in texts)


anything = st.text() | st.integers() | st.decimals() | st.floats() | st.none()


@given(
    st.lists(anything),
    st.sampled_from(["text", "int", "float", "decimal", "any"]),
)
def test_a_value_of_another_kind_than_promised_is_rendered_as_a_child_is(
    values: list[Any], kind: Kind
) -> None:
    rendered = row_of(kind).each([Row(value) for value in values])
    assert rendered == "".join(Tr(Td(value)) for value in values)


@pytest.mark.parametrize("kind", ["text", "int", "float", "decimal"])
def test_markup_in_a_value_is_escaped_whatever_was_promised(kind: Kind) -> None:
    assert row_of(kind)(Row("<b>")) == "<tr><td>&lt;b&gt;</td></tr>"


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("int", 2**63, "9223372036854775808"),
        ("decimal", Decimal("19.90"), "19.90"),
        ("float", 0.1, "0.1"),
        ("any", B("x"), "<b>x</b>"),
        ("text", Html("<b>"), "&lt;b&gt;"),
        ("text", "a\r\nb", "a&#13;\nb"),
        ("text", "é\ud800\0", "é\ufffd\ufffd"),
    ],
)
def test_values_are_exact(kind: Kind, value: object, shown: str) -> None:
    assert row_of(kind)(Row(value)) == f"<tr><td>{shown}</td></tr>"


@pytest.mark.parametrize("kind", ["text", "int", "float", "decimal", "any"])
@pytest.mark.parametrize("nullable", [True, False])
def test_none_shows_as_nothing(kind: Kind, nullable: bool) -> None:
    assert row_of(kind, nullable)(Row(None)) == "<tr><td></td></tr>"


def test_paths_and_functions_reach_values() -> None:
    row = compile_row([Value("a.b", "text"), Value(lambda item: item.a.b * 2)])
    assert row(SimpleNamespace(a=SimpleNamespace(b="<"))) == "&lt;&lt;&lt;"


def test_static_markup_may_hold_anything() -> None:
    odd = '{x} {{ \'""" \\ \n'
    assert compile_row([raw(odd), Value("value")])(Row(1)) == odd + "1"
    assert compile_row([])(Row(1)) == ""


def test_a_generator_of_rows_and_markup_around_them() -> None:
    row = row_of("int")
    assert row.each((Row(n) for n in (1, 2)), raw("<table>"), raw("</table>")) == (
        "<table><tr><td>1</td></tr><tr><td>2</td></tr></table>"
    )


@pytest.mark.parametrize("path", ["a b", "a;b", "__import__('os')", "", "a..b", "class", "a.1"])
def test_what_is_no_path_of_attributes_is_refused(path: str) -> None:
    with pytest.raises(ViewError, match="is not a path of attributes"):
        compile_row([Value(path)])


def test_plain_text_is_no_markup() -> None:
    with pytest.raises(ViewError, match="made of Html and Value, not str"):
        compile_row(["<td>"])  # pyright: ignore[reportArgumentType]


def test_an_error_of_a_function_comes_through() -> None:
    def broken(_: object) -> str:
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        compile_row([Value(broken)])(Row(1))
