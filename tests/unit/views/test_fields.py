"""Fields: from values to texts and back, whatever somebody types."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from html.parser import HTMLParser
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime.schema import FieldInfo
from nitro_runtime.views.choices import Choices
from nitro_runtime.views.field_types import field_for
from nitro_runtime.views.fields import (
    BLANK,
    CheckboxField,
    Complaint,
    DateField,
    DateTimeField,
    EmailField,
    FileField,
    FormField,
    HiddenField,
    ImageField,
    JsonField,
    ListField,
    NumberField,
    PasswordField,
    RelationField,
    SelectField,
    TextArea,
    TextField,
    TimeField,
    UrlField,
)
from nitro_runtime.views.words import WORDS, say


class Size(Enum):
    SMALL = 1
    VERY_LARGE = 2


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (FieldInfo("x", str, "X"), TextField),
        (FieldInfo("x", str, "X", multiline=True), TextArea),
        (FieldInfo("x", int, "X"), NumberField),
        (FieldInfo("x", float, "X"), NumberField),
        (FieldInfo("x", Decimal, "X"), NumberField),
        (FieldInfo("x", bool, "X"), CheckboxField),
        (FieldInfo("x", bool, "X", nullable=True), SelectField),
        (FieldInfo("x", date, "X"), DateField),
        (FieldInfo("x", datetime, "X"), DateTimeField),
        (FieldInfo("x", time, "X"), TimeField),
        (FieldInfo("x", Size, "X"), SelectField),
        (FieldInfo("x", Literal["a", "b"], "X"), SelectField),
        (FieldInfo("x", list[str], "X"), ListField),
        (FieldInfo("x", list[dict[str, int]], "X"), JsonField),
        (FieldInfo("x", str, "X", upload="file"), FileField),
        (FieldInfo("x", str, "X", upload="image"), ImageField),
        (FieldInfo("x", dict, "X"), JsonField),
        (FieldInfo("x", str, "X", reference="y.id"), RelationField),
    ],
)
def test_each_type_has_its_field(info: FieldInfo, expected: type[FormField]) -> None:
    assert type(field_for(info)) is expected


def bound(field: FormField, kind: Any = str, **options: Any) -> FormField:
    return field.bind("x", FieldInfo("x", kind, "X", **options))


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        (bound(TextField()), "  a b ", "a b"),
        (bound(TextField()), "   ", BLANK),
        (bound(PasswordField()), "  a b ", "  a b "),
        (bound(TextArea()), "a\nb\n", "a\nb"),
        (bound(EmailField()), "Ann.O'Neil+x@sub.example.org", "Ann.O'Neil+x@sub.example.org"),
        (bound(UrlField()), "https://example.org/ä?b=c#d", "https://example.org/ä?b=c#d"),
        (bound(DateField(), date), "2026-02-28", date(2026, 2, 28)),
        (bound(TimeField(), time), "23:59", time(23, 59)),
        (
            bound(DateTimeField(), datetime),
            "2026-02-28T10:30",
            datetime(2026, 2, 28, 10, 30, tzinfo=UTC),
        ),
        (bound(CheckboxField(), bool), "", False),
        (bound(CheckboxField(), bool), "on", True),
        (bound(CheckboxField(required=True), bool), "", BLANK),
        (bound(SelectField(), Size), "2", Size.VERY_LARGE),
        (bound(SelectField(), bool, nullable=True), "false", False),
        (bound(SelectField({1: "One"}), int), "1", 1),
        (bound(JsonField(), list), '["a", 1]', ["a", 1]),
        (bound(ListField(), list[str]), " a \r\n\r\nb c", ["a", "b c"]),
        (bound(ListField(), list[str], nullable=True), " \n ", None),
        (bound(ListField(), list[str], has_default=True), "", []),
        (bound(HiddenField()), "x", "x"),
    ],
)
def test_a_good_text_is_read(field: FormField, typed: str, value: object) -> None:
    assert field.read(typed) == value


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        (bound(EmailField()), "ann", "Enter an email address."),
        (bound(EmailField()), "a@b@c", "Enter an email address."),
        (bound(UrlField()), "javascript:alert(1)", WORDS["url"]),
        (bound(UrlField()), "https://", WORDS["url"]),
        (bound(UrlField()), "https://a b", WORDS["url"]),
        (bound(DateField(), date), "2026-02-30", "Enter a date."),
        (bound(TimeField(), time), "25:00", "Enter a time."),
        (bound(DateTimeField(), datetime), "now", "Enter a date and a time."),
        (bound(SelectField(), Size), "3", "Choose one of the list."),
        (bound(JsonField(), list), "[NaN]", "Enter valid JSON."),
        (bound(JsonField(), list), "[" * 100_000, "Enter valid JSON."),
        (bound(NumberField(), int), "twelve", "Enter a number."),
        (bound(NumberField(min=Decimal("0.5"))), "0.49", "At least 0.5."),
        (bound(NumberField(), float), "-Infinity", "Enter a number."),
        (bound(TextField(pattern="[a-z]+")), "A", WORDS["format"]),
        (bound(TextField(), min_length=3), "ab", "At least 3 characters."),
    ],
)
def test_a_bad_text_is_a_complaint(field: FormField, typed: str, sentence: str) -> None:
    with pytest.raises(Complaint) as caught:
        field.read(typed)
    assert str(caught.value) == sentence


FIELDS: list[FormField] = [
    bound(TextField(max_length=10)),
    bound(TextArea()),
    bound(EmailField()),
    bound(UrlField()),
    bound(PasswordField()),
    bound(HiddenField()),
    bound(JsonField(), list),
    bound(NumberField(), int, minimum=0),
    bound(NumberField(), Decimal, decimal_places=2),
    bound(CheckboxField(), bool),
    bound(DateField(), date),
    bound(TimeField(), time),
    bound(DateTimeField(), datetime),
    bound(SelectField(), Size),
    bound(RelationField(), int, reference="y.id"),
]


@given(st.sampled_from(FIELDS), st.text())
def test_whatever_is_typed_is_a_value_a_blank_or_a_complaint(field: FormField, text: str) -> None:
    typed = field.typed([text])
    try:
        field.read(typed)
    except Complaint as complaint:
        said = {words.replace("{count}", "10").replace("{limit}", "0") for words in WORDS.values()}
        assert str(complaint) in {*said, say("at_most", limit=2**63 - 1)}


class Control(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.value: str | None = None
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.value = dict(attrs).get("value")

    def handle_data(self, data: str) -> None:
        self.text += data


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"))


@given(TEXTS)
def test_a_text_is_shown_as_it_was_typed(text: str) -> None:
    line = Control(bound(TextField()).control({}, text, Choices()))
    assert (line.tags, line.value) == (["input"], text)
    area = Control(bound(TextArea()).control({}, text, Choices()))
    shown = area.text.removeprefix("\n") if text.startswith("\n") else area.text
    assert (area.tags, shown) == (["textarea"], text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_survives_its_control_to_the_second(moment: datetime) -> None:
    field = bound(DateTimeField(), datetime)
    assert field.read(field.show(moment)) == moment.replace(microsecond=0)


def test_a_moment_is_shown_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    moment = datetime(2026, 1, 1, 1, 30, tzinfo=east)
    assert bound(DateTimeField(), datetime).show(moment) == "2025-12-31T23:30"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=0, max_value=10**9))
def test_a_decimal_survives_its_control_exactly(number: Decimal) -> None:
    field = bound(NumberField(), Decimal, decimal_places=2)
    assert Decimal(field.read(field.show(number))) == number


def test_every_word_says_what_it_needs() -> None:
    assert say("page_of", page=1, pages=2) == "Page 1 of 2"
    assert say("nothing_found", search="{count} {0.__class__}") == (
        "Nothing matches “{count} {0.__class__}”."
    )
