from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest

from nitro_runtime.errors import ViewError
from nitro_runtime.html import A, Animate, Iframe, Input, Label, P, js, raw


class Kind(StrEnum):
    EMAIL = "email"


def test_keywords_become_the_names_that_html_has() -> None:
    assert Label("x", cls="a", for_="b", http_equiv="c", aria_label="d", data_row_id=5) == (
        '<label class="a" for="b" http-equiv="c" aria-label="d" data-row-id="5">x</label>'
    )
    assert Label(class_="a", fr="b", xlink_href="/c", xml_lang="de") == (
        '<label class="a" for="b" xlink:href="/c" xml:lang="de"></label>'
    )


def test_the_spellings_of_rusty_tags_work() -> None:
    assert Label(_class="a", _for="b", _hidden=True) == '<label class="a" for="b" hidden></label>'
    assert Label(klass="a", htmlFor="b") == Label(className="a", for_="b")
    assert P(_="on click") == '<p _="on click"></p>'


def test_a_value_that_holds_itself_is_refused_by_name() -> None:
    circle: Any = []
    circle.append(circle)
    for name in ("cls", "title", "data_x"):
        with pytest.raises(ViewError, match="holds itself"):
            P(**{name: circle})


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
        "data:text/html,<script>alert(1)</script>",
        " DATA:text/html;base64,PHA+",
        "data:application/xhtml+xml,x",
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
    assert "data:image/png" in A(href="data:image/png;base64,AA==")


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


def test_raw_markup_in_an_attribute_is_its_source() -> None:
    assert P(title=raw("<b>")) == '<p title="&lt;b&gt;"></p>'
    assert P(title=js("a")) == '<p title="&#34;a&#34;"></p>'
