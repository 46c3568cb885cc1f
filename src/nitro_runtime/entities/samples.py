"""`samples`: believable entities for development, judged by the names and types of their fields.

Deterministic: the same class, count and seed give the same values (dates lie around today).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin
from uuid import UUID

from pydantic import ValidationError

from nitro_runtime.entities import sample_words as words
from nitro_runtime.entities.kinds import ENUM, kind_of
from nitro_runtime.entities.mapper import MappedField
from nitro_runtime.entities.sample_files import sample_png
from nitro_runtime.errors import EntityError
from nitro_runtime.schema import find_entity
from nitro_runtime.storage import save_bytes

if TYPE_CHECKING:
    from nitro_runtime.entities.entity import Entity

E = TypeVar("E", bound="Entity")
_TRIES = 30  # per field, to find a value that is not taken
_MOST_TARGETS = 200
_USUAL = re.compile(r"live|active|open|published|available|paid|enabled|confirmed", re.IGNORECASE)


class _Source:
    """Where values come from: one random stream, and what is already taken."""

    def __init__(self, entity: str, seed: int) -> None:
        self.random = random.Random(f"{entity}:{seed}")  # noqa: S311 # not for secrets
        self.entity = entity.lower()
        self.today = datetime.now(UTC).date()
        self.name = ""

    def pick(self, choices: tuple[str, ...]) -> str:
        return self.random.choice(choices)


Maker = Callable[[_Source], str]


def _product(source: _Source) -> str:
    return f"{source.pick(words.MATERIALS)} {source.pick(words.THINGS)}"


def _person(source: _Source) -> str:
    return f"{source.pick(words.FIRST_NAMES)} {source.pick(words.LAST_NAMES)}"


def _email(source: _Source) -> str:
    first, last = source.pick(words.FIRST_NAMES), source.pick(words.LAST_NAMES)
    plain = re.sub(r"[^a-z.]", "", f"{first}.{last}".lower().translate(_PLAIN))
    return f"{plain}@example.com"


_PLAIN = str.maketrans("öíéóø", "oieoo")


def _sentences(source: _Source) -> str:
    return " ".join(source.random.sample(words.SENTENCES, source.random.randint(1, 3)))


def _code(source: _Source) -> str:
    letters = "".join(source.random.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(3))
    return f"{letters}-{source.random.randint(1000, 9999)}"


def _slug(source: _Source) -> str:
    return _product(source).lower().replace(" ", "-")


def _address(source: _Source) -> str:
    return f"{source.random.randint(1, 120)} {source.pick(words.STREETS)}"


def _named(source: _Source) -> str:
    """The name of a thing, by what the entity is called."""
    for pattern, make in _BY_ENTITY:
        if re.search(pattern, source.entity):
            return make(source)
    return _product(source)


_BY_ENTITY: tuple[tuple[str, Maker], ...] = (
    (r"categor|tag|topic|department|genre", lambda s: s.pick(words.CATEGORIES)),
    (r"user|person|customer|author|member|employee|contact|student", _person),
    (r"compan|supplier|brand|shop|store|vendor|organi[sz]ation", lambda s: s.pick(words.COMPANIES)),
    (r"task|todo|issue|ticket|note|post|article|event", lambda s: s.pick(words.TITLES)),
    (r"city|place|location|venue", lambda s: s.pick(words.PLACES)),
)
_BY_FIELD: tuple[tuple[str, Maker], ...] = (
    (r"e_?mail", _email),
    (r"first_?name|given", lambda s: s.pick(words.FIRST_NAMES)),
    (r"last_?name|surname|family", lambda s: s.pick(words.LAST_NAMES)),
    (r"author|owner|customer|person|full_?name|assignee|contact", _person),
    (r"url|website|link|homepage", lambda s: f"https://example.com/{_slug(s)}"),
    (r"phone|mobile|fax", lambda s: f"+351 555 {s.random.randint(1000, 9999)}"),
    (r"slug", _slug),
    (r"sku|code|number|reference|isbn|barcode", _code),
    (r"descr|text|body|content|note|comment|bio|summary|message|about", _sentences),
    (r"street|address", _address),
    (r"city|town|place|location", lambda s: s.pick(words.PLACES)),
    (r"country", lambda s: s.pick(words.COUNTRIES)),
    (r"zip|post_?code", lambda s: f"{s.random.randint(1000, 9999)}"),
    (r"colou?r", lambda s: s.pick(words.COLORS)),
    (r"compan|supplier|brand|vendor", lambda s: s.pick(words.COMPANIES)),
    (r"categor|genre|tag|topic", lambda s: s.pick(words.CATEGORIES)),
    (r"title|subject|headline", lambda s: s.pick(words.TITLES)),
    (r"user_?name|login|handle|nick", lambda s: f"{s.pick(words.WORDS)}{s.random.randint(1, 99)}"),
    (r"name|label", _named),
)


def _maker(field: str) -> Maker:
    return next((make for pattern, make in _BY_FIELD if re.search(pattern, field)), _named)


def _text(source: _Source, field: MappedField) -> str | None:
    literals = get_args(field.plain)
    if literals:
        return source.random.choice(literals)
    text = _fitted(_maker(field.name)(source), field)
    pattern = field.info.pattern
    if pattern is None or _has_shape(pattern, text):
        return text
    # its name says nothing of its shape: whatever is known of that shape
    others = (_fitted(make(source), field) for _, make in _BY_FIELD)
    unknown = None if field.info.nullable else text
    return next((other for other in others if _has_shape(pattern, other)), unknown)


def _has_shape(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:  # pydantic's patterns are Rust's, of which Python knows most
        return True  # the entity itself decides


def _fitted(text: str, field: MappedField) -> str:
    """Returns a text no longer than the field may be, and no shorter."""
    if field.info.max_length is not None and len(text) > field.info.max_length:
        cut = text[: field.info.max_length]
        text = cut.rsplit(" ", 1)[0] or cut
    return text.ljust(field.info.min_length or 0, "x")


def _whole(source: _Source, field: MappedField) -> int:
    literals = get_args(field.plain)
    if literals:
        return source.random.choice(literals)
    low, high = _range(field, source.random.choice((9, 60, 250)))
    return source.random.randint(int(low), int(high))


def _range(field: MappedField, usual: int) -> tuple[Any, Any]:
    least, most = field.info.minimum, field.info.maximum
    start = 0
    if "year" in field.name:
        start, usual = 1990, 2030
    low = least if least is not None else start
    if least is None and most is not None and most <= start:
        low = most - (usual - start)
    high = most if most is not None else max(usual, low + (usual - start if low > start else 0))
    return low, max(low, high)


def _decimal(source: _Source, field: MappedField) -> Decimal:
    places = field.info.decimal_places
    low, high = _range(field, source.random.choice((20, 50, 200)))
    if field.info.max_digits is not None:
        high = min(high, 10 ** (field.info.max_digits - (places or 0)) - 1)
    whole = source.random.randint(int(low), max(int(low), int(high) - 1))
    cents = source.random.choice((0, 50, 90, 90, 95, 99)) if places is None or places >= 2 else 0
    value = max(Decimal(whole) + Decimal(cents) / 100, Decimal(str(low)))
    if places is None:
        return min(value, Decimal(str(high)))
    kept = value.quantize(Decimal(1).scaleb(-places), ROUND_CEILING)
    return min(kept, Decimal(str(high)).quantize(Decimal(1).scaleb(-places), ROUND_FLOOR))


def _real(source: _Source, field: MappedField) -> float:
    if re.search(r"rating|score", field.name) and field.info.maximum is None:
        return source.random.randint(20, 50) / 10
    return float(_decimal(source, field))


def _day(source: _Source, field: MappedField) -> date:
    if "birth" in field.name:
        return source.today - timedelta(days=source.random.randint(20 * 365, 70 * 365))
    return source.today + timedelta(days=source.random.randint(-60, 60))


def _moment(source: _Source, field: MappedField) -> datetime:
    clock = time(source.random.randint(8, 18), source.random.choice((0, 15, 30, 45)), tzinfo=UTC)
    return datetime.combine(_day(source, field), clock)


def _member(source: _Source, field: MappedField) -> Enum:
    members: list[Enum] = list(field.plain)
    weights = [6 if _USUAL.search(str(member.value)) else 1 for member in members]
    return source.random.choices(members, weights)[0]


def _colour(source: _Source) -> tuple[int, int, int]:
    red, green, blue = source.random.choices(range(40, 220), k=3)
    return red, green, blue


def _uploaded(source: _Source, field: MappedField) -> str:
    if field.info.upload == "image":
        return save_bytes(sample_png(_colour(source), _colour(source)), "png")
    return save_bytes(f"{_sentences(source)}\n".encode(), "txt")


def _several(source: _Source, field: MappedField) -> list[Any]:
    """A list of values of one kind; each is made up as a field of its own would be."""
    (element,) = get_args(field.plain)
    kind = kind_of(element)
    info = replace(field.info, type=element, max_length=None, min_length=None)
    one = replace(field, kind=kind, plain=element, info=info)
    least = field.info.min_length or 0
    most = max(least, min(3, field.info.max_length or 3))
    count = source.random.randint(least, most)
    if element is str:
        different = source.random.sample(words.WORDS, min(count, len(words.WORDS)))
        return different + [source.pick(words.WORDS) for _ in range(count - len(different))]
    make = _MAKERS["enum" if kind is ENUM else kind.name]
    return [make(source, one) for _ in range(count)]


def _maker_of(field: MappedField) -> Callable[[_Source, MappedField], Any] | None:
    """Returns what makes up values of a field; None when nothing can."""
    if field.info.upload is not None:
        return _uploaded
    if get_origin(field.plain) is list:
        element = get_args(field.plain)[0]
        known = kind_of(element)
        return _several if known is ENUM or known.name in _MAKERS else None
    return _MAKERS.get("enum" if field.kind is ENUM else field.kind.name)


_MAKERS: dict[str, Callable[[_Source, MappedField], Any]] = {
    "str": _text,
    "int": _whole,
    "float": _real,
    "decimal": _decimal,
    "bool": lambda source, field: source.random.random() < 0.8,
    "date": _day,
    "datetime": _moment,
    "time": lambda source, field: _moment(source, field).time(),
    "timedelta": lambda source, field: timedelta(minutes=15 * source.random.randint(1, 16)),
    "uuid": lambda source, field: UUID(int=source.random.getrandbits(128), version=4),
    "enum": _member,
    "bytes": lambda source, field: source.random.randbytes(8),
}


def sample_texts(entity: str, field: str, count: int) -> list[str]:
    """Returns so many different believable texts, or a few less when the words run out.

    Args:
        entity: The name of the class, ``Product``.
        field: The name of the field, ``description``.
        count: How many at most.
    """
    source = _Source(entity, 1)
    made = (_maker(field)(source) for _ in range(count * _TRIES))
    return list(dict.fromkeys(made))[:count]


def samples(entity: type[E], count: int, seed: int = 1) -> list[E]:
    """Returns up to so many valid, unsaved, believable entities.

    Foreign keys point at rows that exist. Values of unique fields never repeat, nor do they repeat
    what is stored, so fewer come back when the words run out.

    Args:
        entity: The class.
        count: How many at most.
        seed: Another seed gives other values.

    Raises:
        EntityError: A required foreign key has nothing to point at, or a field cannot be made up.
    """
    return list(islice(endless_samples(entity, seed), count))


def endless_samples(entity: type[E], seed: int = 1) -> Iterator[E]:
    """Makes samples one by one as `samples` does, until the values of a unique field run out.

    Files and pictures are kept in the storage as their entity is made.

    Raises:
        EntityError: A required foreign key has nothing to point at, or a field cannot be made up.
    """
    source = _Source(entity.__name__, seed)
    taken = {
        f.name: {row[f.name] for row in entity.all().values(f.name)}
        for f in entity.__nitro_mapper__.fields.values()
        if f.info.unique or entity.__nitro_mapper__.keys == (f.name,)
    }
    targets = {f.name: _targets(entity, f) for f in _made_up(entity) if f.info.reference}
    many = _many_targets(entity)
    while (values := _values(source, entity, targets, taken)) is not None:
        linked = {
            name: source.random.sample(keys, min(2, len(keys))) for name, keys in many.items()
        }
        yield _valid(entity, values | linked)


def _many_targets(entity: type[Entity]) -> dict[str, list[Any]]:
    """Returns what the entity may be linked with, by relation; nothing where nothing is."""
    found: dict[str, list[Any]] = {}
    for name, relation in entity.__entity__.relations.items():
        target = find_entity(relation.target)
        if relation.kind != "many_to_many" or relation.reverse_of or target is None:
            continue
        key: str = target.__nitro_mapper__.key
        rows = target.all().limit(_MOST_TARGETS).values(key)
        if rows:
            found[name] = [row[key] for row in rows]
    return found


def _made_up(entity: type[Entity]) -> Iterator[MappedField]:
    infos = entity.__entity__.fields
    return (f for n, f in entity.__nitro_mapper__.fields.items() if not infos[n].managed)


def _targets(entity: type[Entity], field: MappedField) -> list[Any]:
    table, _, column = (field.info.reference or "").partition(".")
    target = find_entity(table)
    rows: list[dict[str, Any]] = (
        [] if target is None else target.all().limit(_MOST_TARGETS).values(column)
    )
    if not rows and not field.info.nullable:
        how = (
            "write the first one by hand"
            if table == entity.__entity__.table
            else f"make samples of {table} first"
        )
        raise EntityError(
            f"{entity.__name__}.{field.name} must point at a {table}, and there is none; {how}."
        )
    return [row[column] for row in rows]


def _values(
    source: _Source,
    entity: type[Entity],
    targets: dict[str, list[Any]],
    taken: dict[str, set[Any]],
) -> dict[str, Any] | None:
    """Returns the values of one entity; None when a unique field has no value left."""
    values: dict[str, Any] = {}
    for field in _made_up(entity):
        if field.name in targets:
            target = _target(source, field, targets[field.name], taken.get(field.name))
            if target is None and not field.info.nullable:
                return None
            values[field.name] = target
            continue
        made = _unless_taken(source, field, taken.get(field.name))
        if made is _NOTHING_LEFT:
            return None
        if made is not _LEFT_OUT:
            values[field.name] = made
    for name, seen in taken.items():
        if name in values:
            seen.add(values[name])
    return values


def _target(source: _Source, field: MappedField, choices: list[Any], taken: set[Any] | None) -> Any:  # noqa: ANN401 # a key, or None
    if taken:
        choices = [key for key in choices if key not in taken]
    return source.random.choice(choices) if choices else None


_NOTHING_LEFT = object()
_LEFT_OUT = object()


def _unless_taken(source: _Source, field: MappedField, taken: set[Any] | None) -> Any:  # noqa: ANN401
    make = _maker_of(field)
    if make is None or (field.info.secret and field.info.has_default):
        if field.info.has_default:
            return _LEFT_OUT
        return None if field.info.nullable else _empty(field)
    if taken is None:
        if field.info.nullable and source.random.random() < 0.2:
            return None
        return make(source, field)
    for _ in range(_TRIES):
        made = make(source, field)
        if made not in taken:
            return made
    return _NOTHING_LEFT


def _empty(field: MappedField) -> Any:  # noqa: ANN401
    """Returns an empty list or dictionary for a JSON field, where its type is one."""
    origin: Any = getattr(field.plain, "__origin__", field.plain)
    if origin in (list, dict, set, tuple):
        empty: Any = origin
        return empty()
    raise EntityError(f"No sample can be made up for {field.name}; give it a default.")


def _valid(entity: type[E], values: dict[str, Any]) -> E:
    try:
        return entity(**values)
    except ValidationError as error:
        raise EntityError(
            f"No valid sample of {entity.__name__} can be made up; write its rows by hand. {error}"
        ) from None
