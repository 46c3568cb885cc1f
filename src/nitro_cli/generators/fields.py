"""The code of one field: its line in the entity, the form, the table and the migration.

Everything comes from the table of types; only what no table can say (an enum's words, a reference's
target) is decided here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from nitro_cli.grammar.parser import member_name
from nitro_cli.grammar.spec import EntitySpec, FieldSpec
from nitro_cli.grammar.types import MODIFIERS, TYPES, UPLOADS, FieldType
from nitro_cli.grammar.values import in_a_form, may_be_left_out
from nitro_runtime.naming import constraint_name, pascal_case, snake_case

ENUM_LENGTH = 32
"""Longest word of an enum, in characters; the column's width."""

_ON_DELETE = {"cascade": "CASCADE", "restrict": "RESTRICT", "null": "SET NULL"}


def attribute(field: FieldSpec) -> str:
    """Returns the field's name in the entity: ``category_id`` for the reference ``category``."""
    return f"{field.name}_id" if field.type == "ref" else field.name


def enum_name(spec: EntitySpec, field: FieldSpec) -> str:
    """Returns the class of a field's words: ``ProductStatus``."""
    return spec.name + pascal_case(field.name)


def parameter_values(spec: EntitySpec, field: FieldSpec) -> dict[str, str]:
    """Returns what fills the braces of the table of types; a missing one is left out."""
    row = TYPES[field.type]
    if field.type == "enum":
        return {"enum": enum_name(spec, field), "length": str(ENUM_LENGTH)}
    if field.type in {"ref", "many"}:
        return {"target": field.params[0], "table": snake_case(field.params[0])}
    if field.type == "list":
        return {"element": TYPES[field.params[0]].python}
    given = dict(zip((p.name for p in row.parameters), field.params, strict=False))
    defaults = {p.name: str(p.default) for p in row.parameters if p.default is not None}
    values = {**defaults, **given}
    if field.type == "str" and (longest := field.modifier("max")):
        values["length"] = longest
    if "scale" in values:
        scale = int(values["scale"])
        values["step"] = str(Decimal(1).scaleb(-scale)) if scale else "1"
    return values


def _filled(options: Iterable[tuple[str, str]], values: Mapping[str, str]) -> list[tuple[str, str]]:
    """Fills the options; one whose parameter was not given is left out."""
    found: list[tuple[str, str]] = []
    for name, template in options:
        needs = re.fullmatch(r'"?\{(\w+)\}.*', template)
        if needs is None:
            found.append((name, template))
        elif needs[1] in values:
            found.append((name, template.replace(f"{{{needs[1]}}}", values[needs[1]])))
    return found


def declaration(
    spec: EntitySpec, field: FieldSpec, row: FieldType, values: Mapping[str, str]
) -> str:
    """Returns the field's line in the entity.

    Args:
        spec: The entity.
        field: The field.
        row: Its type.
        values: Its type's parameters, from `parameter_values`.
    """
    if field.type == "many":
        return ""  # it has no column; `relation_line` declares it
    annotation = _braces(row.python, values)
    options = _filled(row.options, values)
    options += _bound_options(field) + _flag_options(field, options) + _reference_options(field)
    default = _default(spec, field, row)
    if field.has("opt"):
        annotation += " | None"
    left = f"{attribute(field)}: {annotation}"
    if row.factory and default is None and may_be_left_out(field):
        options.insert(0, ("default_factory", _braces(row.factory, values)))
    if not options:
        return left if default is None else f"{left} = {default}"
    if default is not None:
        options.insert(0, ("default", default))
    return f"{left} = Field({', '.join(f'{name}={value}' for name, value in options)})"


def _braces(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _reference_options(field: FieldSpec) -> list[tuple[str, str]]:
    if field.type != "ref":
        return []
    options = [("unique", "True") if field.has("one") else ("index", "True")]
    on = field.modifier("on")
    return [*options, ("ondelete", f'"{_ON_DELETE[on]}"')] if on else options


_BOUNDS = {
    "str": {"min": "min_length"},  # its greatest length is a parameter of the type
    "list": {"min": "min_length", "max": "max_length"},
    "file": {},  # how great a file may be is a matter of the form
    "image": {},
}


def _bound_options(field: FieldSpec) -> list[tuple[str, str]]:
    names = _BOUNDS.get(field.type, {"min": "ge", "max": "le"})
    return [(option, value) for name, option in names.items() if (value := field.modifier(name))]


def _flag_options(field: FieldSpec, options: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    taken = {name for name, _ in options}
    flags = [MODIFIERS[m.name].option for m in field.modifiers]
    return [(flag, "True") for flag in flags if flag and flag not in taken]


def _default(spec: EntitySpec, field: FieldSpec, row: FieldType) -> str | None:
    """Returns the source of a field's default, or None when it has none."""
    if field.default is None:
        return "None" if field.has("opt") else row.implied or None
    if field.type == "enum":
        return f"{enum_name(spec, field)}.{member_name(field.default)}"
    return row.default(field.default)


def form_field(field: FieldSpec, row: FieldType, values: Mapping[str, str]) -> str | None:
    """Returns what makes the field of the form, or None when no form has it."""
    if not in_a_form(field):
        return None
    if field.type in {"enum", "ref", "many"}:
        words = [values["enum"] if field.type == "enum" else field.params[0]]
    else:
        words = []
    options: list[tuple[str, str]] = []
    if row.html == "number":
        options += [(n, v) for n in ("min", "max") if (v := field.modifier(n)) is not None]
    options += _filled(row.form_options, values)
    if field.type in UPLOADS and (megabytes := field.modifier("max")):
        options.append(("max_megabytes", megabytes))
    if field.has("opt"):
        options.append(("required", "False"))
    words += [f"{name}={value}" for name, value in options]
    return f"{row.form}({', '.join(words)})"


def in_table(field: FieldSpec) -> bool:
    """Whether the table shows the field."""
    return TYPES[field.type].in_table and not field.has("secret") and not field.has("hidden")


def table_column(field: FieldSpec, *, link: bool) -> str | None:
    """Returns what makes the column of the table, or None when the table does not show it.

    Args:
        field: The field.
        link: Whether its cell leads to the entity's own page.
    """
    if not in_table(field):
        return None
    options = {
        "sort=True": TYPES[field.type].sortable,
        "link=True": link,
        'align="right"': bool(TYPES[field.type].align),
    }
    return f"Column({', '.join(option for option, chosen in options.items() if chosen)})"


def sa_columns(
    spec: EntitySpec, field: FieldSpec, row: FieldType, values: Mapping[str, str]
) -> list[str]:
    """Returns the field's columns in the migration: its own, and the folded copy when searched."""
    if field.type == "many":
        return []
    name = attribute(field)
    parts = [f'"{name}"', _sa_type(field, row, values)]
    if field.type == "ref":
        on_delete = _ON_DELETE.get(field.modifier("on") or "")
        parts.append(sa_reference(spec.table, name, values["table"], on_delete))
    parts.append(f"nullable={field.has('opt')}")
    columns = [f"sa.Column({', '.join(parts)})"]
    if field.has("search"):
        columns.append(f'sa.Column("{name}_search", ExactText(), nullable=True)')
    return columns


_SHORT_TEXT = 768
"""Characters of a text that every database can index."""


def _sa_type(field: FieldSpec, row: FieldType, values: Mapping[str, str]) -> str:
    sql = row.sql.format_map(defaultdict(str, values))
    text = re.fullmatch(r"ExactText\((\d*)\)", sql)
    if text is None or not (field.has("unique") or field.has("index")):
        return sql
    if not text[1]:
        return "ExactText(indexed=True)"
    return sql if int(text[1]) <= _SHORT_TEXT else f"ExactText({text[1]}, indexed=True)"


def sa_reference(table: str, column: str, target: str, on_delete: str | None) -> str:
    """Returns the foreign key of a column in the migration.

    Args:
        table: The table with the column.
        column: The column.
        target: The table that it refers to.
        on_delete: What happens when that row goes, as SQL says it; None for nothing.
    """
    name = constraint_name("fk", table, (column,))
    action = f', ondelete="{on_delete}"' if on_delete else ""
    return f'sa.ForeignKey("{target}.id", name="{name}"{action})'


def sa_unique(table: str, *columns: str) -> str:
    """Returns what makes columns of a table unique together, in the migration."""
    name = constraint_name("uq", table, columns)
    quoted = ", ".join(f'"{column}"' for column in columns)
    return f'sa.UniqueConstraint({quoted}, name="{name}")'


def sa_uniques(spec: EntitySpec) -> list[str]:
    """Returns what makes fields unique in the migration, but for those whose index does."""
    unique = (
        field
        for field in spec.fields
        if field.has("one") or (field.has("unique") and not field.has("index"))
    )
    return [sa_unique(spec.table, attribute(field)) for field in unique]


def sa_index(table: str, column: str, *, unique: bool = False) -> str:
    """Returns what makes the index of a column in the migration."""
    name = constraint_name("ix", table, (column,))
    options = ", unique=True" if unique else ""
    return f'op.create_index("{name}", "{table}", ["{column}"]{options})'
