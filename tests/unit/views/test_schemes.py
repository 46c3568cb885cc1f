"""Light and dark: the cookie, the document that it makes, and the switch."""

from __future__ import annotations

import re

import pytest

from nitro_runtime.views import Page, PageState, Theme, scheme_switch
from nitro_runtime.views.schemes import Scheme, chosen_scheme


@pytest.mark.parametrize(
    ("cookies", "chosen"),
    [
        ({}, None),
        ({"nitro_scheme": "dark"}, "dark"),
        ({"nitro_scheme": "light"}, "light"),
        ({"nitro_scheme": ""}, None),
        ({"nitro_scheme": 'dark" onload="alert(1)'}, None),
        ({"nitro_scheme": "DARK"}, None),
    ],
)
def test_the_cookie_says_light_or_dark_or_nothing(
    cookies: dict[str, str], chosen: str | None
) -> None:
    assert chosen_scheme(cookies) == chosen


@pytest.mark.parametrize(
    ("scheme", "opening"),
    [
        (None, '<html lang="en">'),
        ("dark", '<html lang="en" data-theme="dark">'),
        ("light", '<html lang="en" data-theme="light">'),
    ],
)
def test_the_document_arrives_with_what_was_chosen(scheme: Scheme | None, opening: str) -> None:
    assert opening in Page("text", title="Page").render(PageState(scheme=scheme))


def test_the_switch_is_a_group_of_three_named_radio_buttons() -> None:
    html = scheme_switch()
    assert re.findall(r'type="radio" name="scheme" value="(\w*)"', html) == ["", "light", "dark"]
    assert re.findall(r">([\w ]+)</span>", html) == ["As the system", "Light", "Dark"]
    assert "<legend" in html
    assert "Colours</legend>" in html


def test_its_classes_are_the_themes() -> None:
    assert 'class="join"' in scheme_switch(Theme(scheme="join"))
