"""How texts and numbers are compared: the same in Python and in a database."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime.entities.columns import from_sortable_text, sortable_text
from nitro_runtime.entities.text import fold, like_glob, like_regex

# Case pairs beyond ASCII, wildcards and a quote.
texts = st.text("aAbßẞéÉéİıΣσς%_*?[]\\' \0", max_size=5)  # noqa: RUF001 # on purpose


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40))
def test_a_decimal_survives_its_sortable_text(value: Decimal) -> None:
    assert from_sortable_text(sortable_text(value)) == value


@given(
    st.lists(
        st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30),
        min_size=2,
    )
)
def test_sortable_texts_sort_as_the_numbers_do(values: list[Decimal]) -> None:
    assert sorted(values) == sorted(values, key=sortable_text)


@given(texts, texts)
def test_folding_makes_case_not_matter(first: str, second: str) -> None:
    assert fold(fold(first)) == fold(first)
    assert fold(first.casefold()) == fold(first)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("%", "", True),
        ("a_c", "abc", True),
        ("a_c", "aBBc", False),
        ("a%c", "a\nc", True),
        ("A%", "abc", False),
        (r"50\%", "50%", True),
        (r"50\%", "50x", False),
        ("[a]*", "[a]*", True),
        ("[a]*", "a", False),
    ],
)
def test_like_patterns_fit_the_same_in_python_and_sqlite(
    pattern: str, text: str, fits: bool
) -> None:
    import sqlite3

    assert (like_regex(pattern).fullmatch(text) is not None) is fits
    db = sqlite3.connect(":memory:")
    assert db.execute("SELECT ? GLOB ?", (text, like_glob(pattern))).fetchone() == (int(fits),)
    db.close()
