"""Entities described in a file, for `nitro generate scaffold --spec shop.yaml`.

The file is JSON or YAML and says what the command line says. One entity, a list of them, or an
object with ``entities``:

```yaml
entities:
  - name: Category
    fields: [name:str.60:unique]
  - name: Person
    plural: people
    fields:
      name: str.80:search          # what follows the colon on the command line
      status: enum.draft.live=draft
      boss: {type: ref.Person, opt: true, as: staff}
      score: {type: int, min: 0, default: 5}
```

The order does not matter: `read_spec_file` returns them so that each follows those that it refers
to. In YAML every scalar is taken as it stands, so ``on: cascade`` and ``default: no`` mean what they
say; anchors and aliases are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from nitro_cli.grammar.documents import read_document
from nitro_cli.grammar.parser import read_entity
from nitro_cli.grammar.problems import BadWords, Problem
from nitro_cli.grammar.relations import link_clashes, targets
from nitro_cli.grammar.spec import EntitySpec
from nitro_cli.grammar.types import MODIFIER_NAMES, MODIFIERS
from nitro_runtime.errors import suggestion

MOST_ENTITIES = 200


@dataclass(frozen=True, slots=True)
class EntityWords:
    """One entity of a file, in the words of the command line.

    Attributes:
        name: ``Product``.
        fields: ``("name:str.80", "price:decimal.10.2:min.0=1")``.
        plural: What ``--plural`` would say, or None.
    """

    name: str
    fields: tuple[str, ...]
    plural: str | None = None


def read_spec_file(path: Path, known: Iterable[str] | None = None) -> tuple[EntityWords, ...]:
    """Reads the entities of a file, each after those that it refers to.

    Args:
        path: A file that ends in ``.json``, ``.yaml`` or ``.yml``.
        known: The class names that the project has already; when given, a reference to anything
            else that is not in the file is a problem.

    Raises:
        BadWords: Something in it is wrong; every problem is in it, with its place.
        UsageError: The file cannot be read.
    """
    return read_specs(read_document(path), known)


# -- from a document to words -------------------------------------------------------------------


def read_specs(document: object, known: Iterable[str] | None = None) -> tuple[EntityWords, ...]:
    """Reads the entities of a parsed document, as `read_spec_file` does."""
    reader = _Reader()
    found = reader.entities(document)
    specs = reader.check(found, known)
    if reader.problems:
        raise BadWords(reader.problems)
    return _ordered(found, specs)


@dataclass(frozen=True, slots=True)
class _Found:
    """An entity with its place in the document and those of its fields."""

    words: EntityWords
    place: str
    places: tuple[str, ...]


class _Reader:
    """Walks through a document and notes every problem with its place."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def _misplaced(self, place: str, sentence: str) -> None:
        self.problems.append(Problem("bad-spec", sentence, place or "the document"))

    def entities(self, document: object) -> list[_Found]:
        found, place = document, ""
        if isinstance(document, Mapping) and "entities" in document:
            self._unknown(cast("Mapping[str, object]", document), ("entities",), "")
            found, place = cast("Mapping[str, object]", document)["entities"], "entities"
        if isinstance(found, list):
            items = cast("list[object]", found)
            pairs = [(f"{place}[{i}]", item) for i, item in enumerate(items)]
        else:
            pairs = [(place, found)]
        if not pairs or len(pairs) > MOST_ENTITIES:
            self._misplaced(place, f"A file describes from 1 to {MOST_ENTITIES} entities.")
            return []
        read = [self._entity(item, where) for where, item in pairs]
        return [each for each in read if each is not None]

    def _entity(self, item: object, place: str) -> _Found | None:
        if not isinstance(item, Mapping):
            self._misplaced(place, "An entity is an object with a name and fields.")
            return None
        entity = cast("Mapping[str, object]", item)
        self._unknown(entity, ("name", "plural", "fields"), place)
        name = self._text(entity.get("name"), _place(place, "name"), "The name of an entity")
        plural = entity.get("plural")
        if plural is not None:
            plural = self._text(plural, _place(place, "plural"), "A plural")
        fields = self._fields(entity.get("fields"), _place(place, "fields"))
        if name is None or fields is None:
            return None
        words = EntityWords(name, tuple(word for _, word in fields), plural)
        return _Found(words, place, tuple(where for where, _ in fields))

    def _fields(self, fields: object, place: str) -> list[tuple[str, str]] | None:
        """Returns each field with its place, as one word of the command line."""
        if isinstance(fields, Mapping):
            named = cast("Mapping[str, object]", fields)
            found = [
                (_place(place, name), self._field(name, v, _place(place, name)))
                for name, v in named.items()
            ]
        elif isinstance(fields, list):
            items = enumerate(cast("list[object]", fields))
            found = [(f"{place}[{i}]", self._item(item, f"{place}[{i}]")) for i, item in items]
        else:
            found = []
        if not found:
            self._misplaced(
                place, "Fields are a list such as [name:str], or an object; one at least."
            )
            return None
        return [(where, word) for where, word in found if word is not None]

    def _item(self, item: object, place: str) -> str | None:
        if not isinstance(item, Mapping):
            return self._text(item, place, "A field")
        field = dict(cast("Mapping[str, object]", item))
        name = self._text(field.pop("name", None), _place(place, "name"), "The name of a field")
        return None if name is None else self._field(name, field, place)

    def _field(self, name: str, value: object, place: str) -> str | None:
        if not isinstance(value, Mapping):
            kind = self._text(value, place, "What a field is")
            return None if kind is None else f"{name}:{kind}"
        options = dict(cast("Mapping[str, object]", value))
        kind = self._text(options.pop("type", "str"), _place(place, "type"), "A type")
        has_default = "default" in options
        default = options.pop("default", "")
        modifiers = [self._modifier(key, each, place) for key, each in options.items()]
        if has_default:
            default = self._text(default, _place(place, "default"), "A default", empty=True)
        if kind is None or default is None or None in modifiers:
            return None
        parts = [name, kind, *(m for m in modifiers if m)]
        return ":".join(parts) + (f"={default}" if has_default else "")

    def _modifier(self, name: str, value: object, place: str) -> str | None:
        """Returns a modifier as a part of a word, an empty text when it is switched off."""
        where = _place(place, name)
        if MODIFIER_NAMES.get(name) is None:
            hint = suggestion(name, ("type", "default", *MODIFIER_NAMES))
            hint = hint or f" Known: name, type, default, {', '.join(MODIFIERS)}."
            self._misplaced(where, f"A field has no {name!r}.{hint}")
            return None
        text = self._text(value, where, f"The modifier {name!r}")
        if text is None or text.lower() == "false":
            return None if text is None else ""
        return name if text.lower() == "true" else f"{name}.{text}"

    def _text(self, value: object, place: str, what: str, *, empty: bool = False) -> str | None:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str) and (value.strip() or empty):
            return value
        self._misplaced(place, f"{what} is a text." if value is not None else f"{what} is missing.")
        return None

    def _unknown(self, given: Mapping[str, object], allowed: tuple[str, ...], place: str) -> None:
        for name in given:
            if name not in allowed:
                hint = suggestion(name, allowed) or f" Known: {', '.join(allowed)}."
                self._misplaced(_place(place, name), f"There is no {name!r} here.{hint}")

    # -- the entities together ------------------------------------------------------------------

    def check(self, found: list[_Found], known: Iterable[str] | None) -> dict[str, EntitySpec]:
        """Reads each entity as the command line does, then looks at their references."""
        specs: dict[str, EntitySpec] = {}
        for each in found:
            words = each.words
            spec, problems = read_entity(words.name, words.fields, words.plural)
            self.problems += [_placed(problem, each) for problem in problems]
            if spec is not None and spec.name in specs:
                self._misplaced(each.place, f"There are two entities {spec.name!r}; leave one out.")
            elif spec is not None:
                specs[spec.name] = spec
                clashes = link_clashes(spec, {*specs, *(known or ())}, words.fields)
                self.problems += [_placed(problem, each) for problem in clashes]
        if not self.problems:
            self._references(found, specs, known)
        return specs

    def _references(
        self, found: list[_Found], specs: Mapping[str, EntitySpec], known: Iterable[str] | None
    ) -> None:
        everything = None if known is None else {*known, *specs}
        for each, spec in zip(found, specs.values(), strict=True):
            for target in targets(spec):
                if everything is not None and target not in everything:
                    hint = suggestion(target, everything)
                    sentence = f"There is no entity {target}, here or in the project.{hint}"
                    place = _place(each.place, "fields")
                    self.problems.append(Problem("unknown-entity", sentence, place))
        circle = _circle(specs)
        if circle:
            sentence = (
                f"{' needs '.join(circle)}: none of them can be made first. Take one of these "
                "references out, and name the other side with 'as' instead."
            )
            self.problems.append(Problem("reference-circle", sentence, "entities"))


def _place(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _placed(problem: Problem, entity: _Found) -> Problem:
    """Puts the place in the document in front of what a problem says."""
    places = dict(zip(entity.words.fields, entity.places, strict=True))
    place = places.get(problem.text, entity.place)
    return replace(problem, sentence=f"{place}: {problem.sentence}" if place else problem.sentence)


# -- their order ----------------------------------------------------------------------------------


def _circle(specs: Mapping[str, EntitySpec]) -> list[str]:
    """Returns entities that need one another in a circle, the first again at the end; or none."""
    done: set[str] = set()

    def follow(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for target in targets(specs[name]):
            if target in specs and (found := follow(target, [*path, name])):
                return found
        done.add(name)
        return []

    nothing: list[str] = []
    return next((found for name in specs if (found := follow(name, nothing))), nothing)


def _ordered(found: list[_Found], specs: Mapping[str, EntitySpec]) -> tuple[EntityWords, ...]:
    words = dict(zip(specs, (each.words for each in found), strict=True))
    order: dict[str, None] = {}

    def place(name: str) -> None:
        for target in targets(specs[name]):
            if target in specs and target not in order:
                place(target)
        order.setdefault(name)

    for name in specs:
        place(name)
    return tuple(words[name] for name in order)
