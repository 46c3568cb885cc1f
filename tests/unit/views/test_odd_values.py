"""Values that controls do not offer, and texts that no value is: kept, or refused with a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest

from nitro_runtime.views.choices import Choices
from nitro_runtime.views.field import Complaint
from nitro_runtime.views.fields import (
    DateTimeField,
    HiddenField,
    JsonField,
    ListField,
    RadioField,
    RelationField,
    SelectField,
    TextArea,
    TextField,
    TimeField,
)


@pytest.mark.parametrize("kind", [SelectField, RadioField])
def test_a_stored_value_that_is_no_choice_comes_back_as_it_was(kind: Any) -> None:
    field = kind({"a": "A", "b": "B"}, required=False).bind("it", None)
    html = field.control({"name": "it"}, "old", field.offered)
    assert 'value="old"' in html
    assert "As it is now" in html
    with pytest.raises(Complaint):
        field.read("old")
    assert "As it is now" not in field.control({"name": "it"}, "a", field.offered)


def test_a_related_row_that_may_not_be_chosen_anew_comes_back_as_it_was() -> None:
    field = RelationField(required=False).bind("it", None)
    assert 'value="k7"' in field.control({"name": "it"}, "k7", Choices())


def test_yes_and_no_are_spelt_in_one_way() -> None:
    field = SelectField({True: "Ja", False: "Nein"}, required=False).bind("it", None)
    assert field.offered is not None
    html = field.control({"name": "it"}, field.show(True), field.offered)
    assert '<option value="true" selected>Ja</option>' in html
    assert field.read("false") is False


def test_a_time_of_day_has_no_offset() -> None:
    field = TimeField(min=time(9)).bind("it", None)
    assert field.read("12:00") == time(12)
    with pytest.raises(Complaint, match="Enter a time"):
        field.read("12:00+02:00")


def test_a_moment_with_an_offset_is_compared_as_the_moment_that_it_is() -> None:
    field = DateTimeField(min=datetime(2026, 1, 1)).bind("it", None)
    with pytest.raises(Complaint, match="At least"):
        field.read("2026-01-01T00:30+05:00")
    assert field.read("2026-01-01T00:30+00:00") == datetime(2026, 1, 1, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["[1e999]", '["\\u0000"]', '{"\\u0000": 1}', '["\\ud800"]', "[" * 400 + "]" * 400, "NaN"],
)
def test_json_that_nothing_could_store_is_refused(text: str) -> None:
    with pytest.raises(Complaint):
        JsonField().bind("it", None).read(text)


def test_json_may_be_twenty_levels_deep() -> None:
    field = JsonField().bind("it", None)
    assert field.read("[" * 20 + "1" + "]" * 20)
    with pytest.raises(Complaint, match="20 levels"):
        field.read("[" * 21 + "1" + "]" * 21)
    assert field.read('{"a": "\\\\u0000", "b": 1.5}') == {"a": "\\u0000", "b": 1.5}


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\rb"])
def test_a_text_on_one_line_has_no_other_lines(text: str) -> None:
    with pytest.raises(Complaint, match="format"):
        TextField().bind("it", None).read(text)
    for kind in (TextArea, HiddenField):  # browsers send the lines of these
        assert kind().bind("it", None).read(text) == text
    assert ListField().bind("it", None).read(text) == ["a", "b"]


def test_a_related_row_that_may_not_be_chosen_anew_stays_in_a_search_too() -> None:
    field = RelationField(required=False).bind("it", None)
    html = field.control({"name": "it", "id": "f-it"}, "k7", Choices(cut=True))
    assert 'name="it" value="k7"' in html
    assert 'value="As it is now"' in html
    assert "As it is now" not in field.control({"id": "f-it"}, "", Choices(cut=True))
