"""Markup as a value: `Html`, and the one way from text to markup.

Escaping is MarkupSafe's C function on plain ``str`` (``markupsafe.escape`` itself costs ten times as
much, because it builds a ``Markup`` each time). On top of it comes what a parser would otherwise
change: a carriage return is written as a reference, since HTML turns a bare one into a newline, and
what HTML cannot carry at all (NUL, lone surrogates) becomes U+FFFD, so that a page can always be
encoded as UTF-8.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from importlib.machinery import ExtensionFileLoader, PathFinder

from nitro_runtime.html.annotations import NoReturn, Protocol, cast


def _find_escape() -> Callable[[str], str]:
    """Returns MarkupSafe's escape, if it is in C without its package, which imports ``typing``."""
    if "markupsafe" not in sys.modules:
        package = PathFinder.find_spec("markupsafe")
        inside = package.submodule_search_locations if package else None
        spec = PathFinder.find_spec("markupsafe._speedups", inside) if inside else None
        if spec is not None and isinstance(spec.loader, ExtensionFileLoader):
            module = spec.loader.create_module(spec)
            spec.loader.exec_module(module)
            return module._escape_inner
    from markupsafe import _escape_inner  # pyright: ignore

    return _escape_inner


c_escape: Callable[[str], str] = _find_escape()
"""MarkupSafe's escape of a plain ``str``, in C where that is built. Other types are an error."""


class HasHtml(Protocol):
    """Something that renders itself as trusted markup."""

    def __html__(self) -> str:
        """Returns the markup."""
        ...


class Html(str):
    """Rendered markup: a ``str`` that is trusted and never escaped again.

    Adding and joining keep the trust and escape what is not `Html`. Every other operation of
    ``str`` (slices, formatting, f-strings) gives a plain ``str``, which is escaped when it is used
    as a child: what was mixed by hand is text until `raw` says otherwise.
    """

    __slots__ = ()

    def __html__(self) -> str:
        return self

    def __add__(self, other: str, /) -> Html:
        if not isinstance(cast("object", other), str):
            return NotImplemented
        return Html(f"{self}{_as_markup(other)}")

    def __radd__(self, other: str, /) -> Html:
        if not isinstance(cast("object", other), str):
            return NotImplemented
        return Html(f"{_as_markup(other)}{self}")

    def join(self, parts: Iterable[str], /) -> Html:
        """Joins the parts with this markup between them; parts that are not `Html` are escaped."""
        return Html(str.join(self, map(_as_markup, parts)))

    def __repr__(self) -> str:
        return f"Html({str.__repr__(self)})"


def raw(markup: str) -> Html:
    """Declares a text to be trusted markup: it is not escaped, whatever it holds.

    This is the one door around the escaping. Never pass it anything a visitor may have written,
    unless a sanitiser has been over it that also removes ``data-*`` attributes: Datastar runs those.
    """
    return Html(markup)


def escape(value: object) -> Html:
    """Returns the value's text as markup; `Html` and objects with ``__html__`` as they are."""
    return value if type(value) is Html else Html(_as_markup(value))


def escape_text(text: str) -> str:
    """Returns the text escaped for an element's content and for a quoted attribute's value."""
    if text.isprintable():
        return c_escape(text)
    return c_escape(well_formed(text)).replace("\r", "&#13;")


def well_formed(text: str) -> str:
    """Returns the text with what HTML cannot carry (NUL, lone surrogates) as U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if is_encodable(text):
        return text
    # two surrogates that form a pair become the character that they mean
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def is_encodable(text: str) -> bool:
    """Whether the text can be encoded as UTF-8: it holds no lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode("utf-16-le")  # refuses them too, at many times the speed of UTF-8
    except UnicodeEncodeError:
        return False
    return True


def markup_of(value: HasHtml) -> str:
    """Returns the markup of an object that has ``__html__``."""
    markup = cast("object", value.__html__())
    if not isinstance(markup, str):
        refuse(f"{type(value).__name__}.__html__() returned {type(markup).__name__}, not str.")
    return markup


def refuse(sentence: str) -> NoReturn:
    """Raises `nitro_runtime.errors.ViewError`.

    The errors are imported when one is raised: their module costs as much as all of this package.
    """
    from nitro_runtime.errors import ViewError

    raise ViewError(sentence)


def _as_markup(value: object) -> str:
    if type(value) is str:
        return escape_text(value)
    if hasattr(value, "__html__"):
        return markup_of(cast("HasHtml", value))
    return escape_text(str(value))
