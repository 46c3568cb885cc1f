"""The code of relations: their lines in both entities, and the tables between many and many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nitro_cli.generators.fields import sa_index, sa_reference, sa_unique
from nitro_cli.generators.model import LinkView
from nitro_cli.grammar.relations import is_relation
from nitro_cli.grammar.spec import EntitySpec, FieldSpec
from nitro_cli.plan.plan import Inject
from nitro_cli.plan.relation_edits import AddRelations, Relation
from nitro_runtime.naming import link_names, snake_case


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a relation, as one line of a class.

    Attributes:
        target: The class that has the line.
        name: The attribute.
        maker: The function that makes it: ``has_many``.
        arguments: Its arguments, as source.
    """

    target: str
    name: str
    maker: str
    arguments: str

    @property
    def line(self) -> str:
        """The line as source: ``posts = has_many("Post")``."""
        return f"{self.name} = {self.maker}({self.arguments})"


def own_sides(spec: EntitySpec) -> tuple[Side, ...]:
    """Returns the relations that stand in the entity's own class."""
    forward = (_forward(spec, field) for field in spec.fields if is_relation(field))
    return (*forward, *(side for side in _reverse(spec) if side.target == spec.name))


def reverse_sides(
    spec: EntitySpec, project_package: str, known: Mapping[str, str]
) -> tuple[Inject, ...]:
    """Returns the edits that let other entities know this one, a file each.

    Args:
        spec: The entity.
        project_package: The import name of the project.
        known: The project's entities by class name, with their folders.
    """
    edits: dict[str, list[Relation]] = {}
    for side in _reverse(spec):
        if side.target != spec.name:
            relation = Relation(side.name, side.maker, side.arguments)
            edits.setdefault(side.target, []).append(relation)
    return tuple(
        Inject(f"{project_package}/{known[target]}/entity.py", AddRelations(target, tuple(added)))
        for target, added in edits.items()
        if target in known
    )


def _forward(spec: EntitySpec, field: FieldSpec) -> Side:
    maker = "belongs_to" if field.type == "ref" else "many_to_many"
    return Side(spec.name, field.name, maker, f'"{field.params[0]}"')


def _reverse(spec: EntitySpec) -> Iterable[Side]:
    for field in spec.fields:
        name, target = field.modifier("as"), field.params[0] if field.params else ""
        if name is None:
            continue
        if field.type == "many":
            arguments = f'"{spec.name}", reverse_of="{field.name}"'
            yield Side(target, name, "many_to_many", arguments)
            continue
        key = f"{field.name}_id"
        usual = f"{snake_case(target)}_id"  # what the runtime looks for by itself
        arguments = f'"{spec.name}"' + ("" if key == usual else f', "{key}"')
        yield Side(target, name, "has_one" if field.has("one") else "has_many", arguments)


# -- the tables between ---------------------------------------------------------------------------


def links(spec: EntitySpec) -> tuple[LinkView, ...]:
    """Returns the tables between the entity and its many others, for the migration."""
    return tuple(_link(spec, field) for field in spec.fields if field.type == "many")


def _link(spec: EntitySpec, field: FieldSpec) -> LinkView:
    table, left, right = link_names(spec.table, field.name)
    return LinkView(
        table=table,
        sa_columns=(
            'sa.Column("id", ExactText(indexed=True), primary_key=True)',
            _link_column(table, left, spec.table),
            _link_column(table, right, snake_case(field.params[0])),
            sa_unique(table, left, right),
        ),
        sa_indexes=(sa_index(table, right),),
    )


def _link_column(table: str, name: str, target: str) -> str:
    key = sa_reference(table, name, target, "CASCADE")
    return f'sa.Column("{name}", ExactText(indexed=True), {key}, nullable=False)'
