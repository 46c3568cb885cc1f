"""What stands in a cell of a table or beside a fact of a card: each type as people read it.

A cell is worked out once for its column (`cell_of`) and compiled into the row, so plain texts and
numbers cost no call of their own. What a visitor has written is always text: markup is made here
from escaped pieces only. The words in it are those of the catalogue at the time it is compiled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, cast, get_args, get_origin
from urllib.parse import quote
from uuid import UUID

from nitro_runtime.html import Html, Img, raw
from nitro_runtime.html.compiled import Kind, Value
from nitro_runtime.html.markup import escape_text
from nitro_runtime.schema import EntityInfo, FieldInfo
from nitro_runtime.storage import current_storage
from nitro_runtime.views.choices import label_of_enum, text_of
from nitro_runtime.views.model import (
    address_of,
    has_pages,
    info_of,
    key_getter,
    label_field,
    label_of,
)
from nitro_runtime.views.money import money_of
from nitro_runtime.views.theme import Theme
from nitro_runtime.views.words import say

if TYPE_CHECKING:
    from nitro_runtime.views.columns import Column

CUT = 80
"""Characters of a text that a cell shows when its column says nothing else."""

MOST_LISTED = 5
"""How many related entities a cell names."""

Show = Callable[[Any], object]
"""Takes a value that is not None and returns text or markup."""


def cell_of(column: Column, theme: Theme, *, long: bool = False) -> Value:
    """Returns how the cells of a column are rendered, chosen by type; see `Marks.put`.

    A value of another type than the entity promises is shown as text all the same.

    Args:
        column: The column, bound to its entity.
        theme: The classes.
        long: Whether there is room for long texts, as on a card; in a table they are cut.
    """
    found = _plain(column, theme, _cut(column, long=long))
    if found is None:
        found = Value(_getter(column, theme, _cut(column, long=long)), nullable=True)
    none = raw(f'<span class="{escape_text(theme["nothing"])}" aria-hidden="true">—</span>')
    found = replace(found, none=none)
    return _never_empty(column, found) if column.link else found


def _plain(column: Column, theme: Theme, cut: int) -> Value | None:
    """Returns a cell that compiled rows write by themselves, or None."""
    info = column.info
    if info is None or column.relation or column.format is not None or column.currency:
        return None
    if column.is_plain_text:
        text = Value(column.name, "text", nullable=info.nullable)
        if not cut or (info.max_length is not None and info.max_length <= cut):
            return text
        longer = _clipper(theme, cut, inside_link=bool(column.link))
        return replace(text, longest=cut, longer=longer)
    if info.type in _SHOWN:
        return Value(column.name, nullable=True, show=_SHOWN[info.type])
    kind = _NUMBERS.get(info.type)
    if kind is None:
        return None
    return Value(column.name, kind, nullable=info.nullable, spec=_fixed_point(info))


_NUMBERS: Mapping[object, Kind] = {int: "int", float: "float", Decimal: "decimal"}


def _fixed_point(info: FieldInfo) -> str:
    """Returns how a Decimal is written: with no exponent and, where it is known, with all its places."""
    if info.type is not Decimal:
        return ""
    # an entity holds no more places than it says, so nothing is ever rounded here
    return "f" if info.decimal_places is None else f".{info.decimal_places}f"


def _getter(column: Column, theme: Theme, cut: int) -> Callable[[Any], object]:
    if column.info is not None and column.info.upload == "image" and column.format is None:
        return _picture(column.name)
    return _shown(column.source, _chosen(column, theme, cut))


def _never_empty(column: Column, cell: Value) -> Value:
    """Returns a cell that stands in a link, which must have a text: the label stands for nothing."""
    info = column.info
    if info is not None and not info.nullable and (info.min_length or info.type is not str):
        return cell
    if isinstance(cell.get, str) and cell.show is None:
        return replace(cell, otherwise=label_of)
    value_of = attrgetter(cell.get) if isinstance(cell.get, str) else cell.get
    show = cell.show

    def get(item: object) -> object:
        value = value_of(item)
        if value is None or value == "":
            return label_of(item)
        return value if show is None else show(value)

    return replace(cell, get=get, show=None)


def _cut(column: Column, *, long: bool) -> int:
    """Returns the most characters that are shown of a text; 0 for any number."""
    if column.cut is not None:
        return column.cut
    return 0 if long else CUT


def _shown(name: str, show: Show) -> Callable[[Any], object]:
    value_of = attrgetter(name)

    def get(item: object) -> object:
        value = value_of(item)
        return None if value is None else show(value)

    return get


def _chosen(column: Column, theme: Theme, cut: int) -> Show:
    """Returns what shows the values of a column; the declaration comes before the type."""
    if isinstance(column.format, str):
        return column.format.format
    if column.format is not None:
        return column.format
    if column.currency:
        return money_of(column.currency, minor=column.minor)
    if column.relation is not None:
        linked = column.link is None
        return _others(theme, linked=linked) if column.many else _other(linked=linked)
    if column.info is None:
        return _Any(theme, cut, linked=column.link is None)
    return _by_type(column.info, theme, cut, linked=not column.link)


# -- texts ----------------------------------------------------------------------------------------


def _clipper(theme: Theme, cut: int, *, inside_link: bool) -> Callable[[str], Html]:
    """Returns what shows the beginning of a text, and the whole to whoever asks for it.

    The whole opens by mouse, keyboard and screen reader, with no script. In a link it is only the
    title, since nothing else may be opened there, and the link leads to the whole.
    """
    css = escape_text(theme["clip"])

    def opening(text: str) -> Html:
        whole, short = escape_text(text), escape_text(shorten(text, cut))
        # a live update must not close what a reader has opened
        return raw(
            f'<details class="{css}" data-preserve-attr="open">'
            f'<summary title="{whole}">{short}</summary>{whole}</details>'
        )

    def titled(text: str) -> Html:
        whole, short = escape_text(text), escape_text(shorten(text, cut))
        return raw(f'<span class="{css}" title="{whole}">{short}</span>')

    return titled if inside_link else opening


def shorten(text: str, cut: int) -> str:
    """Returns a text with no more characters than ``cut``, the last of them an ellipsis when it was longer."""
    if len(text) <= cut:
        return text
    return text[: cut - 1].rstrip() + "…"


def _texts(show: Callable[[Any], str], theme: Theme, cut: int, *, linked: bool) -> Show:
    """Returns what shows values as text that is cut when it is long."""
    if not cut:
        return show
    clip = _clipper(theme, cut, inside_link=not linked)

    def shown(value: object) -> object:
        text = show(value)
        return clip(text) if len(text) > cut else text

    return shown


_WEB = re.compile(r"https?://[^\s\"<>\\^`{|}\x00-\x1f\x7f]+", re.IGNORECASE)
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")


def _web(theme: Theme, cut: int) -> Show:
    """Shows an address of the web as a link; whatever is none is only text."""

    def show(value: object) -> object:
        text = str(value)
        if not _WEB.fullmatch(text):
            return text
        short = shorten(text.partition("://")[2].rstrip("/"), cut or len(text))
        whole = escape_text(text)
        css = escape_text(theme["clip"])
        return raw(
            f'<a class="{css}" href="{whole}" title="{whole}" rel="noopener noreferrer nofollow">'
            f"{escape_text(short)}</a>"
        )

    return show


def _mail(value: object) -> object:
    text = str(value)
    if not _MAIL.fullmatch(text):
        return text
    # no question mark goes through, so nothing can be added to the letter
    address = escape_text(quote(text, safe="@+!$'*/=^_`{|}~.-", errors="replace"))
    return raw(f'<a href="mailto:{address}">{escape_text(text)}</a>')


# -- other entities -------------------------------------------------------------------------------


def _other(*, linked: bool) -> Show:
    """Shows a related entity by its label, as a link where it has a page of its own."""

    def show(other: object) -> object:
        if not (linked and has_pages(info_of(other))):
            return label_of(other)
        address, label = escape_text(address_of(other)), escape_text(label_of(other))
        return raw(f'<a href="{address}">{label}</a>')

    return show


def _others(theme: Theme, *, linked: bool) -> Show:
    one = _other(linked=linked)
    css = escape_text(theme["related"])

    def show(others: Iterable[object]) -> object:
        found = list(others)
        if not found:
            return None
        items = [f"<li>{_markup(one(other))}</li>" for other in islice(found, MOST_LISTED)]
        if len(found) > MOST_LISTED:
            items.append(f"<li>{escape_text(say('and_more', count=len(found) - MOST_LISTED))}</li>")
        return raw(f'<ul class="{css}">{"".join(items)}</ul>')

    return show


def _markup(shown: object) -> str:
    return shown if isinstance(shown, Html) else escape_text(str(shown))


# -- by type --------------------------------------------------------------------------------------


def _by_type(info: FieldInfo, theme: Theme, cut: int, *, linked: bool) -> Show:
    kind: Any = get_origin(info.type) or info.type
    if info.upload is not None:
        return _file(linked=linked)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _badges({id(member): _badge(member, theme) for member in kind}, id)
    if kind is Literal and all(isinstance(each, str) for each in get_args(info.type)):
        return _badges({each: _badge(each, theme) for each in get_args(info.type)}, str)
    if linked and is_web(info):
        return _web(theme, cut)
    if linked and is_mail(info):
        return _mail
    found = _Any(theme, cut, linked=linked)
    return found.of(cast("type[Any]", kind)) if isinstance(kind, type) else found


def is_web(info: FieldInfo) -> bool:
    """Whether a field holds addresses of the web, by its type or by the pattern that it must match."""
    name = getattr(info.type, "__name__", "")
    return name in {"HttpUrl", "AnyUrl", "AnyHttpUrl"} or (info.pattern or "").startswith(
        ("^https?://", "^https://")
    )


def is_mail(info: FieldInfo) -> bool:
    """Whether a field holds addresses of e-mail, by its type or by the pattern that it must match."""
    return getattr(info.type, "__name__", "") == "EmailStr" or (info.pattern or "").startswith(
        r"^[^@\s]+@"
    )


def _picture(name: str) -> Callable[[Any], object]:
    value_of = attrgetter(name)

    def get(item: object) -> object:
        key = value_of(item)
        if not key:
            return None
        address = current_storage().url(key)
        return Img(src=address, alt=label_of(item), loading="lazy", cls="thumb")

    return get


def _file(*, linked: bool) -> Show:
    word = escape_text(say("file"))

    def show(key: str) -> object:
        if not key:
            return None
        if not linked:
            return raw(word)
        return raw(f'<a href="{escape_text(current_storage().url(key))}">{word}</a>')

    return show


def _badges(badges: Mapping[Any, Html], key: Callable[[Any], Any]) -> Show:
    """Returns what gives a member its badge, made once.

    A member of an enum is looked up by identity: its own hash is a Python function, and there is one
    object a member.
    """
    return lambda value: badges.get(key(value), value)


def _badge(member: Enum | str, theme: Theme) -> Html:
    text = str(member.value) if isinstance(member, Enum) else member
    ending = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    label = label_of_enum(member) if isinstance(member, Enum) else member
    css = escape_text(f"{theme['badge']} badge-{ending}")
    return raw(f'<span class="{css}">{escape_text(label)}</span>')


class _Any:
    """Shows a value by the type that it turns out to have; `of` knows the type beforehand."""

    def __init__(self, theme: Theme, cut: int, *, linked: bool) -> None:
        self._text = _texts(text_of, theme, cut, linked=linked)
        self._showers: tuple[tuple[Any, Show], ...] = (  # a type, or several
            (Html, lambda value: value),
            (bool, _flags(theme)),  # before int, of which it is a subclass
            ((int, float), lambda value: value),
            (Enum, lambda value: _badge(value, theme)),  # before str, of which it may be one
            (str, self._text),
            (Decimal, "{:f}".format),
            (datetime, moment),  # before date, of which it is a subclass
            (date, day),
            (time, hour),
            (timedelta, str),
            (UUID, _short_uuid(theme)),
            (bytes, lambda value: say("bytes", count=len(value))),
            ((list, tuple, set, frozenset), _texts(listed, theme, cut, linked=linked)),
            (dict, _texts(as_json, theme, cut, linked=linked)),
        )
        self._linked = linked

    def of(self, kind: type[Any]) -> Show:
        """Returns what shows values of a type."""
        for base, show in self._showers:
            if issubclass(kind, base):
                return show
        return self._text

    def __call__(self, value: object) -> object:
        if hasattr(value, "__html__"):
            return value
        if hasattr(value, "__entity__"):
            return _other(linked=self._linked)(value)
        return self.of(type(value))(value)


def _flags(theme: Theme) -> Show:
    """Shows yes and no as words, which a stylesheet may give a sign."""
    css = escape_text(theme["flag"])
    yes = raw(f'<span class="{css} flag-yes">{escape_text(say("yes"))}</span>')
    no = raw(f'<span class="{css} flag-no">{escape_text(say("no"))}</span>')
    return lambda value: yes if value else no


def moment(value: datetime) -> Html:
    """A moment: in UTC to the minute, and for the page's script to show in the reader's own zone.

    One without a zone is taken to be UTC, as entities keep it.
    """
    exact = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return raw(
        f'<time datetime="{exact.isoformat()}" data-local="datetime">'
        f"{exact.date().isoformat()} {exact.hour:02}:{exact.minute:02} UTC</time>"
    )


def day(value: date) -> Html:
    """A day, which is the same one in every zone."""
    text = value.isoformat()
    return raw(f'<time datetime="{text}" data-local="date">{text}</time>')


def hour(value: time) -> Html:
    """A time of day; seconds are shown when there are any."""
    exact = value.replace(tzinfo=None)
    text = exact.isoformat("seconds" if exact.second else "minutes")
    return raw(f'<time datetime="{text}" data-local="time">{text}</time>')


def _short_uuid(theme: Theme) -> Show:
    """Shows both ends: those that grow with time begin alike."""
    css = escape_text(theme["clip"])

    def show(value: UUID) -> Html:
        text = str(value)
        return raw(f'<code class="{css}" title="{text}">{text[:8]}…{text[-4:]}</code>')

    return show


def listed(value: Iterable[object]) -> str:
    """Returns plain values beside each other; anything deeper as JSON."""
    values = list(value)
    if any(isinstance(each, dict | list | tuple) for each in values):
        return as_json(values)
    return ", ".join(map(plain_text, values))


def plain_text(value: object) -> str:
    """Returns a value as people read it: yes and no, an enum by its label, anything else by its text."""
    if isinstance(value, bool):
        return say("yes" if value else "no")
    return label_of_enum(value) if isinstance(value, Enum) else text_of(value)


def as_json(value: object) -> str:
    """Returns a value as JSON, letters of every language as they are."""
    return json.dumps(value, ensure_ascii=False, default=_json_text)


def _json_text(value: object) -> object:
    if isinstance(value, set | frozenset):
        return sorted(cast("set[Any]", value), key=str)
    return text_of(value)


_SHOWN: Mapping[object, Callable[[Any], Html]] = {datetime: moment, date: day, time: hour}
"""What is always markup."""


# -- what a row is called -------------------------------------------------------------------------


def label_value(info: EntityInfo) -> Value:
    """Returns what people know a row by, for a compiled row."""
    name = label_field(info)
    return Value(label_of, "text") if name is None else Value(name, "text", otherwise=label_of)


def key_value(info: EntityInfo) -> Value:
    """Returns the key of a row as it stands in addresses, for a compiled row."""
    found = _key_getters.get(id(info))
    if found is None:  # one for each entity, so that a row calls it once for all its places
        found = _key_getters[id(info)] = (info, key_getter(info))
    return Value(found[1], "text")


_key_getters: dict[int, tuple[EntityInfo, Callable[[Any], str]]] = {}
"""By the identity of a description, which is kept beside."""
