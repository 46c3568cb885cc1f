"""A host's own protection against forged posts: who is given a token, and who never is."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime.html import P, raw
from nitro_runtime.views import Card, Form, Table
from nitro_runtime.views.csrf import (
    Csrf,
    CsrfNames,
    csrf_field,
    csrf_names,
    current_csrf,
    with_token,
)

NAMES = CsrfNames("csrf", "X-Token")
EMPTY = '<input type="hidden" name="csrf" value="">'
HEADER = "headers: {&#34;X-Token&#34;: $_csrf}"


def visitor(token: str) -> Csrf:
    return Csrf("csrf", "X-Token", lambda: token)


@pytest.fixture
def host() -> Iterator[None]:
    with csrf_names(NAMES):
        yield


@pytest.fixture
def shop(Product: Any, Category: Any) -> Any:
    Category.add(id=1, name="Lamps")
    Product.add(id=1, name="Arc", price="19.9", stock=2, category_id=1)
    Product.add(id=2, name="Bulb", price="100", stock=0)
    return Product


def views_of(shop: Any) -> list[str]:
    """Everything that posts."""
    table = Table.from_entity(shop).with_actions(["edit", "delete"])
    return [
        str(Form.from_entity(shop)),
        str(Form.from_entity(shop.kept[0])),
        str(table),
        str(table.row(shop.kept[0])),
        str(Card.from_entity(shop.kept[0]).with_actions(["delete"])),
    ]


def test_on_a_host_without_it_nothing_is_said_of_it(shop: Any) -> None:
    for html in views_of(shop):
        assert 'name="csrf"' not in html
        assert "headers:" not in html


def test_every_form_has_the_field_and_every_post_the_header(shop: Any, host: None) -> None:
    for html in views_of(shop):
        posting = html.count('method="post"')
        assert posting >= 1
        assert html.count(f"contentType: &#39;form&#39;, retryMaxCount: 0, {HEADER}}}") == posting
        forms = [part.partition("</form>")[0] for part in html.split("<form")[1:]]
        assert all((EMPTY in form) == ('method="post"' in form) for form in forms)


def test_what_is_compiled_for_one_host_is_not_shown_on_another(shop: Any) -> None:
    plain = views_of(shop)
    with csrf_names(NAMES):
        guarded = views_of(shop)
    with csrf_names(CsrfNames("other", "X-Other")):
        other = views_of(shop)
    assert views_of(shop) == plain
    assert [html.replace("X-Token", "X-Other") for html in guarded] == [
        html.replace('name="other"', 'name="csrf"') for html in other
    ]
    assert current_csrf() is None


async def test_a_form_that_comes_back_with_errors_has_the_field(
    shop: Any, host: None, request_with: Any
) -> None:
    form = await Form.from_entity(shop).receive(request_with(form={"price": "x"}))
    assert not form.valid
    assert EMPTY in str(form)
    assert HEADER in str(form)


async def test_a_live_table_renders_the_same_for_all_and_holds_nobodys_token(
    shop: Any, request_with: Any
) -> None:
    table = Table.from_entity(shop).with_actions(["delete"]).reactive()
    asked = request_with()
    asked.csrf = visitor("the token of the first visitor")
    await table.read(asked)
    first = str(table)  # outside any request, as when a change has it rendered
    assert HEADER in first
    assert "the token" not in first
    assert str(await table.refresh()) == first
    filled = str(with_token(first, asked.csrf))
    assert filled.count('value="the token of the first visitor"') == 3  # two rows, and the table's
    assert str(table) == first


def test_a_table_without_rows_is_ready_for_those_to_come(Product: Any, host: None) -> None:
    table = Table.from_entity(Product).with_actions(["delete"])
    assert str(table).count(EMPTY) == 1
    assert EMPTY not in str(Table.from_entity(Product).with_actions(["edit"]))


# -- the token ----------------------------------------------------------------------------------


class Inputs(HTMLParser):
    """Collects the attributes of every element."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_token_goes_into_each_field_and_once_into_the_signal(shop: Any, host: None) -> None:
    html = str(Table.from_entity(shop).with_actions(["delete"]))
    filled = with_token(html, visitor("abc"))
    assert EMPTY not in filled
    assert filled.count('name="csrf" value="abc"') == 3
    assert filled.count("data-signals") == 1
    assert 'data-signals="{&#34;_csrf&#34;: &#34;abc&#34;}"' in filled


def test_a_token_is_made_only_where_a_field_needs_it() -> None:
    def make() -> str:
        raise AssertionError("nobody needs it")

    assert with_token("<p>no form</p>", Csrf("csrf", "X-Token", make)) == "<p>no form</p>"
    assert with_token(EMPTY, None) == EMPTY


def test_a_token_is_made_once() -> None:
    made = iter(["first", "second"])
    csrf = Csrf("csrf", "X-Token", lambda: next(made))
    assert (csrf.token, csrf.token) == ("first", "first")


def test_a_text_that_looks_like_the_field_is_not_taken_for_it(Product: Any, host: None) -> None:
    Product.add(id=1, name=EMPTY, price="1")
    html = with_token(str(Table.from_entity(Product)), visitor("abc"))
    assert "abc" not in html
    assert with_token(str(P(EMPTY)), visitor("abc")) == P(EMPTY)


HOSTILE = ['"><script>alert(1)</script>', "'+alert(1)+'", '"}; alert(1); {"', "@post('/x')", "</"]


@pytest.mark.parametrize("token", HOSTILE)
def test_a_hostile_token_stays_a_value(token: str) -> None:
    filled = with_token(raw(f"<form>{EMPTY}{EMPTY}</form>"), visitor(token))
    tags = Inputs(filled).found
    assert [tag for tag, _ in tags] == ["form", "input", "input"]
    assert [attributes.get("value") for _, attributes in tags[1:]] == [token, token]
    code = tags[1][1]["data-signals"] or ""
    assert not set("'$@<>&") & set(code)


@given(token=st.text(), field=st.text(min_size=1), header=st.text())
def test_whatever_the_names_and_the_token_are_they_end_where_they_should(
    token: str, field: str, header: str
) -> None:
    names = CsrfNames(field, header)
    csrf = Csrf(field, header, lambda: token)
    filled = with_token(f"<form>{csrf_field(names)}</form>", csrf)
    tags = Inputs(filled).found
    assert [tag for tag, _ in tags] == ["form", "input"]
    assert set(tags[1][1]) <= {"type", "name", "value", "data-signals"}
