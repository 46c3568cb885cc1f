"""The one table of field types, and the one of modifiers.

Everything that depends on a type is a column here: its Python annotation, its SQL type, its form
field, its example values. Text in braces is filled with the type's parameters; an option whose
parameter was not given is left out.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

Options = tuple[tuple[str, str], ...]

TEXT_MODIFIERS = frozenset({"unique", "index", "min", "max", "search"})
NUMBER_MODIFIERS = frozenset({"unique", "index", "min", "max"})
PLAIN_MODIFIERS = frozenset({"unique", "index"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number after the type's name, as ``10`` and ``2`` in ``decimal.10.2``.

    Attributes:
        name: What the table's templates call it.
        lowest: Least value, inclusive.
        highest: Greatest value, inclusive.
        default: Its value when it is not given, or None when it is then absent.
    """

    name: str
    lowest: int
    highest: int
    default: int | None = None


# -- defaults: from what was typed to Python source -----------------------------------------------


def _text(typed: str) -> str:
    if not typed.isprintable():
        raise ValueError(typed)
    return repr(typed)


def _int(typed: str) -> str:
    if "_" in typed or not typed.isascii():
        raise ValueError(typed)
    return str(int(typed))


def _float(typed: str) -> str:
    number = float(typed)
    if "_" in typed or number != number or number in (float("inf"), float("-inf")):
        raise ValueError(typed)
    return repr(number)


def _decimal(typed: str) -> str:
    try:
        number = Decimal(typed)
    except InvalidOperation:
        raise ValueError(typed) from None
    if "_" in typed or not typed.isascii() or not number.is_finite():
        raise ValueError(typed)
    return f'Decimal("{typed}")'


_BOOLEANS = {"true": "True", "yes": "True", "1": "True", "false": "False", "no": "False"}
_BOOLEANS["0"] = "False"


def _bool(typed: str) -> str:
    if typed.lower() not in _BOOLEANS:
        raise ValueError(typed)
    return _BOOLEANS[typed.lower()]


def _date(typed: str) -> str:
    day = date.fromisoformat(typed)
    return f"date({day.year}, {day.month}, {day.day})"


def _time(typed: str) -> str:
    moment = time.fromisoformat(typed)
    if moment.tzinfo is not None:
        raise ValueError(typed)
    return repr(moment.replace(microsecond=0)).removeprefix("datetime.")


def _datetime(typed: str) -> str:
    moment = datetime.fromisoformat(typed)
    if moment.tzinfo is not None:
        raise ValueError(typed)
    parts = moment.timetuple()[:5]
    return f"datetime({', '.join(map(str, parts))}, tzinfo=UTC)"


def _uuid(typed: str) -> str:
    return f'UUID("{uuid.UUID(typed)}")'


# -- the table ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldType:
    """One row of the table of field types.

    Attributes:
        name: The canonical name in the grammar.
        summary: What it holds, in a few words.
        aliases: What people type for it elsewhere.
        python: The annotation in the entity.
        imports: Import lines that the annotation (and a default) needs in the entity's source.
        options: Keywords of ``Field(...)``.
        column: The column type as databases call it, for people.
        sql: The column type in a migration; one without ``sa.`` is Nitro's own.
        form: The class of the form field.
        form_options: Its keywords.
        html: The kind of HTML control.
        schema: The type in JSON schema.
        example: A value that is valid, as a form sends it.
        other_example: Another one.
        bad_example: A value that is never valid, or None.
        expects: How a default is written, for messages; empty when the type takes no default.
        default: Turns a typed default into Python source; raises ValueError.
        parameters: What may follow the name after dots.
        modifiers: The modifiers it takes besides those that every type takes.
        refuses: Modifiers that make no sense here, each with the reason as a sentence.
        implied: The default that a field has when none is typed, as source; empty for none.
        factory: What makes that default instead, as source.
        sortable: Whether a table can be sorted by it.
        in_table: Whether a table shows it.
        align: ``right`` for numbers.
    """

    name: str
    summary: str
    python: str = "str"
    column: str = "VARCHAR"
    sql: str = ""
    form: str = "TextField"
    html: str = "text"
    schema: str = "string"
    example: str = "Example"
    other_example: str = "Example 2"
    bad_example: str | None = None
    expects: str = ""
    default: Callable[[str], str] = _text
    aliases: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    options: Options = ()
    form_options: Options = ()
    parameters: tuple[Parameter, ...] = ()
    modifiers: frozenset[str] = PLAIN_MODIFIERS
    refuses: Options = ()
    implied: str = ""
    factory: str = ""
    sortable: bool = True
    in_table: bool = True
    align: str = ""


_ROWS = (
    FieldType(
        name="str",
        summary="a line of text, str.80 for at most 80 characters",
        aliases=("string", "varchar", "char"),
        options=(("max_length", "{length}"),),
        sql="ExactText({length})",
        form_options=(("max_length", "{length}"),),
        expects="some text",
        parameters=(Parameter("length", 1, 10_000),),
        modifiers=TEXT_MODIFIERS,
    ),
    FieldType(
        name="text",
        summary="text of any length, on several lines",
        column="TEXT",
        aliases=("longtext", "clob"),
        imports=("from nitro import Text",),
        options=(("sa_type", "Text"),),
        sql="ExactText()",
        form="TextArea",
        html="textarea",
        expects="some text",
        modifiers=frozenset({"search"}),
        in_table=False,
    ),
    FieldType(
        name="int",
        summary="a whole number",
        column="BIGINT",
        aliases=("integer", "smallint", "number"),
        python="int",
        sql="sa.BigInteger()",
        form="NumberField",
        form_options=(("step", '"1"'),),
        html="number",
        schema="integer",
        example="1",
        other_example="2",
        bad_example="many",
        expects="a whole number such as 0",
        default=_int,
        modifiers=NUMBER_MODIFIERS,
        align="right",
    ),
    FieldType(
        name="bigint",
        summary="a whole number beyond two thousand millions",
        column="BIGINT",
        aliases=("biginteger", "long"),
        python="int",
        sql="sa.BigInteger()",
        form="NumberField",
        form_options=(("step", '"1"'),),
        html="number",
        schema="integer",
        example="1",
        other_example="2",
        bad_example="many",
        expects="a whole number such as 0",
        default=_int,
        modifiers=NUMBER_MODIFIERS,
        align="right",
    ),
    FieldType(
        name="float",
        summary="a number with a fraction, not exact",
        column="DOUBLE",
        aliases=("double", "real"),
        python="float",
        sql="Double()",
        form="NumberField",
        form_options=(("step", '"any"'),),
        html="number",
        schema="number",
        example="9.99",
        other_example="19.99",
        bad_example="many",
        expects="a number such as 0.5",
        default=_float,
        modifiers=NUMBER_MODIFIERS,
        align="right",
    ),
    FieldType(
        name="decimal",
        summary="an exact number, decimal.10.2 for 10 digits with 2 after the point",
        column="NUMERIC",
        aliases=("numeric", "money"),
        python="Decimal",
        imports=("from decimal import Decimal",),
        options=(("max_digits", "{precision}"), ("decimal_places", "{scale}")),
        sql="ExactDecimal({precision}, {scale})",
        form="NumberField",
        form_options=(("step", '"{step}"'),),
        html="number",
        schema="string",
        example="9.99",
        other_example="19.99",
        bad_example="many",
        expects="a number such as 9.99",
        default=_decimal,
        parameters=(Parameter("precision", 1, 38, 10), Parameter("scale", 0, 18, 2)),
        modifiers=NUMBER_MODIFIERS,
        align="right",
    ),
    FieldType(
        name="bool",
        summary="yes or no",
        column="BOOLEAN",
        aliases=("boolean",),
        python="bool",
        sql="sa.Boolean()",
        form="CheckboxField",
        html="checkbox",
        schema="boolean",
        example="on",
        other_example="on",
        expects="true or false",
        default=_bool,
        modifiers=frozenset({"index"}),
        implied="False",
    ),
    FieldType(
        name="date",
        summary="a day",
        column="DATE",
        python="date",
        imports=("from datetime import date",),
        sql="sa.Date()",
        form="DateField",
        html="date",
        example="2026-01-31",
        other_example="2026-02-28",
        bad_example="someday",
        expects="a day such as 2026-01-31",
        default=_date,
    ),
    FieldType(
        name="time",
        summary="a time of day",
        column="TIME",
        python="time",
        imports=("from datetime import time",),
        sql="ExactTime()",
        form="TimeField",
        html="time",
        example="12:30",
        other_example="13:45",
        bad_example="noonish",
        expects="a time such as 12:30",
        default=_time,
    ),
    FieldType(
        name="datetime",
        summary="a moment, kept in UTC",
        column="DATETIME",
        aliases=("timestamp",),
        python="datetime",
        imports=("from datetime import datetime",),
        sql="UtcDateTime()",
        form="DateTimeField",
        html="datetime-local",
        example="2026-01-31T12:30",
        other_example="2026-02-28T13:45",
        bad_example="someday",
        expects="a moment in UTC such as 2026-01-31T12:30",
        default=_datetime,
    ),
    FieldType(
        name="uuid",
        summary="a universally unique identifier",
        column="CHAR(32)",
        aliases=("guid",),
        python="UUID",
        imports=("from uuid import UUID",),
        sql="ExactUuid()",
        example="00000000-0000-4000-8000-000000000001",
        other_example="00000000-0000-4000-8000-000000000002",
        bad_example="one",
        expects="a UUID",
        default=_uuid,
    ),
    FieldType(
        name="email",
        summary="an e-mail address",
        column="VARCHAR(254)",
        options=(("max_length", "254"), ("regex", r'r"^[^@\s]+@[^@\s]+$"')),
        sql="ExactText(254)",
        form="EmailField",
        html="email",
        example="ada@example.com",
        other_example="grace@example.com",
        bad_example="nobody",
        expects="an address such as ada@example.com",
        modifiers=frozenset({"unique", "index", "search"}),
    ),
    FieldType(
        name="url",
        summary="a web address",
        column="VARCHAR(2000)",
        aliases=("link",),
        options=(("max_length", "2000"), ("regex", r'r"^https?://\S+$"')),
        sql="ExactText(2000)",
        form="UrlField",
        html="url",
        example="https://example.com/",
        other_example="https://example.com/2",
        bad_example="nowhere",
        expects="an address such as https://example.com/",
        modifiers=frozenset({"unique", "index", "search"}),
    ),
    FieldType(
        name="json",
        summary="an object of any shape",
        column="JSON",
        aliases=("jsonb", "dict"),
        python="dict[str, Any]",
        imports=("from typing import Any",),
        sql="JSON()",
        form="JsonField",
        html="textarea",
        schema="object",
        example='{"a": 1}',
        other_example='{"a": 2}',
        bad_example="{",
        modifiers=frozenset(),
        refuses=(("sort", "Objects have no order."),),
        factory="dict[str, Any]",
        sortable=False,
        in_table=False,
    ),
    FieldType(
        name="enum",
        summary="one of some words: enum.draft.live",
        column="VARCHAR(32)",
        aliases=("choice",),
        python="{enum}",
        imports=("from enum import StrEnum",),
        sql="EnumText({length})",
        form="SelectField",
        html="select",
        bad_example="no-such-choice",
        expects="one of its words",
        modifiers=frozenset({"index"}),
    ),
    FieldType(
        name="ref",
        summary="another entity: ref.Category, or Category alone",
        column="TEXT",
        aliases=("references", "reference", "belongs_to", "fk", "foreign_key"),
        imports=("from nitro import belongs_to",),
        options=(("foreign_key", '"{table}.id"'),),
        sql="ExactText(indexed=True)",
        form="RelationField",
        html="select",
        modifiers=frozenset({"on", "as", "one"}),
        refuses=(
            ("unique", "A reference that no two share is written 'one'."),
            ("index", "A reference has an index anyway."),
            ("sort", "A reference is shown by the other's name, which has no order here."),
        ),
        sortable=False,
    ),
    FieldType(
        name="list",
        summary="several values of one kind: list.str, list.int",
        column="JSON",
        aliases=("array",),
        python="list[{element}]",
        sql="JSON()",
        form="ListField",
        html="textarea",
        schema="array",
        modifiers=frozenset({"min", "max"}),
        refuses=(("sort", "Lists have no order."),),
        factory="list[{element}]",
        sortable=False,
    ),
    FieldType(
        name="many",
        summary="any number of another entity: many.Tag",
        column="a table between",
        aliases=("many_to_many", "m2m", "has_and_belongs_to_many"),
        python="list",
        imports=("from nitro import many_to_many",),
        form="ManyField",
        html="checkboxes",
        schema="array",
        modifiers=frozenset({"as"}),
        refuses=(
            ("opt", "There may always be none."),
            ("secret", "Which others it has is no secret; use 'hidden' or 'readonly'."),
            ("sort", "Several others have no order to sort by."),
        ),
        sortable=False,
    ),
    FieldType(
        name="file",
        summary="an uploaded file, by its key in the storage",
        column="VARCHAR(80)",
        aliases=("upload", "attachment"),
        python="FileKey",
        imports=("from nitro import FileKey",),
        sql="ExactText(80)",
        form="FileField",
        html="file",
        example="example.txt",
        other_example="example.txt",
        modifiers=frozenset({"max"}),
        refuses=(("sort", "Files have no order."),),
        sortable=False,
    ),
    FieldType(
        name="image",
        summary="an uploaded picture: PNG, JPEG, GIF or WebP",
        column="VARCHAR(80)",
        aliases=("picture", "photo"),
        python="ImageKey",
        imports=("from nitro import ImageKey",),
        sql="ExactText(80)",
        form="ImageField",
        html="file",
        example="example.png",
        other_example="example.png",
        modifiers=frozenset({"max"}),
        refuses=(("sort", "Pictures have no order."),),
        sortable=False,
    ),
)

TYPES: Mapping[str, FieldType] = MappingProxyType({row.name: row for row in _ROWS})
"""Every type by its canonical name."""

ELEMENTS = ("str", "int", "bigint", "float", "decimal", "bool", "date", "time", "datetime", "uuid")
"""What a list may hold: the types whose values are checked by their Python type alone."""

UPLOADS = frozenset({"file", "image"})
"""The types whose values a form sends as files."""

NAMES: Mapping[str, str] = MappingProxyType(
    {name: row.name for row in _ROWS for name in (row.name, *row.aliases)}
)
"""Every name that a type may be typed by, with its canonical name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifierType:
    """One row of the table of modifiers.

    Attributes:
        name: Its name in the grammar.
        summary: What it means.
        everywhere: Whether every type takes it.
        values: What may follow the dot; empty when nothing may, unless ``number``.
        number: Whether a number follows the dot.
        word: Whether the name of an attribute follows the dot.
        option: The keyword of ``Field(...)`` that it sets to True, or an empty string.
        aliases: What people type for it elsewhere.
    """

    name: str
    summary: str
    everywhere: bool = False
    values: tuple[str, ...] = ()
    number: bool = False
    word: bool = False
    option: str = ""
    aliases: tuple[str, ...] = ()


_MODIFIERS = (
    ModifierType(
        name="opt",
        summary="may be empty",
        everywhere=True,
        aliases=("optional", "null", "nullable", "none"),
    ),
    ModifierType(name="unique", summary="no two have the same", option="unique", aliases=("uniq",)),
    ModifierType(name="index", summary="found fast by it", option="index", aliases=("idx",)),
    ModifierType(
        name="min", summary="least number, shortest text, fewest values: min.0", number=True
    ),
    ModifierType(
        name="max",
        summary="greatest number, longest text, most values or megabytes: max.5",
        number=True,
    ),
    ModifierType(name="secret", summary="never sent out", everywhere=True, option="secret"),
    ModifierType(name="readonly", summary="never taken in", everywhere=True, option="readonly"),
    ModifierType(name="hidden", summary="not shown", everywhere=True, option="hidden"),
    ModifierType(name="search", summary="part of the search", option="search"),
    ModifierType(name="sort", summary="a table sorts by it, as it does anyway", everywhere=True),
    ModifierType(
        name="on",
        summary="what a delete of the other does: on.cascade",
        values=("cascade", "restrict", "null"),
    ),
    ModifierType(name="as", summary="what the other side calls these: as.posts", word=True),
    ModifierType(name="one", summary="at most one refers to each other: one to one"),
)

MODIFIERS: Mapping[str, ModifierType] = MappingProxyType({row.name: row for row in _MODIFIERS})
"""Every modifier by its canonical name, in the order in which a specification keeps them."""

MODIFIER_NAMES: Mapping[str, str] = MappingProxyType(
    {name: row.name for row in _MODIFIERS for name in (row.name, *row.aliases)}
)
"""Every name that a modifier may be typed by, with its canonical name."""
