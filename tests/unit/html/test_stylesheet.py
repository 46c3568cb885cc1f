"""The style sheet of generated projects says what it promises."""

import re
from importlib.resources import files

import pytest

from nitro_runtime.views.theme import DEFAULT_CLASSES

CSS = (files("nitro_cli") / "templates/shared/project/styles/components.css.jinja").read_text()

TEXT, EDGE = 4.5, 3.0  # WCAG 2.2: 1.4.3 and 1.4.11
PAIRS = [
    ("text", "page", TEXT),
    ("text-muted", "page", TEXT),
    ("text-muted", "surface", TEXT),
    ("text-muted", "surface-muted", TEXT),
    ("text-muted", "surface-raised", TEXT),
    ("link", "page", TEXT),
    ("link", "surface", TEXT),
    ("link", "surface-muted", TEXT),
    ("accent-text", "accent", TEXT),
    ("accent-text", "accent-hover", TEXT),
    ("danger-text", "danger", TEXT),
    ("danger-text", "danger-hover", TEXT),
    ("danger-ink", "surface", TEXT),
    ("danger-ink", "danger-soft", TEXT),
    ("good-ink", "good-soft", TEXT),
    ("wait-ink", "wait-soft", TEXT),
    ("info-ink", "info-soft", TEXT),
    ("calm-ink", "calm-soft", TEXT),
    ("line-strong", "page", EDGE),
    ("line-strong", "surface", EDGE),
    ("focus", "page", EDGE),
    ("focus", "surface", EDGE),
]


def colours(selector: str) -> dict[str, str]:
    block = CSS[CSS.index(f"{selector} {{") :]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block[: block.index("}")]))


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("selector", [":root", ':root[data-theme="dark"]'], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_what_is_to_be_read_has_enough_contrast(
    selector: str, front: str, back: str, least: float
) -> None:
    found = colours(selector)
    dark, light = sorted((luminance(found[front]), luminance(found[back])))
    assert (light + 0.05) / (dark + 0.05) >= least


def test_dark_is_the_same_by_system_and_by_choice() -> None:
    assert colours(':root:not([data-theme="light"])') == colours(':root[data-theme="dark"]')
    assert colours(':root[data-theme="dark"]').keys() == colours(":root").keys()


def test_every_class_of_the_default_theme_has_a_rule() -> None:
    named = {name for classes in DEFAULT_CLASSES.values() for name in classes.split()}
    missing = {name for name in named if not re.search(rf"\.{re.escape(name)}(?![\w-])", CSS)}
    assert missing == set()


def test_nothing_in_it_is_a_template_or_comes_from_elsewhere() -> None:
    assert not re.search(r"\{\{|\{%|\{#|url\(|@import", CSS)
