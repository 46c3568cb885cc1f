"""Random descriptions of entities, as people might type them: every type, modifier and relation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import assume
from hypothesis import strategies as st

from nitro_cli.grammar.parser import read_entity
from nitro_cli.grammar.spec import EntitySpec
from nitro_cli.grammar.types import ELEMENTS, TYPES
from nitro_cli.grammar.values import check_form
from nitro_runtime.naming import pascal_case

MOST_FIELDS = 20

_words = st.from_regex(r"q[a-z]{2,7}x", fullmatch=True)  # nothing is reserved that looks so
_text = st.text("abcXYZ 0189-_'\"\\{}<>&%$é", min_size=1, max_size=12)
_DEFAULTS = {
    "text": _text,
    "int": st.integers(-999, 999).map(str),
    "bigint": st.integers(-(2**62), 2**62).map(str),
    "float": st.floats(-1e6, 1e6).map(str),
    "bool": st.sampled_from(["true", "false", "yes", "no"]),
    "date": st.dates().map(str),
    "time": st.times().map(lambda moment: moment.strftime("%H:%M")),
    "datetime": st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M").zfill(16)),
    "uuid": st.uuids().map(str),
}


@dataclass(frozen=True)
class Typed:
    """One entity as it is typed: its name and its fields.

    Attributes:
        spec: What the command reads out of it.
        fields: The words.
    """

    spec: EntitySpec
    fields: tuple[str, ...]

    def __str__(self) -> str:
        return f"nitro generate scaffold {self.spec.name} {' '.join(self.fields)}"


@st.composite
def worlds(draw: st.DrawFn, most_fields: int = MOST_FIELDS) -> list[Typed]:
    """Returns from one to three entities; each may refer to itself and to those before it."""
    names = draw(st.lists(_words.map(pascal_case), min_size=1, max_size=3, unique=True))
    made: list[Typed] = []
    for position, name in enumerate(names):
        others = names[:position]
        words = draw(st.lists(_words, min_size=1, max_size=most_fields, unique=True))
        fields = tuple(_field(draw, word, name, others) for word in words)
        spec, problems = read_entity(name, fields)
        assert all(p.code in _KNOWN_CLASHES for p in problems), (fields, problems)
        assume(spec is not None and not problems)
        assert spec is not None
        assume(not check_form(name, spec.fields))
        made.append(Typed(spec, fields))
    sides = [
        (field.params[0], field.modifier("as"))
        for typed in made
        for field in typed.spec.fields
        if field.has("as")
    ]
    assume(len(set(sides)) == len(sides))  # the command tells that such a name is taken
    return made


_KNOWN_CLASHES = {"duplicate-field", "table-clash"}
"""What words that are right one by one may still have against each other."""


def _field(draw: st.DrawFn, word: str, entity: str, others: Sequence[str]) -> str:
    kinds = [name for name in TYPES if name not in {"ref"} or others]
    kind = draw(st.sampled_from(kinds))
    make = {
        "str": _str,
        "int": _number,
        "bigint": _number,
        "decimal": _decimal,
        "float": _number,
        "enum": _enum,
        "list": _list,
        "ref": _ref,
        "many": _many,
        "file": _upload,
        "image": _upload,
    }.get(kind, _plain)
    return f"{word}:{make(draw, kind, [entity, *others])}"


def _modified(draw: st.DrawFn, kind: str, text: str, default: str | None = None) -> str:
    """Adds modifiers that fit, and the default."""
    row = TYPES[kind]
    refused = {name for name, _ in row.refuses}
    free = ["opt", "hidden", "sort", "unique", "index", "search"]
    able = [
        name
        for name in free
        if name not in refused and (name in {"opt", "hidden", "sort"} or name in row.modifiers)
    ]
    chosen = draw(st.lists(st.sampled_from(able), max_size=2, unique=True)) if able else []
    if "unique" in chosen:
        default = None  # a second one with the default could not be made
    without = "opt" in chosen or default is not None or bool(row.implied)
    if without and "unique" not in chosen and draw(st.integers(0, 5)) == 0:
        chosen.append("readonly" if "search" in chosen else draw(st.sampled_from(_UNSENT)))
    parts = [text, *draw(st.permutations(chosen))]
    return ":".join(parts) + (f"={default}" if default is not None else "")


_UNSENT = ["secret", "readonly"]


def _plain(draw: st.DrawFn, kind: str, targets: Sequence[str]) -> str:
    default = draw(st.none() | _DEFAULTS[kind]) if kind in _DEFAULTS else None
    return _modified(draw, kind, kind, default)


def _str(draw: st.DrawFn, kind: str, targets: Sequence[str]) -> str:
    default = draw(st.none() | _text)
    size = draw(st.sampled_from(["str", "str.12", "str.80", "string.200"]))
    if size == "str":
        low = draw(st.none() | st.integers(0, 5))
        size += f":min.{low}" if low is not None else ""
        size += draw(st.sampled_from(["", ":max.40"]))
        default = None if low is not None else default
    return _modified(draw, kind, size, default)


def _number(draw: st.DrawFn, kind: str, targets: Sequence[str]) -> str:
    bounds = draw(st.sampled_from(["", ":min.0", ":max.100", ":min.-5:max.5", ":min.1000"]))
    default = None if bounds else draw(st.none() | _DEFAULTS[kind])
    return _modified(draw, kind, kind + bounds, default)


def _decimal(draw: st.DrawFn, kind: str, targets: Sequence[str]) -> str:
    typed = draw(
        st.sampled_from(["decimal", "decimal.4.2", "money.10", "decimal.12.0", "decimal.38.6"])
    )
    bounds = draw(st.sampled_from(["", ":min.0", ":min.1:max.9", ":min.0.5:max.9"]))
    if typed.endswith(".0"):
        bounds = bounds.replace("0.5", "2")
    default = None if bounds else draw(st.sampled_from([None, "0", "1", "-7"]))
    return _modified(draw, kind, typed + bounds, default)


def _enum(draw: st.DrawFn, kind: str, targets: Sequence[str]) -> str:
    words = draw(st.lists(_words, min_size=1, max_size=4, unique=True))
    default = draw(st.sampled_from([None, *words]))
    return _modified(draw, kind, ".".join([kind, *words]), default)


def _list(draw: st.DrawFn, kind: str, targets: Sequence[str]) -> str:
    element = draw(st.sampled_from(ELEMENTS))
    return _modified(
        draw, kind, f"list.{element}" + draw(st.sampled_from(["", ":min.1", ":max.5"]))
    )


def _side(draw: st.DrawFn) -> str:
    return draw(st.just("") | _words.map(lambda word: f":as.{word}y"))


def _ref(draw: st.DrawFn, kind: str, targets: Sequence[str]) -> str:
    target = draw(st.sampled_from(targets))
    optional = target == targets[0] or draw(st.booleans())
    rule = draw(
        st.sampled_from(["", ":on.cascade", ":on.restrict", ":on.null" if optional else ""])
    )
    one = draw(st.sampled_from(["", "", ":one"]))
    typed = draw(st.sampled_from([f"ref.{target}", target]))
    return typed + (":opt" if optional else "") + rule + one + _side(draw)


def _many(draw: st.DrawFn, kind: str, targets: Sequence[str]) -> str:
    target = draw(st.sampled_from(targets))
    return f"many.{target}" + draw(st.sampled_from(["", ":hidden", ":readonly"])) + _side(draw)


def _upload(draw: st.DrawFn, kind: str, targets: Sequence[str]) -> str:
    return kind + draw(st.sampled_from(["", ":opt", ":max.2", ":opt:readonly", ":opt:hidden"]))
