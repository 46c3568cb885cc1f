"""The shop looks as in the pictures of the documentation, which ``NITRO_UPDATE=1`` takes anew.

Each page is compared twice. What stands where, how big and in which colours is compared as the
browser computes it; then the picture is compared coarsely (`pictures`), which sees what nobody thought
of measuring. Fonts differ between machines: the tolerances below are what that
needs, and each way to break the look in `BROKEN` is seen all the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pictures import Difference, difference, smaller
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from browser.conftest import People, Server

pytestmark = pytest.mark.browser

PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"
MEASURES = Path(__file__).parent / "look.json"
LARGEST_PICTURE = 60_000  # bytes
ACROSS, ACROSS_SHARE, DOWN = 12, 0.2, 6
"""What a box may differ by: across, pixels or a share, for words of another font are wider; down, pixels."""
SHARE, MEAN = 0.05, 4.5
"""What a picture may differ by; see `Difference`. Another font makes 0.02 and 3.1, a broken look more."""

WIDE: dict[str, Any] = {"viewport": {"width": 1000, "height": 700}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
}


def refuse(page: Page) -> None:
    """Sends a form that cannot be saved, and waits for what is said about it."""
    page.locator("#product-name").fill("Field Guide to Owls")
    page.locator("#product-price").fill("-5")
    page.locator("#product-form .btn-primary").click()
    expect(page.locator("#product-form-errors")).to_be_focused()


def stay(_: Page) -> None:
    """Does nothing: the page is shown as it comes."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: where, how looked at, what is done before, and what is measured in it."""

    path: str
    measured: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=lambda: WIDE)
    act: Callable[[Page], None] = stay


FRAME = (".header", ".brand", ".nav a", ".scheme", ".main", "h1")
LIST = (
    *FRAME,
    ".search .input",
    ".search .btn",
    ".toolbar > .btn-primary",
    ".table-scroll",
    ".table thead th:nth-child(2)",
    ".table tbody tr:nth-child(3)",
    ".table .badge",
    ".row-actions .btn-danger",
)
SHOTS = {
    "list": Shot("/products?sort=name", LIST),
    "dark": Shot("/products?sort=name", LIST, {**WIDE, "color_scheme": "dark"}),
    "forest": Shot(
        "/products?sort=name",
        LIST,
        act=lambda page: page.evaluate("document.documentElement.dataset.palette = 'forest'"),
    ),
    "phone": Shot("/products?sort=name", LIST, PHONE),
    "form-errors": Shot(
        "/products/new",
        (
            *FRAME,
            ".form",
            ".errors",
            "#product-name",
            "#product-price",
            "#product-price-error",
            "#product-status",
        ),
        act=refuse,
    ),
    "detail": Shot(
        "/products/{owls}", (*FRAME, ".detail", ".facts dt", ".facts dd", ".detail .btn")
    ),
    "empty": Shot("/photos", (*FRAME, ".toolbar > .btn-primary", ".empty")),
}

_MEASURE = """paths => Object.fromEntries(paths.map(path => {
    const found = document.querySelector(path);
    if (!found) return [path, null];
    const box = found.getBoundingClientRect(), style = getComputedStyle(found);
    return [path, {
        box: [box.x, box.y, box.width, box.height].map(Math.round),
        colours: [style.color, style.backgroundColor, style.borderTopColor].join(' '),
        letters: `${style.fontSize} ${style.fontWeight} ${style.lineHeight}`,
        corner: style.borderTopLeftRadius,
    }];
}))"""


def show(people: People, furnished: Server, shot: Shot) -> Page:
    """Opens the page of a shot as everybody sees it: one language, one clock, nothing that moves."""
    page = people.come(
        reduced_motion="reduce", locale="en-GB", timezone_id="UTC", **shot.options
    ).new_page()
    owls = furnished.sql("SELECT id FROM product WHERE name LIKE '%Owls'")[0][0]
    page.goto(furnished.url + shot.path.format(owls=owls))
    expect(page.locator(".scheme :checked")).to_have_count(1)  # the script runs
    shot.act(page)
    return page


def take(page: Page) -> bytes:
    return page.screenshot(animations="disabled", caret="hide")


def wrong_boxes(now: dict[str, Any], then: dict[str, Any]) -> list[str]:
    """Returns what is not where or not as it was."""
    wrong: list[str] = []
    for path, expected in then.items():
        found = now.get(path)
        if found is None or expected is None:
            if found is not expected:
                wrong.append(f"{path}: {found} instead of {expected}")
            continue
        for a, b, name in zip(found["box"], expected["box"], "xywh", strict=True):
            if abs(a - b) > (max(ACROSS, ACROSS_SHARE * abs(b)) if name in "xw" else DOWN):
                wrong.append(f"{path}: {name} is {a} instead of {b}")
        wrong += [
            f"{path}: {found[kind]} instead of {expected[kind]}"
            for kind in ("colours", "letters", "corner")
            if found[kind] != expected[kind]
        ]
    return wrong


def differs(found: Difference) -> bool:
    return found.share > SHARE or found.mean > MEAN


@pytest.mark.parametrize("name", SHOTS)
def test_a_page_looks_as_in_its_picture(
    name: str, people: People, furnished: Server, tab: Page
) -> None:
    shot, file = SHOTS[name], PICTURES / f"{name}.png"
    page = show(people, furnished, shot)
    measured, picture = page.evaluate(_MEASURE, shot.measured), take(page)
    if os.environ.get("NITRO_UPDATE"):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(smaller(tab, picture))
        known = json.loads(MEASURES.read_text()) if MEASURES.is_file() else {}
        MEASURES.write_text(json.dumps({**known, name: measured}, indent=1, sort_keys=True) + "\n")
    assert len(file.read_bytes()) <= LARGEST_PICTURE
    assert wrong_boxes(measured, json.loads(MEASURES.read_text())[name]) == []
    found = difference(tab, picture, file.read_bytes())
    assert not differs(found), found


BROKEN = {
    "no cards": ".table-scroll { background: none; border: 0 }",
    "a table that is narrow": ".table-scroll { width: 40% }",
    "a header on its side": ".header { flex-direction: column }",
    "rows that are high": ".table td { padding-block: 2rem }",
    "dark where it is light": ":root { color-scheme: dark !important }",
    "nothing in place": ".page * { display: block }",
}
UNSEEN_FROM_FAR = {
    "buttons without colour": ".btn-primary { background: none }",
    "other corners": ".search .input { border-radius: 0 }",
    "smaller letters": ".page h1 { font-size: 1.5rem }",
}
"""Ways to break the look that only the measures see."""
# a style sheet of a script's making, which no content security policy holds up
_RULES = """async css => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets = [sheet];
    // a table is laid out anew when it is drawn
    await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)));
}"""


def test_a_broken_look_is_seen(people: People, furnished: Server, tab: Page) -> None:
    measures, picture = json.loads(MEASURES.read_text())["list"], PICTURES / "list.png"
    page = show(people, furnished, SHOTS["list"])
    for how, css in {**BROKEN, **UNSEEN_FROM_FAR}.items():
        page.evaluate(_RULES, css)
        found = difference(tab, take(page), picture.read_bytes())
        assert differs(found) == (how in BROKEN), (how, found)
        assert wrong_boxes(page.evaluate(_MEASURE, [*measures]), measures) != [], how
    page.evaluate(_RULES, "")
    page.evaluate("document.querySelector('link[rel=stylesheet]').remove()")
    assert len(wrong_boxes(page.evaluate(_MEASURE, [*measures]), measures)) > 20
    assert differs(difference(tab, take(page), picture.read_bytes()))


def test_another_font_is_no_other_look(people: People, furnished: Server, tab: Page) -> None:
    measures, picture = json.loads(MEASURES.read_text())["list"], PICTURES / "list.png"
    page = show(people, furnished, SHOTS["list"])
    for font in ("DejaVu Sans", "DejaVu Serif", "Liberation Sans Narrow"):
        page.evaluate(_RULES, f":root {{ --font: '{font}', serif }}")
        assert wrong_boxes(page.evaluate(_MEASURE, [*measures]), measures) == [], font
        found = difference(tab, take(page), picture.read_bytes())
        assert not differs(found), (font, found)
