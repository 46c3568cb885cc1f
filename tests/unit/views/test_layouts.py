"""Layouts, and what a page says about itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nitro_runtime.errors import ViewError
from nitro_runtime.html import A, Aside, Child, Div, Footer, Header, Link, P, Script, raw
from nitro_runtime.views import Layout, Page, PageState, nonce
from nitro_runtime.views.nonces import PLACEHOLDER, with_nonce


class Site(Layout):
    def title(self, title: str) -> str:
        return f"{title} · Shop"

    def head(self) -> list[Child]:
        return [Link(rel="icon", href="/favicon.svg")]

    def header(self) -> Child:
        return Header(A("Shop", href="/"))

    def footer(self) -> Child:
        return Footer("© Shop")


class Admin(Layout):
    outer = Site()

    def __init__(self, user: str = "Ann") -> None:
        self.user = user

    def title(self, title: str) -> str:
        return f"{title} (admin)"

    def header(self) -> Child:
        return Header(f"Signed in: {self.user}")

    def content(self, *children: Child) -> Child:
        return Div(Aside("menu"), Div(*children, cls="content"), cls="admin")


class Reports(Layout):
    outer = Admin("Bob <b>")

    def content(self, *children: Child) -> Child:
        return Div(*children, cls="report")


def test_a_layout_stands_around_the_content() -> None:
    html = str(Page(P("Hi"), title="Home", layout=Site()))
    assert "<title>Home · Shop</title>" in html
    assert '<link rel="icon" href="/favicon.svg"></head>' in html
    before, _, after = html.partition('<main id="main" class="main"><p>Hi</p></main>')
    assert '<header><a href="/">Shop</a></header>' in before
    assert "<footer>© Shop</footer>" in after


def test_layouts_nest_to_any_depth_from_the_inside_out() -> None:
    html = str(Page(P("1"), P("2"), title="Sales", layout=Reports()))
    assert "<title>Sales (admin) · Shop</title>" in html
    assert html.index('<a href="/">Shop</a>') < html.index("Signed in: Bob &lt;b&gt;")
    assert (
        '<main id="main" class="main"><div class="admin"><aside>menu</aside><div class="content">'
        '<div class="report"><p>1</p><p>2</p></div></div></div></main>'
    ) in html


def test_a_patch_of_the_main_part_keeps_what_the_layouts_put_there() -> None:
    page = Page(P("1"), title="Sales", layout=Admin())
    assert page.patches(PageState()) == [page.main()]
    assert "<aside>menu</aside>" in page.main()


def test_a_layout_around_itself_is_refused() -> None:
    class Round(Layout):
        pass

    Round.outer = Round()
    with pytest.raises(ViewError, match="stand around themselves"):
        Page("x", title="T", layout=Round())


def test_what_is_no_layout_is_refused() -> None:
    with pytest.raises(
        ViewError, match=r"layout= takes a Layout, as in layout=Site\(\), not <class"
    ):
        Page("x", title="T", layout=Site)  # pyright: ignore[reportArgumentType] # the slip


def test_a_page_says_what_it_is_about() -> None:
    page = Page(
        "x",
        title="T",
        lang="ar",
        attributes={"dir": "rtl"},
        body_attributes={"data-page": 'a"b', "id": "top"},
        meta={
            "description": 'Lamps & "more"',
            "og:title": "Lamps",
            "canonical": "https://example.org/lamps",
        },
    )
    html = str(page)
    assert '<html lang="ar" dir="rtl">' in html
    assert '<body class="page" data-page="a&#34;b" id="top">' in html
    assert '<meta name="description" content="Lamps &amp; &#34;more&#34;">' in html
    assert '<meta property="og:title" content="Lamps">' in html
    assert '<link rel="canonical" href="https://example.org/lamps">' in html


def test_a_nonce_is_put_in_for_one_answer_and_left_out_without_a_policy() -> None:
    page = Page("x", title="T", head=[Script(raw("start()"), nonce=nonce())])
    assert "<script>start()</script>" in str(page)
    assert PLACEHOLDER not in str(page)
    state = PageState(has_policy=True, datastar_url="/d.js")
    html = with_nonce(page.render(state), "n1")
    assert '<html lang="en" data-nonce="n1">' in html
    assert '<script nonce="n1">start()</script>' in html
    assert '<script type="module" src="/d.js" nonce="n1"></script>' in html


def test_a_long_page_is_rendered_when_its_turn_comes() -> None:
    asked: list[int] = []

    def rows() -> Iterator[Child]:
        for number in range(3000):
            asked.append(number)
            yield P("row ", number)

    page = Page(rows(), title="T", stream=True, layout=Site())
    pieces = page.chunks(PageState())
    first = next(pieces)
    assert first.startswith("<!DOCTYPE html>")
    assert 0 < len(asked) < 3000
    whole = "".join([first, *pieces])
    assert whole.count("<p>row ") == 3000
    assert whole.endswith("</footer></body></html>")
