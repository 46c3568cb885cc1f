r"""Reads what a user typed: ``nitro generate scaffold Product name:str.80 price:decimal.10.2:min.0``.

    field    = name [":" type *(":" modifier)] ["=" default]
    type     = word *("." parameter)
    modifier = word ["." value]

Only ``A-Za-z0-9_.:=-`` is needed, so no shell asks for quotes. All problems of a command are
collected and raised together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from nitro_cli.grammar import names
from nitro_cli.grammar.problems import BadWords, Problem
from nitro_cli.grammar.relations import check_relations, is_relation, targets
from nitro_cli.grammar.reserved import IMPORTED_CLASSES
from nitro_cli.grammar.spec import EntitySpec, FieldSpec, Modifier
from nitro_cli.grammar.types import (
    ELEMENTS,
    MODIFIER_NAMES,
    MODIFIERS,
    NAMES,
    TYPES,
    FieldType,
)
from nitro_cli.grammar.values import check_values
from nitro_runtime.errors import suggestion
from nitro_runtime.naming import looks_plural, pascal_case, singularize, snake_case

MOST_FIELDS = 100


@dataclass(slots=True)
class Field:
    """One argument while it is read: its text, and what was found wrong with it."""

    text: str
    problems: list[Problem] = field(default_factory=list[Problem])

    def wrong(self, code: str, sentence: str, part: str = "") -> None:
        """Notes a problem at the first place where a part of the text stands."""
        start = max(self.text.find(part), 0) if part else 0
        self.problems.append(Problem(code, sentence, self.text, start, len(part)))


def parse_entity(name: str, fields: Iterable[str], plural: str | None = None) -> EntitySpec:
    """Reads an entity's name and fields.

    Args:
        name: As typed: ``Product``, ``order_item``.
        fields: One argument each.
        plural: What ``--plural`` gave, or None.

    Raises:
        BadWords: Something is wrong; every problem is in it.
    """
    spec, problems = read_entity(name, list(fields), plural)
    if spec is None or problems:
        raise BadWords(problems)
    return spec


def read_entity(
    name: str, fields: Sequence[str], plural: str | None = None
) -> tuple[EntitySpec | None, list[Problem]]:
    """Reads an entity as `parse_entity` does, and returns the problems instead of raising them.

    The specification is None when the name cannot be used; otherwise it has the fields that can be
    read, so that they are checked further and everything is reported at once.
    """
    problems = names.check_entity(name, plural)
    nameless = bool(problems)
    chosen = snake_case(plural) if plural is not None else None
    read = [_read_field(text, problems) for text in fields]
    specs = tuple(spec for spec in read if spec is not None)
    problems += _shell_eaten_pairs(fields) or _duplicates(specs, fields)
    if len(fields) > MOST_FIELDS:
        problems.append(Problem("many-fields", f"An entity has at most {MOST_FIELDS} fields."))
    if nameless:
        return None, problems
    spec = EntitySpec(pascal_case(name), specs, chosen)
    typed = name if plural is None else plural
    problems += names.check_package(spec.package, typed) + _class_clashes(spec)
    return spec, problems + check_relations(spec, fields)


def parse_field(text: str) -> FieldSpec:
    """Reads one field.

    Raises:
        BadWords: Something is wrong with it; every problem is in it.
    """
    problems: list[Problem] = []
    spec = _read_field(text, problems)
    if spec is None or problems:
        raise BadWords(problems)
    return spec


def _read_field(text: str, problems: list[Problem]) -> FieldSpec | None:
    argument = Field(text)
    spec = _field(argument)
    problems.extend(argument.problems)
    return spec


def _field(argument: Field) -> FieldSpec | None:
    if not argument.text.strip():
        argument.wrong("empty-field", "A field is empty; write name:type, such as price:float.")
        return None
    declared, equals, default = argument.text.partition("=")
    if _odd_characters(argument, declared):
        return None
    name, *parts = declared.split(":")
    argument.problems += names.check_field(name, argument.text)
    kind = _type(argument, parts[0] if parts else "str", name)
    modifiers = _modifiers(argument, parts[1:])
    if kind is None or modifiers is None or argument.problems:
        return None
    row, params = kind
    name = name.removesuffix("_id") if row.name == "ref" else name
    spec = FieldSpec(name, row.name, params, modifiers, default if equals else None)
    argument.problems += check_values(spec, argument.text)
    return None if argument.problems else spec


# -- characters -----------------------------------------------------------------------------------


def _odd_characters(argument: Field, declared: str) -> bool:
    """Notes a character that belongs to no field, with what to write instead."""
    name = declared.partition(":")[0]
    if not name.isascii():
        return False  # the check of the name says which letter it is
    odd = re.search(r"[^A-Za-z0-9_.:-]", declared)
    if odd is None:
        return False
    advice = {
        "{": "Write parameters with dots: price:decimal.10.2.",
        "(": "Write parameters with dots: name:str.80.",
        "[": "Write parameters with dots: status:enum.draft.live.",
        "?": "Write an optional field so: note:text:opt.",
        "!": "Every field is required unless it says :opt.",
        ",": "Write parameters with dots, and fields apart: name:str.80 price:float.",
        " ": "Write each field as one word: name:str price:float.",
    }.get(odd.group(), "A field is written name:type:modifier=default.")
    argument.wrong("bad-character", f"{odd.group()!r} has no meaning here. {advice}", odd.group())
    return True


def _shell_eaten_pairs(fields: Sequence[str]) -> list[Problem]:
    """Finds ``price:decimal{10,2}`` after a shell has made two words of it."""
    seen: dict[str, tuple[str, str]] = {}
    for text in fields:
        match = re.match(r"([a-z_]+):([a-z]+?)(\d+)(?=:|=|$)", text)
        if match is None or match[2] not in NAMES:
            continue
        name, kind, number = match.groups()
        if name in seen and seen[name][0] == kind:
            meant = f"{name}:{kind}.{seen[name][1]}.{number}"
            sentence = f"The shell has taken braces apart; write dots instead: {meant}."
            return [Problem("shell-braces", sentence, text)]
        seen[name] = (kind, number)
    return []


# -- types ----------------------------------------------------------------------------------------


def _type(argument: Field, text: str, name: str) -> tuple[FieldType, tuple[str, ...]] | None:
    word, *params = text.split(".")
    if re.fullmatch(r"[A-Z][A-Za-z0-9]*", word) and word.lower() not in NAMES and not params:
        word, params = "ref", [word]
    row = TYPES.get(NAMES.get(word.lower(), ""))
    if row is None:
        argument.wrong("unknown-type", _unknown_type(word), word)
        return None
    reader = _READERS.get(row.name, _number_params)
    before = len(argument.problems)
    read = reader(argument, row, params, name)
    return (row, read) if len(argument.problems) == before else None


def _unknown_type(word: str) -> str:
    if not word:
        return f"A type is missing after ':'. Known: {', '.join(TYPES)}."
    joined = re.fullmatch(r"([a-z]+)(\d+)", word)
    if joined and joined[1] in NAMES:
        return f"There is no type {word!r}. Did you mean '{joined[1]}.{joined[2]}'?"
    hint = suggestion(word.lower(), NAMES) or f" Known: {', '.join(TYPES)}."
    return f"There is no type {word!r}.{hint}"


def _number_params(
    argument: Field, row: FieldType, params: list[str], name: str
) -> tuple[str, ...]:
    if len(params) > len(row.parameters):
        most = len(row.parameters)
        takes = f"at most {most} numbers" if most else "nothing"
        sentence = f"{row.name!r} takes {takes} after its name ({row.summary})."
        argument.wrong("bad-parameter", sentence, ".".join(params))
        return ()
    for parameter, typed in zip(row.parameters, params, strict=False):
        good = re.fullmatch(r"[0-9]{1,6}", typed)
        if not good or not parameter.lowest <= int(typed) <= parameter.highest:
            span = f"from {parameter.lowest} to {parameter.highest}"
            sentence = f"The {parameter.name} of {row.name!r} is a whole number {span}."
            argument.wrong("bad-parameter", sentence, typed)
            return ()
    numbers = [str(int(typed)) for typed in params]
    if len(numbers) == 1 and len(row.parameters) == 2:
        numbers.append(str(row.parameters[1].default))
    if len(numbers) == 2 and int(numbers[1]) > int(numbers[0]):
        argument.wrong("bad-parameter", "A number has no more digits after the point than in all.")
    return tuple(numbers)


def _enum_params(argument: Field, row: FieldType, params: list[str], name: str) -> tuple[str, ...]:
    if not params:
        sentence = f"An enum names its words: {name}:enum.draft.live."
        argument.wrong("bad-parameter", sentence, "enum")
    members: set[str] = set()
    for word in params:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,31}", word) or word.endswith(("_", "-")):
            sentence = f"{word!r} cannot be a word of an enum: a letter first, at most 32 in all."
            argument.wrong("bad-parameter", sentence, word)
        elif member_name(word) in members:
            argument.wrong("bad-parameter", f"The enum has the word {word!r} twice.", word)
        members.add(member_name(word))
    return tuple(params)


def member_name(word: str) -> str:
    """Returns the name of an enum's member: ``ON_HOLD`` for ``on-hold``."""
    return snake_case(word).upper()


def _ref_params(argument: Field, row: FieldType, params: list[str], name: str) -> tuple[str, ...]:
    if len(params) > 1:
        sentence = f"{row.name!r} names one entity: {name}:{row.name}.{params[0] or 'Category'}."
        argument.wrong("bad-parameter", sentence, ".".join(params))
        return ()
    single = singularize(name) if row.name == "many" and looks_plural(name) else name
    typed = params[0] if params else pascal_case(single.removesuffix("_id"))
    problems = names.check_entity(typed)
    for problem in problems:
        argument.wrong(problem.code, problem.sentence, typed)
    return () if problems else (pascal_case(typed),)


def _list_params(argument: Field, row: FieldType, params: list[str], name: str) -> tuple[str, ...]:
    word = params[0] if params else ""
    element = NAMES.get(word.lower(), "")
    known = f"A list holds one of: {', '.join(ELEMENTS)}."
    if not params:
        sentence = f"A list names what it holds: {name}:list.str. {known}"
        argument.wrong("bad-parameter", sentence, "list")
    elif element not in ELEMENTS:
        hint = suggestion(word.lower(), ELEMENTS)
        sentence = f"A list cannot hold {word!r}.{hint} {known}"
        argument.wrong("bad-parameter", sentence, word)
    elif len(params) > 1:
        sentence = f"What a list holds takes nothing after its name: {name}:list.{element}."
        argument.wrong("bad-parameter", sentence, ".".join(params[1:]))
    else:
        return (element,)
    return ()


_READERS = {
    "enum": _enum_params,
    "ref": _ref_params,
    "many": _ref_params,
    "list": _list_params,
}


# -- modifiers ------------------------------------------------------------------------------------


def _modifiers(argument: Field, parts: list[str]) -> tuple[Modifier, ...] | None:
    found: dict[str, Modifier] = {}
    for part in parts:
        word, _, value = part.partition(".")
        name = MODIFIER_NAMES.get(word.lower())
        if name is None:
            known = suggestion(word.lower(), MODIFIER_NAMES) or f" Known: {', '.join(MODIFIERS)}."
            argument.wrong("unknown-modifier", f"There is no modifier {word!r}.{known}", part)
        elif name in found:
            argument.wrong("duplicate-modifier", f"The modifier {name!r} stands twice.", part)
        elif _modifier_fits(argument, name, value, part):
            found[name] = Modifier(name, value if MODIFIERS[name].word else value.lower())
    ordered = tuple(found[name] for name in MODIFIERS if name in found)
    return ordered if len(found) == len(parts) else None


def _modifier_fits(argument: Field, name: str, value: str, part: str) -> bool:
    row = MODIFIERS[name]
    if row.word and value:
        problems = names.check_field(value, argument.text)
        for problem in problems:
            argument.wrong(problem.code, problem.sentence, part)
        return not problems
    if row.word:
        good, wants = False, "a name after a dot, such as as.posts"
    elif row.number:
        good = bool(re.fullmatch(r"-?[0-9]{1,30}(\.[0-9]{1,18})?", value))
        wants = f"a number after a dot, such as {name}.0"
    elif row.values:
        good = value.lower() in row.values
        wants = " or ".join(f"{name}.{choice}" for choice in row.values)
    else:
        good, wants = not value and not part.endswith("."), "nothing after it"
    if not good:
        argument.wrong("bad-modifier", f"The modifier {name!r} takes {wants}.", part)
    return good


# -- the fields together --------------------------------------------------------------------------


def _duplicates(specs: Sequence[FieldSpec], fields: Sequence[str]) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[str] = set()
    for spec in specs:
        own = {spec.name, f"{spec.name}_id"} if spec.type == "ref" else {spec.name}
        if own & seen:
            text = [text for text in fields if re.match(rf"{spec.name}(_id)?([:=]|$)", text)][-1]
            sentence = f"There are two fields {spec.name!r}; leave one out."
            problems.append(Problem("duplicate-field", sentence, text, 0, len(spec.name)))
        seen |= own
    return problems


def _class_clashes(spec: EntitySpec) -> list[Problem]:
    """Finds a field whose class would hide, in the entity's source, another one that it needs."""
    views = {f"{spec.name}{kind}": kind.lower() for kind in ("Form", "Table", "Card")}
    others = targets(spec)
    problems: list[Problem] = []
    for one in spec.fields:
        text, name = str(one), spec.name + pascal_case(one.name)
        if one.type == "enum" and (name in IMPORTED_CLASSES or name in views or name in others):
            sentence = f"Its enum would be called {name}, as another class is; rename the field."
            problems.append(Problem("reserved-name", sentence, text))
        elif is_relation(one) and (kind := views.get(one.params[0])):
            sentence = (
                f"The {kind} of {spec.name} is called {one.params[0]} too; "
                "give that entity another name."
            )
            problems.append(Problem("reserved-name", sentence, text))
    return problems
