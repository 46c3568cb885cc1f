"""Keys of reactive views: signed plain data from which the same view can be made again.

The browser carries the key; the server keeps nothing. What a visitor may see is never in the key:
``scope(request)`` decides it at every subscription.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any, Protocol, Self, cast

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

    A scope is compared by its values when it is a mapping of plain values or a dataclass. Any other
    is taken for different from every other: rendering twice is slow, sharing wrongly is a leak.
    """
    text = f"{key}\n{_identity(scope)}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _identity(scope: object) -> str:
    if scope is None:
        return ""
    if isinstance(scope, Mapping):
        pairs = cast("Mapping[str, object]", scope).items()
        if all(isinstance(value, str | int | float | bool | None) for _, value in pairs):
            return repr(sorted((name, type(v).__name__, v) for name, v in pairs))
        return secrets.token_hex(16)
    shown = repr(scope)
    if is_dataclass(scope) and " at 0x" not in shown:
        return f"{type(scope).__qualname__} {shown}"
    return secrets.token_hex(16)
