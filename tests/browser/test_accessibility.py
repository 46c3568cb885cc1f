"""axe-core finds nothing on any page of a generated shop, however it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from accessibility import passed, violations
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from browser.conftest import People, Server

pytestmark = pytest.mark.browser

Missing = Callable[[str], NoReturn]
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 360, "height": 740},
        "has_touch": True,
        "is_mobile": True,
    },
}
PAGES = (
    "/",
    "/categories",
    "/categories/new",
    "/products",
    "/products?search=owls",
    "/products?search=nothing%20has%20this%20name",
    "/products?sort=-price",
    "/products/new",
    "/products/{owls}",
    "/products/{owls}/edit",
    "/products/there-is-none-of-this-name",
    "/photos",
    "/photos/new",
)


@pytest.fixture(params=LOOKS)
def looking(request: pytest.FixtureRequest, people: People) -> Page:
    return people.come(reduced_motion="reduce", **LOOKS[request.param]).new_page()


def test_nothing_is_wrong_with_any_page(looking: Page, furnished: Server, missing: Missing) -> None:
    owls = furnished.sql("SELECT id FROM product WHERE name LIKE '%Owls'")[0][0]
    found: dict[str, list[str]] = {}
    for path in PAGES:
        looking.goto(furnished.url + path.format(owls=owls))
        if wrong := violations(looking, missing):
            found[path] = wrong
    assert found == {}


def test_nothing_is_wrong_with_a_form_that_is_refused(
    looking: Page, furnished: Server, missing: Missing
) -> None:
    looking.goto(f"{furnished.url}/products/new")
    looking.locator("#product-price").fill("-1")
    looking.locator("#product-form .btn-primary").click()
    expect(looking.locator("#product-form-errors")).to_be_focused()
    assert violations(looking, missing) == []


def test_the_check_itself_sees_what_is_wrong(tab: Page, missing: Missing) -> None:
    tab.set_content("<html><title>x</title><img src=a.png><input><p style='color:#aaa'>pale</p>")
    wrong = " ".join(violations(tab, missing))
    for rule in ("image-alt", "label", "html-has-lang", "color-contrast"):
        assert f"{rule}: " in wrong
    assert passed(tab) > 0
