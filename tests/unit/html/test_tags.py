from datetime import date
from decimal import Decimal
from enum import Enum, StrEnum

import fasthtml.common as fasthtml  # pyright: ignore[reportMissingTypeStubs]
import htpy
import pytest
import rusty_tags
from markupsafe import Markup

import nitro_runtime.html as nitro_html
from nitro_runtime.errors import ViewError
from nitro_runtime.html import (
    Br,
    Button,
    Div,
    Fragment,
    Html,
    HtmlTag,
    Img,
    Input,
    Li,
    LinearGradient,
    P,
    Pre,
    Script,
    Span,
    Style,
    Svg,
    Tag,
    Td,
    Textarea,
    Title,
    Ul,
    doctype,
    element,
    escape,
    js,
    raw,
)


class Status(StrEnum):
    LIVE = "live & well"


class Size(Enum):
    BIG = 10


def test_text_is_escaped_and_tags_nest_without_escaping_twice() -> None:
    assert Div(P("a < b & 'c'"), '"d"', cls="x") == (
        '<div class="x"><p>a &lt; b &amp; &#39;c&#39;</p>&#34;d&#34;</div>'
    )


def test_numbers_keep_every_digit() -> None:
    assert Td(2**63) == "<td>9223372036854775808</td>"
    assert Td(Decimal("19.90")) == "<td>19.90</td>"
    assert Td(0.1) == "<td>0.1</td>"
    assert Td(Decimal("0.10"), 1, 2.5) == "<td>0.1012.5</td>"


def test_none_and_booleans_are_nothing_but_zero_is_shown() -> None:
    assert P(None, False, True, 0, "") == "<p>0</p>"
    assert P(False) == P(None) == P() == "<p></p>"


def test_iterables_are_flattened_at_any_depth() -> None:
    assert Ul(Li(n) for n in range(2)) == "<ul><li>0</li><li>1</li></ul>"
    assert P(["a", ("b", [{"c"}])], iter("de")) == "<p>abcde</p>"


def test_a_dict_child_is_attributes_and_a_keyword_wins_over_it() -> None:
    assert P({"id": "a", "title": "t"}, "x", id="b") == '<p id="b" title="t">x</p>'
    assert Br({"id": "a"}) == '<br id="a">'
    assert Pre({"id": "a"}) == '<pre id="a"></pre>'
    assert Style({"media": "print"}, "p { }") == '<style media="print">p { }</style>'


def test_enumeration_members_are_their_values_and_dates_their_iso_text() -> None:
    assert P(Status.LIVE, Size.BIG, date(2025, 1, 2)) == "<p>live &amp; well102025-01-02</p>"


def test_a_callable_child_is_called() -> None:
    assert Div(Br, lambda: "<") == "<div><br>&lt;</div>"


def test_elements_of_other_libraries_and_markup_are_children_as_they_are() -> None:
    children = (
        rusty_tags.B("a"),
        htpy.b["b"],
        fasthtml.to_xml(fasthtml.B("no")),
        fasthtml.B("c"),
        Markup("<b>d</b>"),
    )
    assert str(Div(*children)).replace("\n", "") == (
        "<div><b>a</b><b>b</b><b>no</b><b>c</b><b>d</b></div>"
    )


def test_void_elements_have_no_end_tag_and_take_no_children() -> None:
    assert Input(type="text", required=True) == '<input type="text" required>'
    assert Img(src="/a.png", alt="") == '<img src="/a.png" alt="">'
    with pytest.raises(ViewError, match="<br> is always empty"):
        Br("text")


def test_the_newline_that_a_parser_drops_is_written_twice() -> None:
    assert Textarea("\na") == "<textarea>\n\na</textarea>"
    assert Pre("\r\na") == "<pre>&#13;\na</pre>"


def test_svg_elements_keep_their_case() -> None:
    assert Svg(LinearGradient(id="g"), viewBox="0 0 1 1", stroke_width=2) == (
        '<svg viewBox="0 0 1 1" stroke-width="2"><linearGradient id="g"></linearGradient></svg>'
    )


def test_a_document_begins_with_its_doctype() -> None:
    assert Fragment(doctype, HtmlTag(lang="en")) == '<!DOCTYPE html><html lang="en"></html>'


def test_a_script_holds_source_and_values_through_js() -> None:
    assert Script("let x = ", js("</script>")) == (
        '<script>let x = "\\u003c/script\\u003e"</script>'
    )
    assert Script(js({"a": [1]}), type="application/json") == (
        '<script type="application/json">{"a": [1]}</script>'
    )


@pytest.mark.parametrize("source", ["'</script>'", "'</SCRIPT'", "<!-- <script>"])
def test_a_script_that_would_end_early_is_refused(source: str) -> None:
    with pytest.raises(ViewError, match="would end the element early"):
        Script(source)


def test_a_style_that_would_end_early_is_refused() -> None:
    with pytest.raises(ViewError, match="would end the element early"):
        Style("a { content: '</style>' }")


def test_a_title_and_a_textarea_hold_text_only() -> None:
    assert Title("A & B", raw("&nbsp;")) == "<title>A &amp; B&nbsp;</title>"
    with pytest.raises(ViewError, match="holds text only"):
        Title(Span("x"))
    with pytest.raises(ViewError, match="holds text only"):
        Textarea(raw("</textarea><b>"))


def test_custom_elements_are_made_by_name_and_only_once() -> None:
    assert element("sl-button")("x", size="small") == '<sl-button size="small">x</sl-button>'
    assert element("sl-button") is element("sl-button")
    assert element("div") is Div


@pytest.mark.parametrize("name", ["", "a b", "a>", "1a", "-a", "a/", "ä", "a\n", "script x", "<b"])
def test_an_invalid_tag_name_is_refused_by_name(name: str) -> None:
    with pytest.raises(ViewError, match="is not a valid tag name"):
        element(name)


class Silent:
    pass


class Entity:
    __entity__ = "Product"


class Broken:
    def __html__(self) -> int:
        return 3


async def coroutine() -> None:
    pass


@pytest.mark.parametrize(
    ("child", "sentence"),
    [
        (b"x", "Bytes are not text"),
        (bytearray(b"x"), "Bytes are not text"),
        ([b"x"], "Bytes are not text"),
        ([{"a": "b"}], "A dict is attributes"),
        (Silent(), "A Silent has no text to show"),
        (Silent, "is not a child; pass an instance"),
        (Entity(), "A Entity is data, not a view"),
        (Broken(), "returned int, not str"),
    ],
)
def test_a_child_with_no_text_is_refused_by_its_kind(child: object, sentence: str) -> None:
    with pytest.raises(ViewError, match=sentence):
        Div(child)


def test_a_forgotten_await_is_named() -> None:
    forgotten = coroutine()
    with pytest.raises(ViewError, match="await it first"):
        Div(forgotten)
    forgotten.close()


def test_children_that_hold_themselves_are_one_clear_error() -> None:
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(ViewError, match="hold themselves") as caught:
        Div(circle)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_lone_surrogates_and_nul_become_the_replacement_character() -> None:
    rendered = Div("a\ud800b\0", title="\udfff", cls=["\ud800"])
    assert rendered == '<div title="\ufffd" class="\ufffd">a\ufffdb\ufffd</div>'
    assert rendered.encode()


def test_two_surrogates_that_form_a_pair_become_the_character() -> None:
    assert P("\ud83d\ude00") == "<p>\U0001f600</p>"


def test_html_stays_trusted_when_it_is_added_or_joined_and_only_then() -> None:
    assert Html("<b>") + "<i>" == Html("<b>&lt;i&gt;")
    assert "<i>" + Html("<b>") == Html("&lt;i&gt;<b>")
    assert type("<i>" + Html("<b>")) is Html
    assert Html("<br>").join(["<", Html("<b>")]) == "&lt;<br><b>"
    mixed = f"{Html('<b>')}{'<i>'}"
    assert P(mixed) == "<p>&lt;b&gt;&lt;i&gt;</p>"
    assert repr(Html("<b>")) == "Html('<b>')"


def test_html_adds_to_text_only() -> None:
    with pytest.raises(TypeError):
        Html("a") + 5  # pyright: ignore
    with pytest.raises(TypeError):
        None + Html("a")  # pyright: ignore


def test_escape_trusts_html_only() -> None:
    assert escape("<b>") == "&lt;b&gt;"
    assert escape(raw("<b>")) == "<b>"
    assert escape(Markup("<b>")) == "<b>"
    assert escape(5) == "5"


def test_every_tag_that_is_exported_renders_its_own_element() -> None:
    not_tags = {"Attribute", "Child", "Expression", "Fragment", "HasHtml", "Html", "JsExpr"}
    not_tags |= {"CustomTag", "Lazy", "OptionEl", "Signal", "Tag"}
    names = [name for name in nitro_html.__all__ if name[0].isupper() and name not in not_tags]
    assert len(names) > 170
    for name in names:
        tag: Tag = getattr(nitro_html, name)
        expected = "html" if name == "HtmlTag" else name[0].lower() + name[1:]
        assert tag(id="x").startswith(f'<{expected} id="x">')
        assert expected in (tag.__doc__ or "")


def test_a_tag_renders_the_same_text_each_time() -> None:
    def once() -> Html:
        return Button("x", id="a", cls="b", title="c", on_click="d", aria_label="e", hidden=True)

    assert len({once() for _ in range(50)}) == 1
