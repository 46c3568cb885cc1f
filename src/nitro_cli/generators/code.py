"""Makes what templates see of an entity out of its specification."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from nitro_cli.generators.examples import (
    bad_example,
    changed,
    example,
    file_example,
    invalid,
)
from nitro_cli.generators.fields import (
    attribute,
    declaration,
    enum_name,
    form_field,
    in_table,
    parameter_values,
    sa_columns,
    sa_index,
    sa_uniques,
    table_column,
)
from nitro_cli.generators.model import EntityView, EnumView, FieldView, RelationView
from nitro_cli.generators.relations import links, own_sides
from nitro_cli.grammar.names import variable_name
from nitro_cli.grammar.parser import member_name
from nitro_cli.grammar.relations import is_relation
from nitro_cli.grammar.spec import EntitySpec, FieldSpec
from nitro_cli.grammar.types import TYPES
from nitro_cli.grammar.values import may_be_left_out
from nitro_runtime.naming import sentence_case

KEY_COLUMNS = ('sa.Column("id", ExactText(indexed=True), primary_key=True)',)
MANAGED_COLUMNS = (
    'sa.Column("version", sa.BigInteger(), nullable=False)',
    'sa.Column("created_at", UtcDateTime(), nullable=False)',
    'sa.Column("updated_at", UtcDateTime(), nullable=False)',
)
"""The columns that every entity has by itself."""


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
    link = title or next((field.name for field in spec.fields if in_table(field)), None)
    fields = tuple(_field_view(spec, field, modules, field.name == link) for field in spec.fields)
    relations = tuple(view.relation for view in fields if view.relation is not None)
    variable = variable_name(spec.table)
    own_columns = (column for field in fields for column in field.sa_columns)
    columns = (*KEY_COLUMNS, *own_columns, *MANAGED_COLUMNS, *sa_uniques(spec))
    return EntityView(
        class_name=spec.name,
        variable=variable,
        table=spec.table,
        package=spec.package,
        module=modules[spec.name],
        slug=spec.slug,
        label=spec.label,
        plural=spec.plural,
        options="timestamps=True" + (f', plural="{spec.package}"' if spec.chosen_plural else ""),
        fields=fields,
        title_field=next((view for view in fields if view.name == title), None),
        shown=f"{variable}.{title or 'id'}",
        search=_searched(fields, title),
        invalid=invalid(fields),
        changed=next((c for field in spec.fields if (c := changed(field))), None),
        enums=tuple(_enum_view(spec, field) for field in spec.fields if field.type == "enum"),
        relations=relations,
        relation_lines=tuple(side.line for side in own_sides(spec)),
        needed=tuple(
            {
                r.target: r for f in fields if (r := f.relation) and f.example and not r.to_self
            }.values()
        ),
        sa_columns=columns,
        sa_indexes=tuple(_indexes(spec)),
        links=links(spec),
        entity_imports=_entity_imports(spec, fields),
        view_imports=_view_imports(spec, fields, relations, project_package),
        migration_imports=_migration_imports(columns),
    )


def _field_view(
    spec: EntitySpec, field: FieldSpec, modules: Mapping[str, str], is_link: bool
) -> FieldView:
    row, values = TYPES[field.type], parameter_values(spec, field)
    form = form_field(field, row, values)
    return FieldView(
        name=attribute(field),
        label=sentence_case(field.name),
        declaration=declaration(spec, field, row, values),
        form_field=form,
        column=table_column(field, link=is_link),
        column_name=field.name,
        sa_columns=tuple(sa_columns(spec, field, row, values)),
        required=_is_required(field),
        search=field.has("search"),
        example=example(spec, field, row) if form else "",
        bad_example=bad_example(field, row),
        relation=_relation(spec, field, modules) if is_relation(field) else None,
        file_example=file_example(field) if form else "",
    )


def _is_required(field: FieldSpec) -> bool:
    """Whether a form must fill it; an object has a default, but no form takes it for one."""
    return (field.type == "json" and not field.has("opt")) or not may_be_left_out(field)


def _enum_view(spec: EntitySpec, field: FieldSpec) -> EnumView:
    return EnumView(enum_name(spec, field), tuple((member_name(w), w) for w in field.params))


def _relation(spec: EntitySpec, field: FieldSpec, modules: Mapping[str, str]) -> RelationView:
    target = field.params[0]
    return RelationView(
        name=field.name,
        field=attribute(field),
        target=target,
        module=modules[target],
        required=not may_be_left_out(field),
        to_self=target == spec.name,
        many=field.type == "many",
    )


def _names_it(field: FieldSpec) -> bool:
    """Whether people call the entity by this field: the first line of text that is shown."""
    return (
        field.type in {"str", "email", "url"} and not field.has("secret") and not field.has("opt")
    )


def _searched(fields: Iterable[FieldView], title: str | None) -> tuple[str, ...]:
    """Returns the fields marked for the search; else the one that names an entity."""
    marked = tuple(field.name for field in fields if field.search)
    return marked or ((title,) if title else ())


def _indexes(spec: EntitySpec) -> list[str]:
    return [
        sa_index(spec.table, attribute(field), unique=field.has("unique"))
        for field in spec.fields
        if (field.type == "ref" and not field.has("one")) or field.has("index")
    ]


def _entity_imports(spec: EntitySpec, fields: Iterable[FieldView]) -> tuple[str, ...]:
    lines = {line for field in spec.fields for line in TYPES[field.type].imports}
    elements = [TYPES[field.params[0]] for field in spec.fields if field.type == "list"]
    lines |= {line for element in elements for line in element.imports}
    lines |= {f"from nitro import {side.maker}" for side in own_sides(spec)}
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
    return tuple(sorted(lines | {own + enum_name(spec, field) for field in enums}))


def _migration_imports(columns: Iterable[str]) -> tuple[str, ...]:
    """Returns what the columns of a migration need: the types that are not SQLAlchemy's."""
    names = sorted(
        {name for line in columns for name in re.findall(r"(?<![\w.])([A-Z]\w+)\(", line)}
    )
    return tuple(f"from nitro_runtime.entities.columns import {name}" for name in names)
