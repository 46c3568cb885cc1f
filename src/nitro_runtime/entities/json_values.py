"""Values as strict JSON has them, for signals."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any, cast

from pydantic import BaseModel


def json_safe(value: Any) -> Any:  # noqa: ANN401 # any field's value, any JSON value
    """Returns a value as JSON can hold it: exact numbers as text, moments in ISO 8601, an enum's value."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return json_safe(value.value)
    if type(value) in (str, int, float):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return _composite(value)


def _composite(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(k): json_safe(v) for k, v in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_safe(item) for item in cast("list[Any]", value)]
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return value if isinstance(value, int | float | str) else str(value)
