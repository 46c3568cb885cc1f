"""Fields of a form that hold numbers, yes or no, dates and times."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Self

from typing_extensions import override

from nitro_runtime.html import Fragment, Html, Input, Span
from nitro_runtime.schema import FieldInfo
from nitro_runtime.views.choices import Choices
from nitro_runtime.views.field import BLANK, Attributes, Complaint, FormField, Taken
from nitro_runtime.views.form_script import MOMENT, MOMENT_AGAIN, ZONE
from nitro_runtime.views.words import say

_LARGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class NumberField(FormField):
    """A number: int, float or an exact Decimal, by the entity's type.

    Attributes:
        min: Least value.
        max: Greatest value.
        step: Distance between values, ``"0.01"``; ``"any"`` for no limit.
    """

    min: int | float | Decimal | None = None
    max: int | float | Decimal | None = None
    step: str | int | float | None = None

    from_info: ClassVar[Mapping[str, str]] = {
        **FormField.from_info,
        "min": "minimum",
        "max": "maximum",
    }

    @override
    def bind(self, name: str, info: FieldInfo | None) -> Self:
        bound = super().bind(name, info)
        return bound if self.step is not None else replace(bound, step=_step(info))

    @override
    def show(self, value: object) -> str:
        if not isinstance(value, Decimal):
            return super().show(value)
        places = self.info.decimal_places if self.info is not None else None
        return f"{value:f}" if places is None else f"{value:.{places}f}"

    @override
    def parse(self, text: str) -> Taken:
        number = _number(text)
        if self.min is not None and number < Decimal(str(self.min)):
            raise Complaint(say("at_least", limit=self.min))
        if self.max is not None and number > Decimal(str(self.max)):
            raise Complaint(say("at_most", limit=self.max))
        if abs(number) > _LARGEST and self.info is not None and self.info.type is int:
            raise Complaint(say("at_most", limit=_LARGEST))  # what databases hold
        return text

    @override
    def control(self, attributes: Attributes, shown: str, choices: Choices) -> Html:
        del choices
        return Input(
            dict(attributes),
            type="number",
            value=shown,
            min=self.min,
            max=self.max,
            step=self.step,
            inputmode=self._keyboard(),
            placeholder=self.placeholder,
            autocomplete=self.autocomplete,
        )

    def _keyboard(self) -> str | None:
        """Which keyboard a phone shows; one without a minus sign only where none can be typed."""
        if self.min is None or self.min < 0:
            return None
        return "numeric" if self.step is None else "decimal"


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Complaint(say("number")) from None
    if not number.is_finite() or math.isinf(float(number)):
        raise Complaint(say("number"))
    return number


def _step(info: FieldInfo | None) -> str | None:
    if info is None or info.type is int:
        return None
    places = info.decimal_places
    return f"{Decimal(1).scaleb(-places):f}" if places is not None else "any"


@dataclass(frozen=True, kw_only=True)
class CheckboxField(FormField):
    """Yes or no."""

    part: ClassVar[str] = "checkbox"
    is_checked: ClassVar[bool] = False
    slot: ClassVar[bool] = False

    @override
    def bind(self, name: str, info: FieldInfo | None) -> Self:
        # an unchecked box is the answer no, so it is required only when the form says so
        return replace(super().bind(name, info), required=bool(self.required))

    @override
    def show(self, value: object) -> str:
        return "on" if value else ""

    @override
    def typed(self, texts: Sequence[str]) -> str:
        return "on" if texts and texts[-1] not in ("", "false", "off", "0") else ""

    @override
    def read(self, typed: str) -> Taken:
        return bool(typed) or (BLANK if self.required else False)

    @override
    def control(self, attributes: Attributes, shown: str, choices: Choices) -> Html:
        del choices
        return Input(dict(attributes), type="checkbox", value="on", checked=bool(shown))


@dataclass(frozen=True, kw_only=True)
class _MomentField(FormField):
    min: date | time | datetime | None = None
    max: date | time | datetime | None = None

    type: ClassVar[str] = "date"
    from_info: ClassVar[Mapping[str, str]] = {
        **FormField.from_info,
        "min": "minimum",
        "max": "maximum",
    }

    @override
    def control(self, attributes: Attributes, shown: str, choices: Choices) -> Html:
        del choices
        return Input(
            dict(attributes),
            type=self.type,
            value=shown,
            min=self.show(self.min) or None,
            max=self.show(self.max) or None,
            autocomplete=self.autocomplete,
        )

    @override
    def read(self, typed: str) -> Taken:
        value = super().read(typed)
        if value is not BLANK and _is_before(value, self.min):
            raise Complaint(say("at_least", limit=self.show(self.min)))
        if value is not BLANK and _is_before(self.max, value):
            raise Complaint(say("at_most", limit=self.show(self.max)))
        return value


def _is_before(one: Any, other: Any) -> bool:  # noqa: ANN401 # moments of one kind, or None
    if one is None or other is None:
        return False
    return bool(_in_utc(one) < _in_utc(other))


def _in_utc(moment: Any) -> Any:  # noqa: ANN401 # a date, a time or a moment
    naive = isinstance(moment, datetime) and moment.tzinfo is None
    return moment.replace(tzinfo=UTC) if naive else moment


@dataclass(frozen=True, kw_only=True)
class DateField(_MomentField):
    """A date.

    Attributes:
        min: The first that may be chosen.
        max: The last that may be chosen.
    """

    @override
    def parse(self, text: str) -> Taken:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise Complaint(say("date")) from None


@dataclass(frozen=True, kw_only=True)
class TimeField(_MomentField):
    """A time of day."""

    type: ClassVar[str] = "time"

    @override
    def show(self, value: object) -> str:
        return _clock(value) if isinstance(value, time) else super().show(value)

    @override
    def parse(self, text: str) -> Taken:
        try:
            found = time.fromisoformat(text)
        except ValueError:
            raise Complaint(say("time")) from None
        if found.tzinfo is not None:  # a time of day has no offset without a day
            raise Complaint(say("time"))
        return found


@dataclass(frozen=True, kw_only=True)
class DateTimeField(_MomentField):
    """A date and a time of day: shown by the reader's own clock, sent and stored in UTC.

    Without JavaScript it is shown in UTC, and says so.

    Attributes:
        local: Whether it is shown by the reader's clock; False for UTC everywhere.
    """

    local: bool = True

    type: ClassVar[str] = "datetime-local"
    told: ClassVar[str] = "[el.moment?.utc() ?? el.value]"

    @override
    def tied(self, control_id: str) -> str | None:
        return f"{control_id}-zone"

    @override
    def control(self, attributes: Attributes, shown: str, choices: Choices) -> Html:
        own = dict(attributes)
        if self.local:
            own |= {
                "data-init": MOMENT,
                "data-on:datastar-prop-change": MOMENT_AGAIN,
                # the limits are shown by the reader's clock too
                "data-preserve-attr": "min max",
                "data-min": self.show(self.min) or None,
                "data-max": self.show(self.max) or None,
            }
        return Fragment(
            super().control(own, shown, choices),
            Span(
                "UTC",  # the name of the zone in every language
                id=f"{attributes['id']}-zone",
                cls="help zone",
                text=ZONE if self.local else None,
            ),
        )

    @override
    def show(self, value: object) -> str:
        if not isinstance(value, datetime):
            return super().show(value)
        moment = value.astimezone(UTC) if value.tzinfo else value
        return _clock(moment.replace(tzinfo=None))

    @override
    def parse(self, text: str) -> Taken:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise Complaint(say("date_time")) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _clock(moment: time | datetime) -> str:
    """Returns ISO 8601 as the browser's controls take it: without what is zero."""
    return moment.isoformat(timespec="seconds" if moment.second else "minutes")
