"""The catalogue of the page on translating has every word, and leaves no English one on a page."""

from __future__ import annotations

import json
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest

from nitro_runtime.views import Words
from nitro_runtime.views.words import WORDS

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "translate.md"


def source() -> str:
    found = re.search(r"```python\n(from nitro import Words\n.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def german() -> Words:
    names: dict[str, Words] = {}
    exec(source(), names)  # noqa: S102 # the page's own block
    return names["GERMAN"]


def test_the_catalogue_has_every_word_there_is(german: Words) -> None:
    given = set(re.findall(r"^    (\w+)=", source(), re.MULTILINE)) - {"language"}
    assert given == set(WORDS)
    assert len(german) == len(WORDS)


def test_no_text_loses_what_the_english_one_says(german: Words) -> None:
    """Places may be left out where the grammar wants it: only those that are named here do."""
    lost = {
        name: missing
        for name, text in WORDS.items()
        if isinstance(said := german[name], str) and (missing := places(text) - places(said))
    }
    assert lost == {
        "found_one": {"entity"},
        "found_many": {"plural"},
        "found_range": {"plural"},
    }


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


OF_THE_APP = {
    *("band", "buch", "buecher", "farbe", "gut", "oben", "preis", "regal", "regale", "rot", "seit"),
    *("titel", "zahl", "name"),
}
PROGRAM = """
import asyncio, json, sys
from decimal import Decimal
from enum import StrEnum

from nitro import Detail, Dialog, Entity, Field, Form, Notice, Page, Table, belongs_to, has_many
from nitro import scheme_switch, use_words
from nitro_runtime.views.pages import PageState

exec(json.loads(sys.argv[1]))
use_words(GERMAN)


class Farbe(StrEnum):
    ROT = "rot"


class Regal(Entity, plural="Regale"):
    name: str = Field(max_length=9, search=True)
    buecher = has_many("Buch")


class Buch(Entity, plural="Buecher"):
    titel: str = Field(max_length=9, min_length=3, search=True)
    preis: Decimal = Field(max_digits=6, decimal_places=2, ge=1, multiple_of=Decimal("0.5"))
    zahl: int = Field(default=0, gt=1, lt=9)
    gut: bool = False
    farbe: Farbe | None = None
    seit: str | None = None
    regal_id: str | None = Field(default=None, foreign_key="regal.id")
    regal = belongs_to("Regal")


async def parts():
    regal = await Regal.acreate(name="Oben")
    for nummer in range(30):
        await Buch.acreate(titel=f"Band {nummer}", preis=5, zahl=2, regal_id=regal.id)
    table = (
        Table.from_entity(Buch).with_search().with_sorting().with_actions(["edit", "delete"])
        .with_filters("preis", "farbe", "gut").with_bulk_actions(["delete"]).with_export()
        .with_columns("titel", "preis", "gut", choose=True).with_pagination(10, sizes=(10, 25))
    )
    form = await Form.from_entity(Buch).new()
    detail = await Detail.from_entity(regal).with_actions(["edit", "delete"]).load()
    return [table, form, detail, Dialog("x", title="Titel"), scheme_switch()]


page = Page(*asyncio.run(parts()), title="Titel")
state = PageState(tab="t", notices=[Notice("x")], datastar_url="/d.js")
print(page.render(state))
"""


def test_no_english_word_is_left_on_a_page(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(source())],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown = read_by_people(done.stdout)
    assert "Anlegen" in shown
    assert "Als CSV herunterladen" in shown
    german = {word for text in source_texts() for word in words_of(text)}
    assert len(words_of(shown) & german) > 40
    assert words_of(shown) - german - OF_THE_APP == set()


def source_texts() -> list[str]:
    return re.findall(r'"([^"\n]*)"', source())


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[a-zäöüß]{3,}", re.sub(r"\{\w*\}", " ", text).lower()))


def read_by_people(markup: str) -> str:
    """Returns the texts of a document, and the attributes that are shown or read out."""
    spoken = re.findall(r' (?:aria-label|title|placeholder|alt|data-confirm)="([^"]*)"', markup)
    texts = re.sub(r"<[^>]*>", "\n", markup)
    return "\n".join([texts, *spoken])
