"""The look where it is not a wide screen: a phone, paper, a zoomed page, other colours, other ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from browser.conftest import People, Server

pytestmark = pytest.mark.browser

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
}
PAGES = (
    "/",
    "/products",
    "/products?search=nothing",
    "/products/new",
    "/products/{owls}",
    "/photos",
)
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"

_TOO_WIDE = """() => [...document.querySelectorAll('body *')].filter(one => {
    const box = one.getBoundingClientRect();
    const hidden = !one.checkVisibility() || box.width < 2 || getComputedStyle(one).position === 'fixed';
    const scrolls = one.closest('.nav, .table thead tr, .visually-hidden, .skip-link');
    return !hidden && !scrolls && (box.right > innerWidth + 1 || box.left < -1);
}).map(one => one.outerHTML.slice(0, 120))"""
# WCAG 2.2, 2.5.8; a link within a sentence or a cell may be lower
_TOO_SMALL = """() => [...document.querySelectorAll('button, .btn, input, select, textarea, .nav a')]
    .filter(one => one.checkVisibility() && one.type !== 'hidden' && one.type !== 'radio')
    .map(one => [one.getBoundingClientRect(), one.outerHTML.slice(0, 120)])
    .filter(([box]) => box.width > 1 && (box.width < 24 || box.height < 24))
    .map(([, html]) => html)"""


def at(furnished: Server, path: str) -> str:
    owls = furnished.sql("SELECT id FROM product WHERE name LIKE '%Owls'")[0][0]
    return furnished.url + path.format(owls=owls)


def sideways(page: Page) -> int:
    """Returns by how many pixels a page can be scrolled sideways."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def rule(page: Page, css: str) -> None:
    """Adds a rule as a visitor's browser does, whatever the page's content security policy says."""
    page.evaluate(
        """css => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(css);
            document.adoptedStyleSheets = [sheet];
        }""",
        css,
    )


def lengthen(page: Page) -> None:
    """Puts a word that never ends into whatever holds text."""
    page.evaluate(
        """word => document.querySelectorAll('h1, th a, td, td a, dd, .label, .badge, .card, .count')
        .forEach(one => { if (!one.children.length) one.textContent = word })""",
        LONG,
    )


def test_on_a_phone_nothing_is_too_wide_nor_too_small(people: People, furnished: Server) -> None:
    page = people.come(**PHONE).new_page()
    for path in PAGES:
        page.goto(at(furnished, path))
        assert page.evaluate(_TOO_WIDE) == [], path
        assert page.evaluate(_TOO_SMALL) == [], path
        lengthen(page)
        assert sideways(page) <= 0, path
    for name in ("Products", "Photos"):
        page.locator(".nav").get_by_role("link", name=name).tap()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_on_a_phone_a_row_is_a_card_that_says_what_its_cells_are(
    people: People, furnished: Server
) -> None:
    page = people.come(**PHONE).new_page()
    page.goto(at(furnished, "/products?search=owls"))
    row = page.locator("#product-table tbody tr")
    assert row.bounding_box() is not None
    cell = row.locator("td[data-label=Price]")
    label = cell.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert label == '"Price"'
    lines = [one.bounding_box() for one in row.locator("td[data-label]").all()]
    tops = [box["y"] for box in lines if box]
    assert tops == sorted(set(tops))  # one below the other
    # it is a table still for whoever hears it, and the headings that sort remain
    expect(page.get_by_role("row", name="Owls")).to_be_visible()
    page.locator("thead").get_by_role("link", name="Price").tap()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Price")


def test_a_page_at_twice_its_size_needs_no_scrolling_sideways(
    people: People, furnished: Server
) -> None:
    # 1280 pixels at 200 % are 640, and at 400 % 320 (WCAG 1.4.10)
    for width in (640, 320):
        page = people.come(viewport={"width": width, "height": 512}).new_page()
        for path in PAGES:
            page.goto(at(furnished, path))
            assert sideways(page) <= 0, (width, path)


def test_letters_at_twice_their_size_need_no_scrolling_sideways(
    people: People, furnished: Server
) -> None:
    page = people.come(viewport={"width": 1280, "height": 900}).new_page()
    for path in PAGES:
        page.goto(at(furnished, path))
        rule(page, "html { font-size: 200% }")  # WCAG 1.4.4
        assert sideways(page) <= 0, path


def test_letters_that_a_visitor_spaces_out_stay_in_their_buttons(
    people: People, furnished: Server
) -> None:
    page = people.come().new_page()
    page.goto(at(furnished, "/products/new"))
    rule(  # WCAG 1.4.12
        page,
        "* { line-height: 1.5 !important; letter-spacing: 0.12em !important;"
        " word-spacing: 0.16em !important }",
    )
    cut = page.locator(".btn, .label, .nav a").evaluate_all(
        "all => all.filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth)"
        ".map(one => one.textContent)"
    )
    assert cut == []


def test_on_paper_there_is_the_table_and_nothing_to_press(
    people: People, furnished: Server
) -> None:
    page = people.come(color_scheme="dark").new_page()
    page.goto(at(furnished, "/products"))
    page.get_by_role("radio", name="Dark").check(force=True)
    page.emulate_media(media="print")
    expect(page.locator("#product-table tbody tr").first).to_be_visible()
    for gone in (".header", ".search", ".btn", ".row-actions", ".notices"):
        assert page.locator(f"{gone} >> visible=true").count() == 0, gone
    assert page.locator("body").evaluate("body => getComputedStyle(body).color") == "rgb(0, 0, 0)"
    cell = page.locator("#product-table td").first
    assert cell.evaluate("cell => getComputedStyle(cell).color") in (
        "rgb(20, 24, 31)",
        "rgb(0, 0, 0)",
    )
    table = page.locator(".table-scroll").evaluate("one => getComputedStyle(one).overflowX")
    assert table == "visible"  # what does not fit is not cut off
    assert (
        page.locator("thead").evaluate("it => getComputedStyle(it).display") == "table-header-group"
    )
    # a narrow sheet still has a table
    page.set_viewport_size({"width": 500, "height": 700})
    assert (
        page.locator("#product-table tbody tr").first.evaluate(
            "row => getComputedStyle(row).display"
        )
        == "table-row"
    )
    assert len(page.pdf()) > 5_000


def test_from_right_to_left_everything_is_mirrored(people: People, furnished: Server) -> None:
    for width in (1280, 360):
        page = people.come(viewport={"width": width, "height": 740}).new_page()
        for path in ("/products", "/products/new"):
            page.goto(at(furnished, path))
            page.evaluate("document.documentElement.dir = 'rtl'")
            assert sideways(page) <= 0, (width, path)
            brand = page.locator(".brand").bounding_box()
            switch = page.locator(".scheme").bounding_box()
            assert brand
            assert switch
            assert brand["x"] > switch["x"], (width, path)


def test_who_wants_no_motion_gets_none(people: People, furnished: Server) -> None:
    page = people.come(reduced_motion="reduce").new_page()
    page.goto(at(furnished, "/products/new"))
    page.locator(".form").evaluate("form => form.setAttribute('aria-busy', 'true')")
    moves = page.evaluate(
        """() => [...document.querySelectorAll('*')].flatMap(one => ['', '::before'].map(part => {
            const style = getComputedStyle(one, part || null);
            return Math.max(...[style.animationDuration, style.transitionDuration].flatMap(
                text => text.split(', ').map(parseFloat)));
        })).filter(seconds => seconds > 0.01).length"""
    )
    assert moves == 0


def test_in_the_visitors_own_colours_what_is_chosen_is_still_seen(
    people: People, furnished: Server
) -> None:
    page = people.come(forced_colors="active").new_page()
    page.goto(at(furnished, "/products"))
    chosen = page.locator(".scheme label:has(:checked)")
    other = page.locator(".scheme label:not(:has(:checked))").first
    assert chosen.evaluate("it => getComputedStyle(it).borderTopWidth") == "1px"
    assert other.evaluate("it => getComputedStyle(it).borderTopWidth") == "0px"
    here = page.locator(".nav a[aria-current=page]")
    assert here.evaluate("it => getComputedStyle(it).outlineStyle") == "solid"


def test_the_keyboard_sees_where_it_is(people: People, furnished: Server) -> None:
    page = people.come().new_page()
    page.goto(at(furnished, "/products/new"))
    page.keyboard.press("Tab")
    skip = page.locator(".skip-link")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#product-name")).to_be_focused()  # over the menu
    page.reload()
    seen = 0
    for _ in range(18):
        page.keyboard.press("Tab")
        ring = page.evaluate(
            """() => {
                const one = document.activeElement;
                // the parts of a date have rings of Chromium's own
                if (one === document.body || one.type === 'date') return true;
                const ringed = it => it && getComputedStyle(it).outlineStyle !== 'none'
                    && parseFloat(getComputedStyle(it).outlineWidth) >= 2;
                return ringed(one) || ringed(one.closest('label')) || one.outerHTML.slice(0, 100);
            }"""
        )
        assert ring is True, ring
        seen += 1
    assert seen == 18
