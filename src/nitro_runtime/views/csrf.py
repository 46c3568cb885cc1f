"""What the host's own protection against forged posts asks of views, where the host has one.

Views render two names and never a token: a form has the hidden field with nothing in it, and what
posts by Datastar sends the header, read from the page's local signal ``_csrf`` (Datastar keeps
signals with a leading underscore to itself). Only `with_token`, which the web layer calls on its way
to one visitor, fills that visitor's token in. So markup that several visitors are sent, as a live
table, can hold nobody's.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property

from nitro_runtime.html import Html, Input, js, raw

SIGNAL = "_csrf"
"""The local signal that holds the visitor's token."""

POST = "@post(el.getAttribute('action'), {{contentType: 'form', retryMaxCount: 0{csrf}}})"
"""What posts the form ``el``, to be formatted with `csrf_option`. It goes out once: Datastar would send
anew what was not answered, though the server may have done it."""


@dataclass(frozen=True)
class CsrfNames:
    """Where the host looks for a token.

    Attributes:
        field: The name of the field of a form.
        header: The name of the header of any other post.
    """

    field: str
    header: str


@dataclass(frozen=True)
class Csrf(CsrfNames):
    """The host's protection for one request.

    Attributes:
        make: Returns a token for this visitor, which the host may answer with a cookie for.
    """

    make: Callable[[], str] = field(repr=False, compare=False)

    @property
    def names(self) -> CsrfNames:
        """The names alone, which may be kept."""
        return CsrfNames(self.field, self.header)

    @cached_property
    def token(self) -> str:
        """The visitor's token, made when it is first needed."""
        return self.make()


_names: ContextVar[CsrfNames | None] = ContextVar("nitro_csrf", default=None)


@contextmanager
def csrf_names(names: CsrfNames | None) -> Generator[None]:
    """Makes the names known to every view that renders inside the block."""
    token = _names.set(names)
    try:
        yield
    finally:
        _names.reset(token)


def current_csrf() -> CsrfNames | None:
    """Returns the names that the host asks for; None where it has no such protection."""
    return _names.get()


def csrf_field(names: CsrfNames | None) -> Html | None:
    """Returns the hidden field of a form, with nothing in it yet."""
    return Input(type="hidden", name=names.field, value="") if names else None


def csrf_option(names: CsrfNames | None) -> str:
    """Returns the header as one more option of a Datastar action, ``", headers: {...}"``."""
    return f", headers: {{{js(names.header)}: ${SIGNAL}}}" if names else ""


def with_token(markup: str, csrf: Csrf | None) -> Html:
    """Returns markup with the visitor's token in each hidden field, and once in the signal.

    Args:
        markup: What views rendered; nothing but `csrf_field` makes what is replaced, because texts
            are escaped.
        csrf: The protection of the visitor's request. A token is made only when a field needs it.
    """
    empty = csrf_field(csrf) if csrf else None
    if csrf is None or empty is None or empty not in markup:
        return raw(markup)
    before, _, after = markup.partition(empty)
    signals = {SIGNAL: csrf.token}
    first = Input(type="hidden", name=csrf.field, value=csrf.token, signals=signals)
    other = Input(type="hidden", name=csrf.field, value=csrf.token)
    return raw(f"{before}{first}{after.replace(empty, other)}")
