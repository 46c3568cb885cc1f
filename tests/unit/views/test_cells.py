"""Cells: each type as people read it, and nothing that a visitor wrote as markup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID

import pytest

from nitro_runtime.entities import Entity, Field, belongs_to, has_many, many_to_many
from nitro_runtime.errors import ViewError
from nitro_runtime.html import B
from nitro_runtime.schema import FieldInfo, known_entities
from nitro_runtime.views import Card, Column, Table
from nitro_runtime.views.cells import cell_of
from nitro_runtime.views.marks import Marks
from nitro_runtime.views.model import open_pages
from nitro_runtime.views.money import plain_amount
from nitro_runtime.views.theme import Theme

DASH = '<span class="nothing" aria-hidden="true">—</span>'


class Mood(Enum):
    NOT_BAD = "not bad"
    LOW = 1


@dataclass
class Item:
    value: Any


def shown(value: object, kind: object = None, *, long: bool = False, **given: Any) -> str:
    """Returns the cell of a value in a column of a type; without a type, of a computed attribute."""
    options = {
        name: given.pop(name) for name in ("pattern", "max_length", "upload") if name in given
    }
    info = FieldInfo("value", kind, "Value", nullable=True, **options) if kind is not None else None
    column = Column(name="value", info=info, label="Value", **given)
    marks: Marks[Item] = Marks()
    return str(marks.compile(B(marks.put(cell_of(column, Theme(), long=long))))(Item(value)))[3:-4]


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (None, str, DASH),
        (None, int, DASH),
        (None, bool, DASH),
        (None, Decimal, DASH),
        ("", str, ""),
        ("a <b> & 'c'", str, "a &lt;b&gt; &amp; &#39;c&#39;"),
        (0, int, "0"),
        (2**70, int, "1180591620717411303424"),
        (0.1, float, "0.1"),
        (True, bool, '<span class="flag flag-yes">Yes</span>'),
        (False, bool, '<span class="flag flag-no">No</span>'),
        (Mood.NOT_BAD, Mood, '<span class="badge badge-not-bad">Not bad</span>'),
        (Mood.LOW, Mood, '<span class="badge badge-1">Low</span>'),
        ("<x>", Literal["<x>", "y"], '<span class="badge badge-x">&lt;x&gt;</span>'),
        (Decimal("1E+3"), Decimal, "1000"),
        (
            date(2026, 1, 31),
            date,
            '<time datetime="2026-01-31" data-local="date">2026-01-31</time>',
        ),
        (time(9, 5), time, '<time datetime="09:05" data-local="time">09:05</time>'),
        (time(9, 5, 7), time, '<time datetime="09:05:07" data-local="time">09:05:07</time>'),
        (timedelta(hours=1, minutes=2), timedelta, "1:02:00"),
        (b"abc", bytes, "3 bytes"),
        ([1, True, "<", Mood.LOW], list[Any], "1, Yes, &lt;, Low"),
        ([[1]], list[Any], "[[1]]"),
        ({"ä": Mood.LOW}, dict[str, Any], "{&#34;ä&#34;: &#34;1&#34;}"),
    ],
)
def test_each_type_is_shown_as_people_read_it(value: object, kind: object, expected: str) -> None:
    assert shown(value, kind) == expected


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 26, 14, 3, 59, tzinfo=UTC),
        datetime(2026, 11, 26, 16, 3, 59, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 11, 26, 14, 3, 59),  # as some drivers give it
    ],
)
def test_a_moment_is_exact_for_the_browser_and_utc_for_who_has_no_script(moment: datetime) -> None:
    assert shown(moment, datetime) == (
        '<time datetime="2026-11-26T14:03:59+00:00" data-local="datetime">2026-11-26 14:03 UTC</time>'
    )


@pytest.mark.parametrize(
    ("amount", "currency", "minor", "plain", "people"),
    [
        (Decimal("1234.5"), "EUR", False, "1234.50", "1,234.50 EUR"),
        (Decimal("1234.5678"), "EUR", False, "1234.5678", "1,234.5678 EUR"),
        (Decimal("1.5000"), "EUR", False, "1.50", "1.50 EUR"),
        (1234, "EUR", False, "1234.00", "1,234.00 EUR"),
        (1234, "EUR", True, "12.34", "12.34 EUR"),
        (-5, "EUR", True, "-0.05", "-0.05 EUR"),
        (-1234567, "EUR", True, "-12345.67", "-12,345.67 EUR"),
        (1234, "JPY", True, "1234", "1,234 JPY"),
        (Decimal("1500.00"), "JPY", False, "1500", "1,500 JPY"),
        (12345, "KWD", True, "12.345", "12.345 KWD"),
        (0.1 + 0.2, "EUR", False, "0.30", "0.30 EUR"),
        (
            Decimal("12345678901234567890123456789012345.67"),
            "EUR",
            False,
            "12345678901234567890123456789012345.67",
            "12,345,678,901,234,567,890,123,456,789,012,345.67 EUR",
        ),
        (10**35, "EUR", True, "1" + "0" * 33 + ".00", "1" + ",000" * 11 + ".00 EUR"),
    ],
)
def test_money_is_exact_and_grouped(
    amount: Any, currency: str, minor: bool, plain: str, people: str
) -> None:
    assert plain_amount(amount, currency, minor=minor) == plain
    assert shown(amount, type(amount), currency=currency, minor=minor) == (
        f'<data value="{plain}" data-currency="{currency}">{people}</data>'
    )


def test_a_long_text_is_cut_and_the_whole_can_be_opened_without_a_mouse() -> None:
    text = "<word> " * 20
    html = shown(text, str)
    whole = "&lt;word&gt; " * 20
    assert html == (
        '<details class="clip" data-preserve-attr="open"><summary'
        f' title="{whole}">{"&lt;word&gt; " * 11}&lt;w…</summary>{whole}</details>'
    )
    assert shown(text, str, cut=0) == whole
    assert shown(text, str, long=True) == whole
    assert shown("x" * 80, str) == "x" * 80
    assert shown("x" * 81, str).count("x") == 79 + 81 + 81
    assert "<summary" in shown("x" * 11, str, cut=10)
    assert "<summary" not in shown("x" * 30, str, max_length=40)
    assert "<summary" in shown({"a": "x" * 100}, dict[str, Any])


def test_in_a_link_the_whole_text_is_a_title_since_nothing_else_may_open_there() -> None:
    html = shown("x" * 100, str, link=True)
    assert html == f'<span class="clip" title="{"x" * 100}">{"x" * 79}…</span>'


@pytest.mark.parametrize(
    ("address", "is_link"),
    [
        ("https://example.org/a?b=1&c=2", True),
        ("HTTP://example.org", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://a b", False),
        ('https://a"onclick=x', False),
        ("//example.org", False),
        (" https://example.org", False),
        ("https://a\nb", False),
    ],
)
def test_only_an_address_of_the_web_becomes_a_link(address: str, is_link: bool) -> None:
    html = shown(address, str, pattern=r"^https?://\S+$")
    assert ("<a " in html) is is_link
    assert ('rel="noopener noreferrer nofollow"' in html) is is_link
    assert "<a " not in shown(address, str, pattern=r"^https?://\S+$", link=False)
    assert "<a " not in shown(address, str, pattern=r"^https?://\S+$", link=True)


def test_an_address_of_e_mail_is_a_link_that_adds_nothing_to_the_letter() -> None:
    html = shown("a&b@example.org", str, pattern=r"^[^@\s]+@[^@\s]+$")
    assert html == '<a href="mailto:a%26b@example.org">a&amp;b@example.org</a>'
    hostile = shown("a@b?bcc=c@d", str, pattern=r"^[^@\s]+@[^@\s]+$")
    assert "?" not in hostile.partition('href="')[2].partition('"')[0]


def test_an_identifier_is_short_and_its_title_whole() -> None:
    value = UUID("01a21566-ac76-77bf-ab02-8104a62d1c34")
    assert shown(value, UUID) == (f'<code class="clip" title="{value}">01a21566…1c34</code>')


@pytest.mark.parametrize(
    ("value", "format_", "expected"),
    [
        (0.256, "{:.1%}", "25.6%"),
        ("<b>", "» {} «", "» &lt;b&gt; «"),
        (3, lambda value: "*" * value, "***"),
        (3, lambda value: B(value), "<b>3</b>"),
        (None, "{:.1%}", DASH),
    ],
)
def test_a_column_may_write_its_values_itself(
    value: object, format_: str | Callable[[Any], object], expected: str
) -> None:
    assert shown(value, float, format=format_) == expected


def test_a_computed_attribute_is_shown_by_the_type_that_it_has() -> None:
    assert shown(True) == '<span class="flag flag-yes">Yes</span>'
    assert shown(B("x")) == "<b>x</b>"
    assert shown(3) == "3"
    assert shown("<") == "&lt;"
    assert shown(Mood.LOW) == '<span class="badge badge-1">Low</span>'
    assert 'data-local="datetime"' in shown(datetime(2026, 1, 1, tzinfo=UTC))


def test_a_value_of_another_type_than_promised_is_text_all_the_same() -> None:
    assert shown("<x>", int) == "&lt;x&gt;"
    assert shown(12, str) == "12"
    assert shown("ab\r\x00", str) == "ab&#13;�"


# -- relations ------------------------------------------------------------------------------------


@pytest.fixture
def entities() -> Any:
    with known_entities():

        class Studio(Entity):
            name: str
            films = has_many("Film")

        class Actor(Entity):
            name: str
            films = many_to_many("Film")

        class Film(Entity):
            name: str = Field(min_length=1)
            studio_id: str | None = Field(default=None, foreign_key="studio.id")
            nickname: str | None = None
            studio = belongs_to("Studio")
            actors = many_to_many("Actor")

        yield Studio, Actor, Film


async def test_a_relation_links_to_the_others_page_where_there_is_one(
    entities: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nitro_runtime.views import model

    monkeypatch.setattr(model, "_pages", set())
    Studio, _, Film = entities  # they are classes
    studio = Studio.create(name="<Art>")
    Film.create(name="One", studio_id=studio.id)
    Film.create(name="None")
    html = str(Table.from_entity(Film).with_columns("name", "studio"))
    assert '<td data-label="Studio">&lt;Art&gt;</td>' in html
    assert f'<td data-label="Studio">{DASH}</td>' in html
    open_pages("/studios")
    html = str(Table.from_entity(Film).with_columns("name", "studio"))
    assert f'<td data-label="Studio"><a href="/studios/{studio.id}">&lt;Art&gt;</a></td>' in html
    plain = Table.from_entity(Film).with_columns("name", studio=Column(link=False))
    assert '<td data-label="Studio">&lt;Art&gt;</td>' in str(plain)


async def test_many_relations_are_a_short_list(entities: Any) -> None:
    Studio, Actor, Film = entities
    studio = Studio.create(name="Art")
    for number in range(7):
        Film.create(name=f"Film {number}", studio_id=studio.id)
    html = str(Table.from_entity(Studio).with_columns("name", "films"))
    assert html.count("<li>Film ") == 5
    assert "<li>2 more</li></ul>" in html
    film = Film.create(name="X", actors=[Actor.create(name="Ann"), Actor.create(name="Ben")])
    assert "<li>Ann</li><li>Ben</li>" in str(await Card.from_entity(film).load())


def test_a_link_always_has_a_text(entities: Any) -> None:
    Film = entities[2]
    film = Film.create(name="One")
    html = str(Table.from_entity(Film).with_columns(nickname=Column(link=True)))
    assert f'<a href="/films/{film.id}">One</a>' in html


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (Column(currency="eur"), "three capital letters"),
        (Column(currency="EUR"), "is no number"),
        (Column(minor=True), "needs a currency"),
        (Column(cut=1), "from 2 on"),
        (Column(cut=-3), "from 2 on"),
        (Column(format="{:.2f"), "cannot be read"),
        (Column(format="{x}"), "one place for the value"),
        (Column(format="nothing"), "one place for the value"),
        (Column(format="{0.__class__}"), "one place for the value"),
    ],
)
def test_options_that_make_no_sense_are_told_where_they_are_written(
    entities: Any, column: Column, message: str
) -> None:
    with pytest.raises(ViewError, match=message):
        Table.from_entity(entities[2]).with_columns(name=column)
