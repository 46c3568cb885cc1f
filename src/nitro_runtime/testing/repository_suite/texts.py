# ruff: noqa: S101, RUF001 # a suite of tests asserts; letters that look alike are on purpose
"""Texts: case, languages, signs, blanks, and what can hardly be seen."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from nitro_runtime.entities import col
from nitro_runtime.testing.repository_suite.models import Thing
from nitro_runtime.testing.repository_suite.suite import Suite, lacks, needs

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"
EMOJI = "👩\u200d👩\u200d👧"

TEXTS = [
    "", " ", "a", "a ", " a", "A", "ä", "Ä", "a\tb", "a\nb", "a\r\nb", "\x01\x1f",
    "\x7f", "\u200b", "\ufeff", "\u2028", "'", '"', "\\", "\\\\", "%", "_", "é", "e\u0301", COMPOSED,
    DECOMPOSED, "Straße", "STRASSE", "ß", "ẞ", "ss", "İ", "i", "I", "ı", "ΣΑΣ", "σας", "ς", "σ", "ﬁ",
    "🙂", EMOJI, "𝒳", "\U0010ffff", "\uffff", "日本語", "עברית", "x" * 70_000,
]  # fmt: skip
"""All different: no backend may take two for the same."""


def found(**lookups: object) -> list[str | None]:
    """Returns the names that a question finds, in the order of their keys."""
    return [thing.name for thing in Thing.where(**lookups)]


class Texts(Suite):
    """A text comes back as it was, and is itself alone."""

    def _store(self, *texts: str | None, fields: tuple[str, ...] = ("name",)) -> None:
        Thing.create_many(
            {"id": i, **dict.fromkeys((*fields, "name"), text)} for i, text in enumerate(texts, 1)
        )

    def test_every_text_comes_back_and_is_found_alone(self) -> None:
        """With its case, its blanks, its signs, however long."""
        self._store(*TEXTS, fields=("searched",))
        assert [thing.name for thing in Thing.all()] == TEXTS
        for place, text in enumerate(TEXTS, 1):
            assert [t.id for t in Thing.where(name=text)] == [place], ascii(text[:20])
            assert [t.id for t in Thing.where(searched=text)] == [place], ascii(text[:20])
            assert [t.id for t in Thing.where(name__in=[text])] == [place], ascii(text[:20])

    def test_texts_are_compared_and_sorted_by_their_code_points(self) -> None:
        """Not by the rules of one language, which differ between servers."""
        self._store(*TEXTS)
        assert [t.name for t in Thing.all().order_by("name")] == sorted(TEXTS)
        assert [t.name for t in Thing.all().order_by("-name")] == sorted(TEXTS, reverse=True)
        for text in ("", "a", "a ", "ß", "é", "🙂", "\uffff"):
            assert found(name__gt=text) == [t for t in TEXTS if t > text], ascii(text)
            assert found(name__lte=text) == [t for t in TEXTS if t <= text], ascii(text)
        assert found(name__between=("A", "a")) == [t for t in TEXTS if "A" <= t <= "a"]

    @pytest.mark.parametrize("text", ["", " ", "a", "A", "é", "e", "ß", "\\", "%", "_", "🙂"])
    def test_parts_and_beginnings_are_found_exactly_as_written(self, text: str) -> None:
        """Case matters, and no sign means anything but itself."""
        self._store(*TEXTS, None)
        assert found(name__contains=text) == [t for t in TEXTS if text in t]
        assert found(name__startswith=text) == [t for t in TEXTS if t.startswith(text)]
        negated = ~col(Thing.name).contains(text)  # type: ignore[arg-type]
        assert [t.name for t in Thing.where(negated)] == [t for t in TEXTS if text not in t]

    @pytest.mark.parametrize("field", ["name", "searched"])
    @pytest.mark.parametrize(
        ("part", "texts"),
        [
            ("STRASSE", ["Straße", "STRASSE", "straẞe"]),
            ("straße", ["Straße", "STRASSE", "straẞe"]),
            ("ß", ["Straße", "STRASSE", "straẞe", "Masse"]),
            ("Ärger", ["ÄRGER", "ärger", "a\u0308rger"]),
            ("σας", ["ΣΑΣ", "σας", "σασ"]),
            (COMPOSED.upper(), [COMPOSED, DECOMPOSED, "CAF\u00c9", "CAFE\u0301"]),
            (DECOMPOSED, [COMPOSED, DECOMPOSED, "CAF\u00c9", "CAFE\u0301"]),
            ("FI", ["ﬁsh", "FISH"]),
            ("ﬁ", ["ﬁsh", "FISH"]),
            ("ПРИВЕТ", ["привет"]),
            ("🙂", ["a🙂b"]),
            ("istan", ["istanbul", "ISTANBUL"]),
            ("i\u0307stan", ["İSTANBUL"]),
            ("STANBUL", ["İSTANBUL", "istanbul", "ISTANBUL"]),
            ("E", [
                "Straße", "STRASSE", "straẞe", "Masse", "ÄRGER", "ärger", "a\u0308rger",
                "e",
            ]),
        ],
    )  # fmt: skip
    def test_case_does_not_matter_to_icontains_in_any_language(
        self, field: str, part: str, texts: list[str]
    ) -> None:
        """With or without a folded copy of the field."""
        self._store(
            "Straße", "STRASSE", "straẞe", "Masse", "ÄRGER", "ärger", "a\u0308rger", "ΣΑΣ", "σας",
            "σασ", COMPOSED, DECOMPOSED, "CAF\u00c9", "CAFE\u0301", "ﬁsh", "FISH", "привет", "a🙂b",
            "İSTANBUL", "istanbul", "ISTANBUL", "e", "", None, fields=("searched",),
        )  # fmt: skip
        assert found(**{f"{field}__icontains": part}) == texts

    @pytest.mark.parametrize("field", ["name", "searched"])
    def test_every_text_contains_the_empty_one(self, field: str) -> None:
        """A missing one does not."""
        self._store("", "a", None, fields=("searched",))
        for lookup in ("contains", "icontains", "startswith"):
            assert found(**{f"{field}__{lookup}": ""}) == ["", "a"]

    @pytest.mark.parametrize(
        ("pattern", "texts"),
        [
            ("%", ["", "abc", "aBc", "a%c", "a_c", "a\nc", "[a]*", "a\\c", "äbc", "🙂"]),
            ("", [""]),
            ("abc", ["abc"]),
            ("a_c", ["abc", "aBc", "a%c", "a_c", "a\nc", "a\\c"]),
            ("a%", ["abc", "aBc", "a%c", "a_c", "a\nc", "a\\c"]),
            (r"a\%c", ["a%c"]),
            (r"a\_c", ["a_c"]),
            (r"a\\c", ["a\\c"]),
            ("A%", []),
            ("%C", []),
            ("[a]*", ["[a]*"]),
            ("_", ["🙂"]),
            ("_bc", ["abc", "äbc"]),
            ("%b%", ["abc", "äbc"]),
        ],
    )
    def test_like_fits_the_whole_text_and_minds_the_case(
        self, pattern: str, texts: list[str]
    ) -> None:
        r"""``%`` is any text, ``_`` one character, ``\`` takes a sign for itself."""
        self._store("", "abc", "aBc", "a%c", "a_c", "a\nc", "[a]*", "a\\c", "äbc", "🙂", None)
        assert found(name__like=pattern) == texts

    @lacks("nul")
    def test_a_text_with_nul_is_invalid_where_it_cannot_be_kept(self) -> None:
        """It is refused, not cut; nobody has it, whatever is asked."""
        with pytest.raises(ValidationError) as refused:
            Thing.create(id=1, name="a\0b")
        assert refused.value.errors()[0]["loc"] == ("name",)
        with pytest.raises(ValidationError):
            Thing.create_many([{"id": 1}, {"id": 2, "searched": "\0"}])
        assert Thing.count() == 0
        made = Thing.create(id=1, name="a", searched="a")
        with pytest.raises(ValidationError):
            made.update(name="a\0")
        with pytest.raises(ValidationError):
            Thing.all().update(searched="a\0")
        for field in ("name", "searched"):
            for lookup in ("eq", "contains", "icontains", "startswith", "like"):
                assert Thing.count(**{f"{field}__{lookup}": "a\0"}) == 0, lookup
            assert Thing.count(**{f"{field}__ne": "a\0"}) == 1
            assert Thing.count(**{f"{field}__lt": "a\0"}) == 1
            assert Thing.count(**{f"{field}__gt": "a\0"}) == 0
            assert Thing.count(**{f"{field}__in": ["a\0", "a"]}) == 1
        assert Thing.all().search("a\0").count() == 0

    @needs("nul")
    @pytest.mark.parametrize("field", ["name", "searched"])
    def test_nul_is_a_character_as_any_other(self, field: str) -> None:
        """No text ends there."""
        texts = ["a", "a\0", "a\0b", "\0", "", "A\0B"]
        self._store(*texts, None, fields=("searched",))
        for place, text in enumerate(texts, 1):
            assert [thing.id for thing in Thing.where(**{field: text})] == [place], ascii(text)
        assert found(**{f"{field}__contains": "\0"}) == [t for t in texts if "\0" in t]
        assert found(**{f"{field}__startswith": "a\0"}) == ["a\0", "a\0b"]
        assert found(**{f"{field}__icontains": "A\0B"}) == ["a\0b", "A\0B"]
        assert found(**{f"{field}__gt": "a\0"}) == ["a\0b"]
        assert [t.name for t in Thing.all().order_by(field)] == [None, *sorted(texts)]
