"""Keys of reactive views: signed plain data from which the same view can be made again.

The browser carries the key; the server keeps nothing. What a visitor may see is never in the key:
``scope(request)`` decides it at every subscription.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any, Protocol, Self, cast
from uuid import UUID

from nitro_runtime.context import neutral_request
from nitro_runtime.errors import BadSignature, ViewError
from nitro_runtime.html import Html
from nitro_runtime.signing import sign, unsign

_PURPOSE = "view"


@dataclass(frozen=True, slots=True)
class ViewKey:
    """What a reactive view is made from.

    Attributes:
        view: The class, ``module:qualname``, or the name of a built-in maker.
        data: What it shows: search, sort, page and the like, as JSON values.
    """

    view: str
    data: Mapping[str, Any]

    def sign(self) -> str:
        """Returns the key as the browser carries it: the same data gives the same text.

        Raises:
            ViewError: The data is not made of JSON values.
        """
        try:
            text = json.dumps(
                {"view": self.view, **self.data},
                sort_keys=True,
                separators=(",", ":"),
                allow_nan=False,
            )
        except (TypeError, ValueError) as error:
            raise ViewError(f"A reactive view is limited by plain values only: {error}.") from None
        return sign(_PURPOSE, text)

    @classmethod
    def read(cls, token: str) -> ViewKey:
        """Returns the key that was signed.

        Raises:
            BadSignature: It was not signed here, or the secret has changed since.
        """
        data: dict[str, Any] = json.loads(unsign(_PURPOSE, token))
        return cls(str(data.pop("view")), data)


class LiveView(Protocol):
    """A view that follows changes, as the web layer uses it."""

    @property
    def dom_id(self) -> str:
        """The id of its element."""
        ...

    @property
    def view_key(self) -> str | None:
        """Its signed key; None when it is not reactive."""
        ...

    @property
    def view_group(self) -> str:
        """Equal for views that render the same: same key, same scope."""
        ...

    @property
    def view_topics(self) -> frozenset[str]:
        """The tables whose changes it follows."""
        ...

    async def refresh(self) -> Self:
        """Reads its data again, in the scope that it has."""
        ...

    def __html__(self) -> Html: ...


Maker = Callable[[Mapping[str, Any], Any], Awaitable[LiveView]]
"""Makes a view from the data of its key and the neutral request."""

_makers: dict[str, Maker] = {}


def register_view(name: str, make: Maker) -> None:
    """Registers what makes the views of a name; defining a class again replaces it."""
    _makers[name] = make


async def view_from_key(key: str, request: Any) -> LiveView:  # noqa: ANN401 # any request
    """Returns the view of a key, read and ready to render, in the scope of this request.

    Raises:
        BadSignature: The key was not signed here, or its class is gone: the page is an old one.
    """
    read = ViewKey.read(key)
    make = _makers.get(read.view)
    if make is None:
        raise BadSignature
    try:
        return await make(read.data, neutral_request(request))
    except (KeyError, ViewError):
        raise BadSignature from None  # a key of an older version of the app


def group_of(key: str, scope: object) -> str:
    """Returns what equal views share: a hash of the key and of what the scope limits.

    A scope is compared by all that it holds, types and all, where that is plain: mappings, lists,
    values, criteria, dataclasses. Any other is taken for different from every other: rendering twice is
    slow, sharing wrongly is a leak.
    """
    try:
        identity = repr(_identity(scope))
    except (_NotPlainError, RecursionError):
        identity = secrets.token_hex(16)
    return hashlib.sha256(f"{key}\n{identity}".encode("utf-8", "backslashreplace")).hexdigest()[:32]


class _NotPlainError(Exception):
    """A scope holds something of which nobody knows when it equals another."""


_PLAIN = frozenset({str, int, float, bool, bytes, type(None), UUID, Decimal, timedelta})
_MOMENTS = frozenset({date, time, datetime})
_MAPPINGS = frozenset({dict, MappingProxyType})
_ROWS = frozenset({list, tuple})
_SETS = frozenset({set, frozenset})


def _identity(value: object) -> tuple[object, ...]:
    """Returns what is equal for equal values of the same types only, made of tuples and plain values.

    Types are compared as they are, without their subclasses: those may show themselves as others.
    """
    kind = type(value)
    if kind in _PLAIN:
        return kind.__name__, repr(value)
    if kind in _MOMENTS:
        return kind.__name__, cast("datetime", value).isoformat()
    if kind in _MAPPINGS:
        pairs = cast("Mapping[object, object]", value).items()
        found = [(_identity(name), _identity(each)) for name, each in pairs]
        return "mapping", *sorted(found, key=repr)
    if kind in _ROWS:
        return kind.__name__, *[_identity(each) for each in cast("list[object]", value)]
    if kind in _SETS:
        found = [_identity(each) for each in cast("set[object]", value)]
        return kind.__name__, *sorted(found, key=repr)
    return _identity_of_object(value, kind)


def _identity_of_object(value: object, kind: type) -> tuple[object, ...]:
    if isinstance(value, Enum):
        return *_identity_of_class(kind), value.name, _identity(value.value)
    if isinstance(value, type):  # such as the entity of a criterion
        return "class", *_identity_of_class(value)
    if not is_dataclass(value):
        raise _NotPlainError
    names = [each.name for each in fields(value)]
    if set(getattr(value, "__dict__", ())).difference(names):
        raise _NotPlainError
    return *_identity_of_class(kind), *[(name, _identity(getattr(value, name))) for name in names]


def _identity_of_class(kind: type) -> tuple[object, ...]:
    return kind.__module__, kind.__qualname__, id(kind)
