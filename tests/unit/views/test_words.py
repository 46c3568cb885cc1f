"""The views' own words: catalogues, and who is spoken to in which."""

from __future__ import annotations

from typing import Any

import pytest

from nitro_runtime.errors import ViewError
from nitro_runtime.views import Form, Page, Table, Words, by_language, current_words, use_words
from nitro_runtime.views.words import ENGLISH, WORDS, say, speaking
from nitro_runtime.web.request import Request

GERMAN = Words(
    language="de",
    save="Speichern",
    create="Anlegen",
    required="Dieses Feld wird gebraucht.",
    empty="Noch nichts da.",
    yes="Ja",
    page_of="Seite {page} von {pages}",
    count_many=lambda count, plural, **_: f"{count} {plural}, zusammen",
)


def test_a_catalogue_falls_back_to_english() -> None:
    assert GERMAN["cancel"] == WORDS["cancel"]
    assert (GERMAN.language, ENGLISH.language) == ("de", "en")
    assert Words(GERMAN, save="Sichern")["create"] == "Anlegen"
    assert Words(GERMAN, save="Sichern").language == "de"


def test_an_unknown_word_is_refused_with_the_nearest() -> None:
    with pytest.raises(ViewError, match=r"no word 'svae'\. Did you mean 'save'\?"):
        Words(svae="x")


def test_a_place_that_nothing_fills_is_refused() -> None:
    with pytest.raises(ViewError, match=r"'page_of' has \{page\}, \{pages\}, not \{total\}"):
        Words(page_of="Seite {page} von {total}")
    with pytest.raises(ViewError, match="'save' has no places"):
        Words(save="Speichern {name}")
    with pytest.raises(ViewError, match="is no text with places"):
        Words(page_of="Seite {page")


def test_what_is_spoken_ends_with_the_block() -> None:
    with speaking(GERMAN):
        assert say("save") == "Speichern"
        with speaking(None):
            assert current_words() is GERMAN
    assert say("save") == "Save"


def test_a_function_makes_the_forms_that_a_language_needs() -> None:
    with speaking(GERMAN):
        assert say("count_many", count=3, entity="lampe", plural="lampen") == "3 lampen, zusammen"


def test_an_app_has_words_of_its_own() -> None:
    use_words(GERMAN)
    try:
        assert say("save") == "Speichern"
        assert str(Page("Hallo", title="T")).startswith('<!DOCTYPE html><html lang="de">')
    finally:
        use_words(ENGLISH)


def test_nothing_rendered_in_one_language_is_kept_for_another(Product: Any) -> None:
    form, table = Form.from_entity(Product), Table.from_entity(Product)
    english = str(form), str(table)
    with speaking(GERMAN):
        assert "Anlegen" in str(form)
        assert "Noch nichts da." in str(table)
    assert (str(form), str(table)) == english


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr;q=0.9,de;q=0.5", "de"),
        ("en-GB,de;q=0.8", None),
        ("fr", None),
        ("", None),
        ("de;q=0", None),
        ("de;q=x,;;;,*", None),
        ("pt-BR", "pt"),
        ("pt", None),
    ],
)
def test_a_browser_chooses_among_the_catalogues(header: str, language: str | None) -> None:
    choose = by_language({"de": GERMAN, "pt-BR": Words(language="pt")})
    found = choose(Request("GET", "/", {"accept-language": header}))
    assert (found and found.language) == language
