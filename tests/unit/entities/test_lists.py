"""A field may hold several values of one kind: what becomes of them before they are stored."""

from datetime import UTC, datetime, timedelta, timezone

from nitro_runtime.entities import Entity, Field


class Everything(Entity):
    words: list[str] = Field(default_factory=list[str])
    counts: list[int] = Field(min_length=1)
    moments: list[datetime] = Field(default_factory=list[datetime])


def test_texts_become_values_and_moments_are_kept_in_utc() -> None:
    made = Everything(counts=["7"], moments=["2026-01-31T12:30"])  # pyright: ignore[reportArgumentType]
    assert made.counts == [7]
    assert made.moments == [datetime(2026, 1, 31, 12, 30, tzinfo=UTC)]
    zone = timezone(timedelta(hours=2))
    made.moments = [datetime(2026, 1, 31, 12, 30, tzinfo=zone)]
    assert made.moments[0].utcoffset() == timedelta(0)
    assert made.moments[0].hour == 10


def test_the_column_is_json_text() -> None:
    assert type(Everything.table.c.words.type).__name__ == "JSON"
