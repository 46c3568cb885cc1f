"""Components as markup: texts stay text, ids are stable, slips are told in a sentence."""

from __future__ import annotations

import re
from typing import Any

import pytest

from nitro_runtime.errors import ViewError
from nitro_runtime.html import P
from nitro_runtime.views import (
    Alert,
    Badge,
    Component,
    Confirm,
    Dialog,
    Menu,
    MenuLink,
    MenuPost,
    Page,
    PageState,
    Progress,
    Tabs,
    Theme,
    Words,
    confirm_attributes,
    use_words,
)
from nitro_runtime.views.csrf import CsrfNames, csrf_names
from nitro_runtime.views.words import ENGLISH

HOSTILE = """</dialog><script>alert('x')</script> "$a" @get('/x')"""


@pytest.mark.parametrize(
    "made",
    [
        Alert(HOSTILE, title=HOSTILE),
        Badge(HOSTILE),
        Dialog(HOSTILE, title=HOSTILE, id="d"),
        Menu(HOSTILE, MenuLink(HOSTILE, href="/x"), id="m"),
        Menu("m", MenuPost(HOSTILE, action="/x", confirm=HOSTILE)),
        Tabs({HOSTILE: HOSTILE}),
        Progress("p", text=HOSTILE, label=HOSTILE),
    ],
    ids=lambda made: type(made).__name__,
)
def test_texts_stay_texts(made: Component) -> None:
    html = str(made)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    code = re.findall(r' data-(?:on|effect|init|signals|attr|show)[^=]*="([^"]*)"', html)
    assert not any("alert(" in each or "@get" in each for each in code)


def test_any_child_may_stand_in_each() -> None:
    child: list[Any] = [None, P("a"), ["b", 3], lambda: "c"]
    for made in (Alert(*child), Dialog(*child, title="T"), Menu("M", *child), Tabs({"T": child})):
        html = str(made)
        assert "<p>a</p>" in html
        assert "b3" in html.replace("</li><li>", "")
        assert "c" in html


def test_parts_are_named_by_the_theme() -> None:
    theme = Theme(dialog="my-dialog", tab="my-tab", menu_list="my-list", progress="my-bar")
    assert 'class="my-dialog"' in str(Dialog(title="T", theme=theme))
    assert 'class="my-tab"' in str(Tabs({"T": 1}, theme=theme))
    assert 'class="my-list"' in str(Menu("M", "x", theme=theme))
    assert 'class="my-bar"' in str(Progress("p", theme=theme))
    assert 'class="my-bar"' in str(Progress("p", theme=theme).at(5))


def test_ids_are_made_of_titles_and_stay_the_same() -> None:
    assert Dialog(title="Neue Bücher…").dom_id == "neue-bucher"
    assert Menu("More").dom_id == "menu-more"
    assert Tabs({"A b": 1, "日本": 2, "a-B": 3}, id="x").panel_ids == ["x-1", "x-2", "x-3"]
    assert Tabs({"Facts": 1, "Orders": 2}).panel_ids == ["tabs-facts", "tabs-orders"]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Dialog(title="日本"), r"No id can be made of '日本': give the dialog one"),
        (lambda: Dialog(title="x", id="a b"), r"The id 'a b' of a dialog needs a letter first"),
        (lambda: Menu("x", id="1"), r"The id '1' of a menu"),
        (lambda: Tabs({}), r"Tabs need at least one"),
        (lambda: Tabs({"Facts": 1}, selected="Fact"), r"no tab 'Fact'. Did you mean 'Facts'\?"),
        (lambda: Alert("x", kind="warn"), r"no 'warn'. Did you mean 'warning'\?"),  # pyright: ignore[reportArgumentType]
        (lambda: Progress("p", max=0), r"A progress ends above 0, not at 0"),
        (lambda: Progress("p", max=float("nan")), r"above 0, not at nan"),
    ],
)
def test_slips_are_told(make: Any, told: str) -> None:
    with pytest.raises(ViewError, match=told):
        make()


@pytest.mark.parametrize(
    ("value", "shown", "text"),
    [(0, 0, "0%"), (40, 40, "40%"), (250, 200, "100%"), (-3, 0, "0%"), (float("nan"), 0, "0%")],
)
def test_a_progress_is_between_its_ends(value: float, shown: float, text: str) -> None:
    made = Progress("p", max=200).at(value * 2 if value == 40 else value)
    assert f'value="{shown * 2 if value == 40 else shown}"' in str(made)
    assert made.text == text


def test_a_progress_of_unknown_length_has_no_value() -> None:
    html = str(Progress("p").at(None, "Reading…"))
    assert re.search(r'<progress id="p-bar" max="100">Reading…</progress>', html)
    assert '<label for="p-bar">' in html


def test_a_page_asks_by_one_dialog_in_its_own_words() -> None:
    page = Page("x", title="T")
    assert 'id="nitro-confirm"' not in str(page)  # without a script nobody would open it
    state = PageState(datastar_url="/datastar.js")
    assert page.render(state).count('id="nitro-confirm"') == 1
    assert ">Cancel</button>" in str(Confirm())
    use_words(Words(cancel="Nein", confirm="Ja"))
    try:
        assert ">Nein</button>" in str(Confirm())
        assert ">Ja</button>" in page.render(state)
    finally:
        use_words(ENGLISH)


def test_a_question_is_an_attribute() -> None:
    assert confirm_attributes("Really?") == {"data-confirm": "Really?"}


def test_a_post_of_a_menu_has_what_the_host_asks_of_posts() -> None:
    with csrf_names(CsrfNames("token", "X-Token")):
        html = str(MenuPost("Go", action="/go"))
    assert '<input type="hidden" name="token"' in html
    assert "X-Token" in html


class Unread:
    """A view that is read with the page, and says what status the page has."""

    dom_id = "unread"
    http_status = 422

    def __init__(self) -> None:
        self.asked: object = None

    async def load_for(self, request: object) -> None:
        self.asked = request

    def __html__(self) -> str:
        return "<p>read</p>"


async def test_views_within_are_read_with_the_page_and_say_its_status() -> None:
    view = Unread()
    page = Page(Tabs({"A": [Dialog("a", [view], title="T")], "B": {"class": "x"}}), title="T")
    await page.load("the request")
    assert view.asked == "the request"
    assert page.status == 422


def test_a_component_of_ones_own_says_what_it_is() -> None:
    class Hint(Component):
        def render(self, theme: Theme) -> Any:
            return P(*self.children, cls=theme["help"])

    assert str(Hint("so <it> is")) == '<p class="help">so &lt;it&gt; is</p>'
