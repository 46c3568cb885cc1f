"""What a template sees of an entity: its names, and for each field the code to write.

A template prints one line a field and decides nothing. `nitro_cli.generators.code` makes these
values out of a specification and the one table of types.
"""

from __future__ import annotations

from dataclasses import dataclass


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
    """A relation to another entity, or to many.

    Attributes:
        name: The attribute, ``category`` or ``tags``.
        field: The column, ``category_id``; the attribute again when there are many.
        target: The other class, ``Category``.
        module: The dotted name of the folder of its source, ``shop.categories``.
        required: Whether every entity must have one.
        to_self: Whether the target is the entity itself.
        many: Whether there may be several.
    """

    name: str
    field: str
    target: str
    module: str
    required: bool
    to_self: bool
    many: bool = False


@dataclass(frozen=True, slots=True)
class LinkView:
    """The table between an entity and its many others, for a migration.

    Attributes:
        table: ``product_tag``.
        sa_columns: Its columns and constraints, as code.
        sa_indexes: What makes its indexes, as code.
    """

    table: str
    sa_columns: tuple[str, ...]
    sa_indexes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field, as code.

    Attributes:
        name: The attribute: ``price``, ``category_id``.
        label: What people call it.
        declaration: The line in the entity; empty for many others, which have no column.
        form_field: The right side in the form, or None when no form has it.
        column: The right side in the table, or None when the table does not show it.
        column_name: The left side in the table: ``price``, ``category``.
        sa_columns: The columns in the migration: its own, and the folded copy when it is searched.
        required: Whether a form must fill it.
        search: Whether the search looks at it.
        example: The source of a valid value as a form sends it; empty when no form has the field,
            and for files.
        bad_example: The source of an invalid value, or None when there is none.
        relation: The relation that it is, or None.
        file_example: The source of a valid file, as the client of the tests sends it: a tuple of
            name, content and content type. Empty for every other field.
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
    file_example: str = ""


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
        variable: ``order_item``; ``reply_record`` where the source needs ``reply`` itself.
        table: ``order_item``, also the stem of its events.
        package: The folder of its source, ``order_items``.
        module: The dotted name of that folder, ``shop.order_items``.
        slug: ``order-items``.
        label: ``Order item``.
        plural: ``Order items``.
        options: The class keywords: ``timestamps=True``.
        fields: In the order of declaration.
        title_field: The field that names one of them, or None when none does.
        shown: What names one of them, an expression that is a text: ``product.name``.
        search: The names of the fields that the search looks at.
        invalid: What a test gets refused, or None when every form is valid.
        changed: What a test changes, or None when no field suits.
        enums: Its enums.
        relations: Its references, and its relations to many.
        relation_lines: All relations that its class declares, as code; those to itself have both
            sides here.
        needed: The references that a test fills with another entity, each target once.
        sa_columns: All columns in the migration, as code.
        sa_indexes: What makes the indexes in the migration, as code.
        links: The tables between it and its many others.
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
    search: tuple[str, ...]
    invalid: Invalid | None
    changed: Changed | None
    enums: tuple[EnumView, ...]
    relations: tuple[RelationView, ...]
    relation_lines: tuple[str, ...]
    needed: tuple[RelationView, ...]
    sa_columns: tuple[str, ...]
    sa_indexes: tuple[str, ...]
    links: tuple[LinkView, ...]
    entity_imports: tuple[str, ...]
    view_imports: tuple[str, ...]
    migration_imports: tuple[str, ...]
