from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
from datastar_py import attribute_generator as official

from nitro_runtime.errors import ViewError
from nitro_runtime.html import A, Animate, Button, Div, Iframe, Input, Label, P, expr, js, post, raw


class Kind(StrEnum):
    EMAIL = "email"


def test_keywords_become_the_names_that_html_has() -> None:
    assert Label("x", cls="a", for_="b", http_equiv="c", aria_label="d", data_row_id=5) == (
        '<label class="a" for="b" http-equiv="c" aria-label="d" data-row-id="5">x</label>'
    )
    assert Label(class_="a", fr="b", xlink_href="/c", xml_lang="de") == (
        '<label class="a" for="b" xlink:href="/c" xml:lang="de"></label>'
    )


def test_a_name_written_out_is_taken_as_it_stands() -> None:
    assert P(**{"data-x_y": "1", "@click": "z", "xlink:href": "/a"}) == (
        '<p data-x_y="1" @click="z" xlink:href="/a"></p>'
    )


def test_true_is_bare_and_false_and_none_leave_the_attribute_out() -> None:
    assert Input(required=True, disabled=False, value=None) == "<input required>"
    assert Input(value="", min=0) == '<input value="" min="0">'
    assert P(id=None) == "<p></p>"


def test_true_is_a_word_in_aria_attributes() -> None:
    assert P(aria_hidden=True, aria_busy=False) == '<p aria-hidden="true"></p>'


def test_values_are_their_text() -> None:
    assert Input(type=Kind.EMAIL, max=1.5, value=datetime(2025, 1, 2, 3, 4, tzinfo=UTC)) == (
        '<input type="email" max="1.5" value="2025-01-02T03:04:00+00:00">'
    )


def test_class_takes_lists_and_conditions() -> None:
    assert P(cls=["a", None, {"b": 1, "c": 0}, ["d"]]) == '<p class="a b d"></p>'
    assert P(cls={'"': True}) == '<p class="&#34;"></p>'


def test_style_takes_a_mapping() -> None:
    assert P(style={"font_size": "2em", "--gap": 3, "color": None}) == (
        '<p style="font-size: 2em; --gap: 3"></p>'
    )


@pytest.mark.parametrize(
    "style",
    [{"color": "red; background: blue"}, {"color": "url(/x)"}, {"a b": "c"}, {"color": "}"}],
)
def test_a_style_value_that_is_more_than_one_value_is_refused(style: dict[str, str]) -> None:
    with pytest.raises(ViewError, match="is not one property with one value"):
        P(style=style)


def test_lists_are_joined_by_spaces() -> None:
    assert Input(aria_describedby=["a", None, "b"]) == '<input aria-describedby="a b">'


def test_one_name_given_twice_counts_once() -> None:
    assert P(cls="a", class_="b") == '<p class="b"></p>'


@pytest.mark.parametrize(
    "name", ["", "a b", 'a"', "a>", "a=b", "a/", "a\n", "ä", "1", "on_x y", "data-on:x y", "a\0"]
)
def test_an_invalid_attribute_name_is_refused_by_name(name: str) -> None:
    with pytest.raises(ViewError, match="is not a valid attribute name"):
        P(**{name: "x"})
    with pytest.raises(ViewError, match="is not a valid attribute name"):
        P({name: "x"}, id="y")


def test_names_made_of_data_are_not_kept() -> None:
    from nitro_runtime.html import attributes

    for number in range(attributes._MOST_NAMES + 100):
        P(**{f"data-n{number}": "x"})
    assert len(attributes._resolved) <= attributes._MOST_NAMES


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " \t\njavascript:alert(1)",
        "java\nscript:alert(1)",
        "java\tscript\r:alert(1)",
        "\x01javascript:alert(1)",
        "vbscript:x",
    ],
)
@pytest.mark.parametrize("name", ["href", "src", "action", "formaction", "xlink_href"])
def test_an_address_that_is_code_is_refused(name: str, address: str) -> None:
    with pytest.raises(ViewError, match="refuses a javascript: address"):
        A("x", {name: address})


def test_an_animation_cannot_set_an_address_to_code() -> None:
    with pytest.raises(ViewError, match="refuses a javascript: address"):
        Animate(attributeName="href", values="/a;javascript:alert(1)")


def test_other_addresses_pass() -> None:
    assert A(href="/a?b=c:d&e") == '<a href="/a?b=c:d&amp;e"></a>'
    assert A(href="https://x/javascript:y", ping=True) == (
        '<a href="https://x/javascript:y" ping></a>'
    )


def test_a_whole_document_in_an_attribute_must_be_html() -> None:
    with pytest.raises(ViewError, match="whole document"):
        Iframe(srcdoc="<p>text</p>")
    assert Iframe(srcdoc=P("<")) == '<iframe srcdoc="&lt;p&gt;&amp;lt;&lt;/p&gt;"></iframe>'


@pytest.mark.parametrize("value", [b"x", {"a": 1}, object(), {1, 2}])
def test_a_value_with_no_text_is_refused_by_name(value: object) -> None:
    with pytest.raises(ViewError, match="'title' cannot be a"):
        P(title=value)


def test_data_attributes_take_json() -> None:
    assert P(data_items=[1, "a<"]) == '<p data-items="[1, &#34;a\\u003c&#34;]"></p>'


# -- Datastar -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("on_click", "data-on:click"),
        ("on_my_event", "data-on:my-event"),
        ("on_input__debounce_200ms", "data-on:input__debounce.200ms"),
        (
            "on_click__window__debounce_500ms_leading",
            "data-on:click__window__debounce.500ms.leading",
        ),
        ("on_intersect__once", "data-on-intersect__once"),
        ("on_interval__duration_1s", "data-on-interval__duration.1s"),
        ("on_signal_patch", "data-on-signal-patch"),
        ("init__delay_1s", "data-init__delay.1s"),
        ("effect", "data-effect"),
        ("show", "data-show"),
        ("text", "data-text"),
        ("onclick", "onclick"),
        ("data-on:click__once", "data-on:click__once"),
        ("data-attr:title", "data-attr:title"),
        ("data-signals:x", "data-signals:x"),
    ],
)
def test_datastar_attributes_have_the_names_of_version_1(given: str, name: str) -> None:
    assert Div(**{given: "$a && $b"}) == f'<div {name}="$a &amp;&amp; $b"></div>'


@pytest.mark.parametrize("given", ["on_click", "show", "data-text", "onclick", "data-signals:x"])
def test_a_python_value_in_code_is_encoded(given: str) -> None:
    value: Any = {"a": "$b"}
    assert Div(**{given: value}).endswith('="{&#34;a&#34;: &#34;\\u0024b&#34;}"></div>')


def test_signals_are_values() -> None:
    assert Div(signals={"name": "O'Brien", "n": None}, signals__ifmissing={"a": True}) == (
        '<div data-signals="{&#34;name&#34;: &#34;O\\u0027Brien&#34;, &#34;n&#34;: null}"'
        ' data-signals__ifmissing="{&#34;a&#34;: true}"></div>'
    )
    with pytest.raises(ViewError, match="takes a dict or Signals, not int"):
        Div(signals=5)


def test_an_object_of_expressions_is_written_as_the_official_library_writes_it() -> None:
    assert (
        str(Div(attr={"disabled": "$busy"}))
        == f"<div {official.attr({'disabled': '$busy'})}></div>"
    )
    assert str(Div(class_map={"a": "$b"})) == f"<div {official.class_({'a': '$b'})}></div>"
    assert str(Div(style_map={"color": "$c"})) == f"<div {official.style({'color': '$c'})}></div>"


def test_computed_signals_are_attributes_of_their_own_and_keep_their_case() -> None:
    assert Div(computed={"total": "$a * $b", "fullName": expr("$first + {}", " x")}) == (
        '<div data-computed:total="$a * $b" data-computed:full-name="$first + &#34; x&#34;"></div>'
    )


@pytest.mark.parametrize("name", ["bind", "ref", "indicator"])
def test_a_signal_is_named_and_nothing_else(name: str) -> None:
    assert Input(**{name: "product.price"}) == f'<input data-{name}="product.price">'
    with pytest.raises(ViewError, match="is not the name of a signal"):
        Input(**{name: "a'+alert(1)+'"})
    with pytest.raises(ViewError, match="is not the name of a signal"):
        Input(**{name: 5})


def test_flags_stand_alone() -> None:
    assert Div(ignore_morph=True, ignore__self=True, preserve_attr=["open", "class"]) == (
        '<div data-ignore-morph data-ignore__self data-preserve-attr="open class"></div>'
    )


def test_actions_and_expressions_are_code() -> None:
    assert Button(on_click=post("/x?a='b'", content_type="form")) == (
        '<button data-on:click="@post(&#39;/x?a=\\u0027b\\u0027&#39;,'
        ' {&#34;contentType&#34;: &#34;form&#34;})"></button>'
    )
    assert Button(on_click=expr("$x = {}", "'")) == (
        '<button data-on:click="$x = &#34;\\u0027&#34;"></button>'
    )


def test_raw_markup_in_an_attribute_is_its_source() -> None:
    assert P(title=raw("<b>")) == '<p title="&lt;b&gt;"></p>'
    assert P(title=js("a")) == '<p title="&#34;a&#34;"></p>'
