"""The style sheet of generated projects says what it promises."""

import gzip
import re
from importlib.resources import files

import pytest

from nitro_runtime.views.theme import DEFAULT_CLASSES

CSS = (files("nitro_cli") / "templates/shared/project/styles/components.css.jinja").read_text()
LARGEST = 10 * 1024  # bytes, compressed, with all its comments

TEXT, EDGE = 4.5, 3.0  # WCAG 2.2: 1.4.3 and 1.4.11
PAIRS = [
    ("text", "page", TEXT),
    ("text", "surface", TEXT),
    ("text", "surface-muted", TEXT),
    ("text", "surface-raised", TEXT),
    ("text", "accent-soft", TEXT),
    ("text-muted", "page", TEXT),
    ("text-muted", "surface", TEXT),
    ("text-muted", "surface-muted", TEXT),
    ("text-muted", "surface-raised", TEXT),
    ("link", "page", TEXT),
    ("link", "surface", TEXT),
    ("link", "surface-muted", TEXT),
    ("link", "accent-soft", TEXT),
    ("accent-text", "accent", TEXT),
    ("accent-text", "accent-hover", TEXT),
    ("accent-ink", "accent-soft", TEXT),
    ("accent-ink", "page", TEXT),
    ("accent-ink", "surface-raised", TEXT),
    ("danger-text", "danger", TEXT),
    ("danger-text", "danger-hover", TEXT),
    ("danger-ink", "surface", TEXT),
    ("danger-ink", "surface-raised", TEXT),
    ("danger-ink", "surface-muted", TEXT),
    ("danger-ink", "accent-soft", TEXT),
    ("danger-ink", "danger-soft", TEXT),
    ("good-ink", "good-soft", TEXT),
    ("good-ink", "surface", TEXT),
    ("wait-ink", "wait-soft", TEXT),
    ("info-ink", "info-soft", TEXT),
    ("calm-ink", "calm-soft", TEXT),
    ("line-strong", "page", EDGE),
    ("line-strong", "surface", EDGE),
    ("line-strong", "surface-muted", EDGE),
    ("danger-ink", "page", EDGE),
    ("accent", "page", EDGE),
    ("accent", "surface", EDGE),
    ("focus", "page", EDGE),
    ("focus", "surface", EDGE),
    ("focus", "surface-muted", EDGE),
    ("focus", "surface-raised", EDGE),
]
PALETTES = {"plain": ":root", "forest": '[data-palette="forest"]'}
SCHEMES = ("light", "dark")
_COLOURS = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")


def colours(palette: str, scheme: str) -> dict[str, str]:
    """Returns the colours of a palette; what it leaves out is as in the first."""
    found: dict[str, str] = {}
    for selector in (":root", PALETTES[palette]):
        block = CSS[CSS.index(f"\n{selector} {{") :]
        for name, *each in _COLOURS.findall(block[: block.index("\n}")]):
            found[name] = each[SCHEMES.index(scheme)]
    return found


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_to_be_read_has_enough_contrast(palette: str, scheme: str) -> None:
    found = colours(palette, scheme)
    pale = [
        f"{front} on {back}: {contrast(found[front], found[back]):.2f}, not {least}"
        for front, back, least in PAIRS
        if contrast(found[front], found[back]) < least
    ]
    assert pale == []


def test_every_tone_of_badges_alerts_and_notices_is_checked() -> None:
    checked = {(front, back) for front, back, _ in PAIRS}
    tones = set(re.findall(r"--tone-ink: var\(--([\w-]+)-ink\)", CSS)) | {"calm"}
    assert tones == {"good", "wait", "info", "danger", "calm"}
    assert {(f"{tone}-ink", f"{tone}-soft") for tone in tones} <= checked
    for kind in ("success", "warning", "info", "error"):
        assert f".alert-{kind},\n.notice-{kind} {{\n  --tone-ink" in CSS


def test_every_colour_is_said_for_light_and_for_dark() -> None:
    plain, forest = colours("plain", "light"), colours("forest", "light")
    assert len(plain) > 30
    assert plain.keys() == forest.keys() == colours("plain", "dark").keys()
    rest = CSS[CSS.index("/* -- base") : CSS.index("/* -- other ways to look")]
    # shades alone are no colours of a theme
    assert re.findall(r"#[0-9a-f]{3,8}\b", rest) == []


def test_a_theme_of_your_own_names_only_properties_that_there_are() -> None:
    block = CSS[CSS.index('\n[data-palette="forest"] {') :]
    own = set(re.findall(r"^  --([\w-]+):", block[: block.index("\n}")], re.M))
    first = CSS[CSS.index("\n:root {") :]
    known = set(re.findall(r"^  --([\w-]+):", first[: first.index("\n}")], re.M))
    assert own < known


def test_every_property_that_is_used_is_there() -> None:
    used = set(re.findall(r"var\(--([\w-]+)\)", CSS))
    assert used <= set(re.findall(r"--([\w-]+):", CSS))


def test_every_class_of_the_default_theme_has_a_rule() -> None:
    named = {name for classes in DEFAULT_CLASSES.values() for name in classes.split()}
    missing = {name for name in named if not re.search(rf"\.{re.escape(name)}(?![\w-])", CSS)}
    assert missing == set()


def test_nothing_in_it_is_a_template_or_comes_from_elsewhere() -> None:
    assert not re.search(r"\{\{|\{%|\{#|url\(|@import", CSS)


def test_it_is_small() -> None:
    assert len(gzip.compress(CSS.encode(), mtime=0)) <= LARGEST


def test_it_knows_no_left_and_right_but_where_css_has_no_other_word() -> None:
    sides = re.findall(
        r"^\s*(?:margin|padding|border)-(?:left|right)|^\s*(?:left|right):"
        r"|text-align: (?:left|right)|float: (?:left|right)",
        CSS,
        re.M,
    )
    assert sides == []
