"""What a template sees of an entity: its names, and for each field the code to write.

Every string comes from the one table of types, so a template prints one line a field and decides
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from nitro_cli.grammar.parser import member_name
from nitro_cli.grammar.spec import EntitySpec, FieldSpec
from nitro_cli.grammar.types import MODIFIERS, TYPES, FieldType
from nitro_cli.grammar.values import bounds
from nitro_cli.grammar.words import pascal, sentence_case, snake

ENUM_LENGTH = 32
"""Longest word of an enum, in characters; the column's width."""

KEY_COLUMNS = ('sa.Column("id", sa.String(36), primary_key=True)',)
MANAGED_COLUMNS = (
    'sa.Column("version", sa.Integer(), nullable=False)',
    'sa.Column("created_at", UtcDateTime(), nullable=False)',
    'sa.Column("updated_at", UtcDateTime(), nullable=False)',
)
"""The columns that every entity has by itself."""


@dataclass(frozen=True, slots=True)
class EnumView:
    """An enum beside an entity.

    Attributes:
        class_name: ``ProductStatus``.
        members: Pairs of member and value: ``("DRAFT", "draft")``.
    """

    class_name: str
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RelationView:
    """A reference to another entity.

    Attributes:
        name: The attribute, ``category``.
        field: The column, ``category_id``.
        target: The other class, ``Category``.
        module: The dotted name of the folder of its source, ``shop.categories``.
        required: Whether every entity must have one.
        to_self: Whether the target is the entity itself.
    """

    name: str
    field: str
    target: str
    module: str
    required: bool
    to_self: bool


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field, as code.

    Attributes:
        name: The attribute: ``price``, ``category_id``.
        label: What people call it.
        declaration: The line in the entity.
        form_field: The right side in the form, or None when no form has it.
        column: The right side in the table, or None when the table does not show it.
        column_name: The left side in the table: ``price``, ``category``.
        sa_columns: The columns in the migration: its own, and the folded copy when it is searched.
        required: Whether a form must fill it.
        search: Whether the search looks at it.
        example: The source of a valid value as a form sends it; empty when no form has the field.
        bad_example: The source of an invalid value, or None when there is none.
        relation: The reference that it is, or None.
    """

    name: str
    label: str
    declaration: str
    form_field: str | None
    column: str | None
    column_name: str
    sa_columns: tuple[str, ...]
    required: bool
    search: bool
    example: str
    bad_example: str | None
    relation: RelationView | None


@dataclass(frozen=True, slots=True)
class Invalid:
    """A field of a form with a value that it refuses.

    Attributes:
        name: The field.
        value: The source of the value.
    """

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A field that a test changes.

    Attributes:
        name: The field.
        text: What the form sends.
        value: The source of what the entity then has.
    """

    name: str
    text: str
    value: str


@dataclass(frozen=True, slots=True)
class EntityView:
    """An entity, as code.

    Attributes:
        class_name: ``OrderItem``.
        variable: ``order_item``.
        table: ``order_item``, also the stem of its events.
        package: The folder of its source, ``order_items``.
        module: The dotted name of that folder, ``shop.order_items``.
        slug: ``order-items``.
        label: ``Order item``.
        plural: ``Order items``.
        options: The class keywords: ``timestamps=True``.
        fields: In the order of declaration.
        title_field: The field that names one of them, or None when none does.
        shown: What names one of them, to stand in an f-string: ``product.name``.
        shown_text: The same as an expression that is a text.
        search: The names of the fields that the search looks at.
        invalid: What a test gets refused, or None when every form is valid.
        changed: What a test changes, or None when no field suits.
        enums: Its enums.
        relations: Its references.
        sa_columns: All columns in the migration, as code.
        sa_indexes: What makes the indexes in the migration, as code.
        entity_imports: Import lines for ``entity.py``.
        view_imports: Import lines for ``views.py``.
        migration_imports: Import lines for the migration, besides Alembic and SQLAlchemy.
    """

    class_name: str
    variable: str
    table: str
    package: str
    module: str
    slug: str
    label: str
    plural: str
    options: str
    fields: tuple[FieldView, ...]
    title_field: FieldView | None
    shown: str
    shown_text: str
    search: tuple[str, ...]
    invalid: Invalid | None
    changed: Changed | None
    enums: tuple[EnumView, ...]
    relations: tuple[RelationView, ...]
    sa_columns: tuple[str, ...]
    sa_indexes: tuple[str, ...]
    entity_imports: tuple[str, ...]
    view_imports: tuple[str, ...]
    migration_imports: tuple[str, ...]


def entity_view(spec: EntitySpec, project_package: str, known: Mapping[str, str]) -> EntityView:
    """Returns what templates see of an entity.

    Args:
        spec: The entity.
        project_package: The import name of the project.
        known: The project's entities by class name, with their folders; the entity itself need not
            be among them.
    """
    modules = {name: f"{project_package}.{folder}" for name, folder in known.items()}
    modules[spec.name] = f"{project_package}.{spec.package}"
    title = next((field.name for field in spec.fields if _names_it(field)), None)
    fields = tuple(_field_view(spec, field, modules, field.name == title) for field in spec.fields)
    relations = tuple(view.relation for view in fields if view.relation is not None)
    shown = f"{spec.table}.{title or 'id'}"
    return EntityView(
        class_name=spec.name,
        variable=spec.table,
        table=spec.table,
        package=spec.package,
        module=modules[spec.name],
        slug=spec.slug,
        label=spec.label,
        plural=spec.plural,
        options="timestamps=True" + (f', plural="{spec.package}"' if spec.chosen_plural else ""),
        fields=fields,
        title_field=next((view for view in fields if view.name == title), None),
        shown=shown,
        shown_text=shown,
        search=_searched(fields, title),
        invalid=_invalid(fields),
        changed=next((c for field in spec.fields if (c := _changed(field))), None),
        enums=tuple(_enum_view(spec, field) for field in spec.fields if field.type == "enum"),
        relations=relations,
        sa_columns=(*KEY_COLUMNS, *(c for f in fields for c in f.sa_columns), *MANAGED_COLUMNS),
        sa_indexes=tuple(_indexes(spec)),
        entity_imports=_entity_imports(spec, fields),
        view_imports=_view_imports(spec, fields, relations, project_package),
        migration_imports=_migration_imports(spec),
    )


# -- one field ------------------------------------------------------------------------------------


def _field_view(
    spec: EntitySpec, field: FieldSpec, modules: Mapping[str, str], is_title: bool
) -> FieldView:
    row, values = TYPES[field.type], _values(spec, field)
    form = _form_field(field, row, values)
    column = _column(field, row)
    if is_title and column is not None:
        column = column.replace("sort=True", "sort=True, link=True")
    return FieldView(
        name=_attribute(field),
        label=sentence_case(field.name),
        declaration=_declaration(spec, field, row, values),
        form_field=form,
        column=column,
        column_name=field.name,
        sa_columns=tuple(_sa_columns(field, row, values)),
        required=not field.has("opt") and field.default is None and field.type != "bool",
        search=field.has("search"),
        example=_example(spec, field, row) if form else "",
        bad_example=repr(row.bad_example) if row.bad_example is not None else None,
        relation=_relation(spec, field, modules) if field.type == "ref" else None,
    )


def _attribute(field: FieldSpec) -> str:
    return f"{field.name}_id" if field.type == "ref" else field.name


def _values(spec: EntitySpec, field: FieldSpec) -> dict[str, str]:
    """Returns what fills the braces of the table of types; a missing one is left out."""
    row = TYPES[field.type]
    if field.type == "enum":
        return {"enum": _enum_name(spec, field), "length": str(ENUM_LENGTH)}
    if field.type == "ref":
        return {"target": field.params[0], "table": snake(field.params[0])}
    given = dict(zip((p.name for p in row.parameters), field.params, strict=False))
    defaults = {p.name: str(p.default) for p in row.parameters if p.default is not None}
    values = {**defaults, **given}
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


def _declaration(
    spec: EntitySpec, field: FieldSpec, row: FieldType, values: Mapping[str, str]
) -> str:
    annotation = row.python.replace("{enum}", values.get("enum", ""))
    options = _filled(row.options, values)
    options += _bound_options(field) + _flag_options(field, options)
    if field.type == "ref" and (on := field.modifier("on")):
        options.append(("ondelete", f'"{_ON_DELETE[on]}"'))
    default = _default(spec, field, row)
    if field.has("opt"):
        annotation += " | None"
    left = f"{_attribute(field)}: {annotation}"
    if not options:
        return left if default is None else f"{left} = {default}"
    if field.type == "json" and default is None:
        options.insert(0, ("default_factory", "dict[str, Any]"))
    if default is not None:
        options.insert(0, ("default", default))
    return f"{left} = Field({', '.join(f'{name}={value}' for name, value in options)})"


_ON_DELETE = {"cascade": "CASCADE", "restrict": "RESTRICT", "null": "SET NULL"}


def _bound_options(field: FieldSpec) -> list[tuple[str, str]]:
    texts = field.type in {"str", "text"}
    names = {"min": "min_length" if texts else "ge", "max": "max_length" if texts else "le"}
    return [(option, value) for name, option in names.items() if (value := field.modifier(name))]


def _flag_options(field: FieldSpec, options: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    taken = {name for name, _ in options}
    flags = [MODIFIERS[m.name].option for m in field.modifiers]
    return [(flag, "True") for flag in flags if flag and flag not in taken]


def _default(spec: EntitySpec, field: FieldSpec, row: FieldType) -> str | None:
    """Returns the source of a field's default, or None when it has none."""
    if field.default is None:
        implied = "False" if field.type == "bool" else None
        return "None" if field.has("opt") else implied
    if field.type == "enum":
        return f"{_enum_name(spec, field)}.{member_name(field.default)}"
    return row.default(field.default)


def _enum_name(spec: EntitySpec, field: FieldSpec) -> str:
    return spec.name + pascal(field.name)


def _enum_view(spec: EntitySpec, field: FieldSpec) -> EnumView:
    return EnumView(_enum_name(spec, field), tuple((member_name(w), w) for w in field.params))


def _relation(spec: EntitySpec, field: FieldSpec, modules: Mapping[str, str]) -> RelationView:
    target = field.params[0]
    return RelationView(
        name=field.name,
        field=_attribute(field),
        target=target,
        module=modules[target],
        required=not field.has("opt"),
        to_self=target == spec.name,
    )


def _example(spec: EntitySpec, field: FieldSpec, row: FieldType) -> str:
    """Returns the source of a valid value; empty for a reference that may stay empty."""
    if field.type == "enum":
        return repr(field.default or field.params[0])
    if field.type == "ref":
        needed = not field.has("opt") and field.params[0] != spec.name
        return f"make({field.params[0]}).id" if needed else ""
    return repr(_examples(field, row)[0])


def _examples(field: FieldSpec, row: FieldType) -> tuple[str, str]:
    """Returns two values that are valid for the field, inside of its bounds."""
    low, high = bounds(field)
    if row.html == "number":
        first = _number_within(Decimal(row.example), low, high, field)
        return first, _number_within(Decimal(row.other_example), low, high, field)
    if field.type in {"str", "text"}:
        return _text_within(row.example, low, high), _text_within(row.other_example, low, high)
    return row.example, row.other_example


def _number_within(
    number: Decimal, low: Decimal | None, high: Decimal | None, field: FieldSpec
) -> str:
    if field.type == "decimal" and field.params:
        digits, scale = int(field.params[0]), int(field.params[1])
        number = round(number, scale) if digits - scale > 1 else Decimal(0)
    if low is not None and number < low:
        number = low
    if high is not None and number > high:
        number = high
    return str(number)


def _text_within(text: str, low: Decimal | None, high: Decimal | None) -> str:
    if low is not None and len(text) < low:
        text = text.ljust(int(low), "x")
    return text if high is None else text[-int(high) :]


# -- forms, tables, migrations --------------------------------------------------------------------


def _form_field(field: FieldSpec, row: FieldType, values: Mapping[str, str]) -> str | None:
    if field.has("readonly") or (field.has("secret") and field.type != "str"):
        return None
    if field.type in {"enum", "ref"}:
        words = [values["enum"] if field.type == "enum" else field.params[0]]
    else:
        words = []
    options: list[tuple[str, str]] = []
    if field.type == "str" and (limit := field.modifier("max")):
        options.append(("max_length", limit))
    if row.html == "number":
        options += [(n, v) for n in ("min", "max") if (v := field.modifier(n)) is not None]
    options += _filled(row.form_options, values)
    if field.has("opt"):
        options.append(("required", "False"))
    words += [f"{name}={value}" for name, value in options]
    form = "PasswordField" if field.has("secret") else row.form
    return f"{form}({', '.join(words)})"


def _column(field: FieldSpec, row: FieldType) -> str | None:
    if not row.in_table or field.has("secret") or field.has("hidden"):
        return None
    if field.type == "ref":
        return "Column()"
    return 'Column(sort=True, align="right")' if row.align else "Column(sort=True)"


def _names_it(field: FieldSpec) -> bool:
    """Whether people call the entity by this field: the first line of text that is shown."""
    return (
        field.type in {"str", "email", "url"} and not field.has("secret") and not field.has("opt")
    )


def _searched(fields: Iterable[FieldView], title: str | None) -> tuple[str, ...]:
    """Returns the fields marked for the search; else the one that names an entity."""
    marked = tuple(field.name for field in fields if field.search)
    return marked or ((title,) if title else ())


def _invalid(fields: Iterable[FieldView]) -> Invalid | None:
    shown = [field for field in fields if field.form_field is not None]
    empty = (Invalid(f.name, '""') for f in shown if f.required and f.relation is None)
    bad = (Invalid(f.name, f.bad_example) for f in shown if f.bad_example is not None)
    return next(empty, None) or next(bad, None)


def _changed(field: FieldSpec) -> Changed | None:
    """Returns what a test changes a field to, when the change is plain to see."""
    row = TYPES[field.type]
    if field.type not in _CHANGEABLE or field.has("secret") or field.has("readonly"):
        return None
    first, other = _examples(field, row)
    if first == other:
        return None
    return Changed(field.name, other, _CHANGEABLE[field.type].format(other, repr(other)))


_TEXT, _NUMBER = "{1}", "{0}"
_CHANGEABLE = {
    "str": _TEXT,
    "text": _TEXT,
    "email": _TEXT,
    "url": _TEXT,
    "int": _NUMBER,
    "bigint": _NUMBER,
    "float": _NUMBER,
}


def _sa_columns(field: FieldSpec, row: FieldType, values: Mapping[str, str]) -> list[str]:
    sql = row.sql.replace("{length}", values.get("length", ""))
    sql = sql.replace("{precision}", values.get("precision", ""))
    sql = sql.replace("{scale}", values.get("scale", ""))
    if field.type == "str" and (limit := field.modifier("max")):
        sql = f"sa.String({limit})"
    name, nullable = _attribute(field), f"nullable={field.has('opt')}"
    parts = [f'"{name}"', sql]
    if field.type == "ref":
        on = field.modifier("on")
        action = f', ondelete="{_ON_DELETE[on]}"' if on else ""
        parts.append(f'sa.ForeignKey("{values["table"]}.id"{action})')
    parts.append(nullable)
    if field.has("unique"):
        parts.append("unique=True")
    columns = [f"sa.Column({', '.join(parts)})"]
    if field.has("search"):
        columns.append(f'sa.Column("{name}_search", sa.Text(), nullable=True)')
    return columns


def _indexes(spec: EntitySpec) -> list[str]:
    indexed = [f for f in spec.fields if f.type == "ref" or f.has("index")]
    names = [_attribute(field) for field in indexed]
    return [f'op.create_index("ix_{spec.table}_{n}", "{spec.table}", ["{n}"])' for n in names]


# -- imports --------------------------------------------------------------------------------------


def _entity_imports(spec: EntitySpec, fields: Iterable[FieldView]) -> tuple[str, ...]:
    lines = {line for field in spec.fields for line in TYPES[field.type].imports}
    lines.add("from nitro import Entity")
    if any("Field(" in field.declaration for field in fields):
        lines.add("from nitro import Field")
    if any("tzinfo=UTC" in field.declaration for field in fields):
        lines.add("from datetime import UTC")
    return tuple(sorted(lines))


def _view_imports(
    spec: EntitySpec,
    fields: tuple[FieldView, ...],
    relations: Iterable[RelationView],
    package: str,
) -> tuple[str, ...]:
    classes = {f.form_field.partition("(")[0] for f in fields if f.form_field is not None}
    classes |= {"Form", "Table"} | ({"Column"} if any(f.column for f in fields) else set())
    lines = {f"from nitro import {name}" for name in classes}
    own = f"from {package}.{spec.package}.entity import "
    used = {r.field for r in relations} & {f.name for f in fields if f.form_field is not None}
    lines.add(own + spec.name)
    lines |= {
        f"from {r.module}.entity import {r.target}"
        for r in relations
        if r.field in used and not r.to_self
    }
    shown = {f.name for f in fields if f.form_field is not None}
    enums = [f for f in spec.fields if f.type == "enum" and f.name in shown]
    return tuple(sorted(lines | {own + _enum_name(spec, field) for field in enums}))


def _migration_imports(spec: EntitySpec) -> tuple[str, ...]:
    lines = {line for field in spec.fields for line in TYPES[field.type].sql_imports}
    return tuple(sorted({*lines, "from nitro_runtime.entities.columns import UtcDateTime"}))
