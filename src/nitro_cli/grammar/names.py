"""Which names a project, an entity and a field may have, and why the others may not.

Each check returns the problems it finds, an empty list for a good name. A name is refused when the
source written with it would not run, or would quietly hide something that Nitro, pydantic or
SQLAlchemy needs.
"""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata
from collections.abc import Iterable

from nitro_cli.grammar.problems import Problem
from nitro_cli.grammar.reserved import (
    ADDRESSES,
    BUILTINS,
    CLASS_BODY,
    IMPORTED_CLASSES,
    INSTALLED,
    LIBRARY,
    MANAGED,
    PROJECT_FOLDERS,
    PROJECT_MODULES,
    USED_FUNCTIONS,
    VERBS,
    VIEW_OPTIONS,
)
from nitro_runtime.naming import looks_plural, pascal_case, singularize, snake_case

LONGEST = 60
"""Longest name in characters; databases allow 63, and a reference adds ``_id``."""

_LOOK_ALIKE = str.maketrans(
    "аеорсухіјѕԁһԛԝВЕКМНОРСТХАαοενικτρυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",  # they are the point
    "aeopcyxijsdhqwBEKMHOPCTXAaoevikTpuxABEZHIKMNOPTYX",
)


def check_project(name: str) -> list[Problem]:
    """Checks the name of a new project, as typed: letters, digits, hyphens, underscores."""
    if "/" in name or "\\" in name or name.startswith("."):
        last = re.split(r"[/\\]", name.rstrip("/\\"))[-1] if name.strip("/\\.") else ""
        advice = f" Go to the folder that shall hold it and use {last!r}." if last else ""
        return [_problem("bad-path", f"A project's name is a name, not a path.{advice}", name)]
    problems = _check_shape(name, r"[A-Za-z][A-Za-z0-9_-]*", "a project", "-")
    if problems:
        return problems
    package = package_name(name)
    if keyword.iskeyword(package) or package in BUILTINS:
        reason = "a word of Python itself"
    elif package in sys.stdlib_module_names or package == "test":
        reason = "a module of Python's standard library, which it would hide"
    elif package in INSTALLED:
        reason = "a package that the project needs, which it would hide"
    elif package in PROJECT_FOLDERS:
        reason = "a folder or file that every project has"
    else:
        return []
    return [_reserved(name, reason, f"{package}_app")]


def package_name(project: str) -> str:
    """Returns the import name of a project: ``my_shop`` for ``my-shop`` and ``My-Shop``."""
    return project.replace("-", "_").lower()


def variable_name(entity: str) -> str:
    """Returns what generated source calls one of an entity: ``order_item`` for ``OrderItem``."""
    word = snake_case(entity)
    return f"{word}_record" if word in USED_FUNCTIONS else word


def check_entity(name: str, plural: str | None = None) -> list[Problem]:
    """Checks the name of an entity as typed, and its folder's name when one was chosen."""
    problems = _check_shape(name, r"[A-Za-z][A-Za-z0-9]*([_-][A-Za-z0-9]+)*", "an entity", "_")
    if problems:
        return problems
    class_name, word = pascal_case(name), snake_case(name)
    if keyword.iskeyword(word) or keyword.iskeyword(class_name):
        return [_reserved(name, "a keyword of Python", f"{class_name}Record")]
    if word in BUILTINS or class_name in BUILTINS:
        return [_reserved(name, "a builtin of Python", f"{class_name}Record")]
    if class_name in IMPORTED_CLASSES:
        return [_reserved(name, "a class that generated source imports", f"{class_name}Record")]
    if plural is None and looks_plural(word):
        sentence = (
            f"An entity is named in the singular: {pascal_case(singularize(word))}. "
            f"If {name!r} is right, say its plural: --plural {word}es."
        )
        return [_problem("plural-entity", sentence, name)]
    return []


def check_package(package: str, typed: str) -> list[Problem]:
    """Checks the folder of an entity's source, the snake-case plural of its name."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", package):
        sentence = "A plural is small letters, digits and underscores, such as 'order_items'."
        return [_problem("bad-name", sentence, typed)]
    reasons = (
        (keyword.iskeyword(package), "a keyword of Python"),
        (package in PROJECT_MODULES or package in PROJECT_FOLDERS, "in the project already"),
        (package in ADDRESSES, "where Nitro's own routes are"),
    )
    reason = next((reason for holds, reason in reasons if holds), "")
    if not reason:
        return []
    sentence = (
        f"Its folder would be called {package!r}, which is {reason}; "
        f"choose another plural: --plural {package}_list."
    )
    return [_problem("reserved-name", sentence, typed)]


def check_field(name: str, text: str | None = None) -> list[Problem]:
    """Checks the name of a field; ``text`` is the whole argument that it starts."""
    text = name if text is None else text
    problems = _check_shape(name, r"[a-z][a-z0-9]*(_[a-z0-9]+)*", "a field", "_", text)
    if problems:
        return problems
    reason = _field_reason(name)
    return [_reserved(name, reason, _other_name(name), text)] if reason else []


_OTHER_NAMES = {
    "type": "kind",
    "date": "day",
    "time": "starts_at",
    "datetime": "happens_at",
    "id": "number",
    "version": "edition",
    "metadata": "details",
    "hash": "digest",
    "count": "quantity",
    "table": "table_number",
    "order": "position",
    "data": "details",
    "format": "file_format",
}


def _other_name(name: str) -> str:
    return _OTHER_NAMES.get(name, f"{name.removeprefix('model_')}_value")


def _field_reason(name: str) -> str:
    reasons = (
        (keyword.iskeyword(name), "a keyword of Python"),
        (name in MANAGED, "a field that every entity has by itself"),
        (name in VERBS, "something that every entity can do, which it would hide"),
        (name in LIBRARY or name.startswith("model_"), "reserved by pydantic or SQLModel"),
        (name in VIEW_OPTIONS, "a part of every form or table, which it would hide"),
        (name in CLASS_BODY, "a name that the entity's source needs"),
        (name in BUILTINS, "a builtin of Python"),
        (name.endswith("_search"), "the form of Nitro's own search columns"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def check_known(class_name: str, package: str, typed: str, known: Iterable[str]) -> list[Problem]:
    """Checks that a new entity differs from the known ones, in any case of letters.

    Args:
        class_name: The new class.
        package: Its folder.
        typed: The argument, for the message.
        known: The class names that the project has.
    """
    for other in known:
        if other == class_name:
            continue
        if other.lower() == class_name.lower() or snake_case(other) == snake_case(class_name):
            sentence = (
                f"There is an entity {other} already, and {class_name} differs from it only in "
                f"the case of letters; choose another name, or go on with {other}."
            )
            return [_problem("entity-clash", sentence, typed)]
    return []


def _check_shape(name: str, pattern: str, what: str, joint: str, text: str = "") -> list[Problem]:
    text = text or name
    if not name.strip():
        return [_problem("empty-name", f"The name of {what} is empty.", text)]
    if not name.isascii():
        return [_look_alike(name, text)]
    if len(name) > LONGEST:
        sentence = f"The name of {what} may have at most {LONGEST} characters."
        return [Problem("long-name", sentence, text, 0, len(name))]
    if re.fullmatch(pattern, name):
        return []
    advice = _nearest(name, pattern, joint)
    kind = "letters, digits and " + ("hyphens" if joint == "-" else "underscores")
    sentence = f"{name!r} is not a name for {what}: {kind}, a letter first.{advice}"
    return [Problem("bad-name", sentence, text, 0, len(name))]


def _nearest(name: str, pattern: str, joint: str) -> str:
    lowered = snake_case(re.sub(r"[^A-Za-z0-9]+", "_", name)).strip("_").lstrip("0123456789_")
    candidate = re.sub(r"_+", joint, lowered)
    fits = candidate != name and re.fullmatch(pattern, candidate)
    fits = fits and not keyword.iskeyword(candidate)
    return f" Did you mean {candidate!r}?" if fits else ""


def _look_alike(name: str, text: str) -> Problem:
    strange = next(char for char in name if not char.isascii())
    called = unicodedata.name(strange, f"U+{ord(strange):04X}")
    plain = unicodedata.normalize("NFKD", name.translate(_LOOK_ALIKE))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    advice = f" Did you mean {plain!r}?" if plain.isascii() and plain else ""
    sentence = f"{strange!r} ({called}) is not a letter from a to z.{advice}"
    return Problem("non-ascii", sentence, text, name.index(strange), 1)


def _problem(code: str, sentence: str, text: str) -> Problem:
    return Problem(code, sentence, text)


def _reserved(name: str, reason: str, instead: str, text: str = "") -> Problem:
    sentence = f"{name!r} is {reason}; choose another name, such as {instead!r}."
    return Problem("reserved-name", sentence, text or name, 0, len(name))
