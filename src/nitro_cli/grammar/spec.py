"""An entity as its user described it on the command line: frozen values, and their text and JSON.

The JSON keeps every field as one line of the grammar, so that two branches that add a field each
merge without a conflict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nitro_runtime.naming import pluralize, sentence_case, snake_case


@dataclass(frozen=True, slots=True)
class Modifier:
    """What follows a type: ``opt``, ``min.0``, ``on.cascade``.

    Attributes:
        name: ``min``.
        value: ``0``; an empty string when the modifier takes none.
    """

    name: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.name}.{self.value}" if self.value else self.name


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field, as ``price:decimal.10.2:min.0=1`` describes it.

    Attributes:
        name: The field as typed, in snake case; a reference is ``category``, without ``_id``.
        type: The canonical name of its type in `nitro_cli.grammar.types`.
        params: The type's parameters in order, as typed: ``("10", "2")``.
        modifiers: In the order of the table of modifiers, each at most once.
        default: The default as typed, or None when the field has none.
    """

    name: str
    type: str
    params: tuple[str, ...] = ()
    modifiers: tuple[Modifier, ...] = ()
    default: str | None = None

    def __str__(self) -> str:
        kind = ".".join((self.type, *self.params))
        text = ":".join((self.name, kind, *map(str, self.modifiers)))
        return text if self.default is None else f"{text}={self.default}"

    def modifier(self, name: str) -> str | None:
        """Returns the value of a modifier, an empty string when it takes none, None without it."""
        return next((m.value for m in self.modifiers if m.name == name), None)

    def has(self, name: str) -> bool:
        """Whether the field carries this modifier."""
        return self.modifier(name) is not None


@dataclass(frozen=True, slots=True)
class EntitySpec:
    """An entity with its fields.

    Attributes:
        name: The class name, ``OrderItem``.
        fields: In the order in which they were typed.
        chosen_plural: What ``--plural`` gave, in snake case, or None: then the rule decides.
    """

    name: str
    fields: tuple[FieldSpec, ...]
    chosen_plural: str | None = None

    @property
    def table(self) -> str:
        """The table, also the topic of its changes: ``order_item``."""
        return snake_case(self.name)

    @property
    def package(self) -> str:
        """The folder of its source, ``order_items``."""
        return self.chosen_plural or pluralize(self.table)

    @property
    def slug(self) -> str:
        """The plural in addresses, ``order-items``."""
        return self.package.replace("_", "-")

    @property
    def label(self) -> str:
        """What people call one of them: ``Order item``."""
        return sentence_case(self.table)

    @property
    def plural(self) -> str:
        """What people call many of them: ``Order items``."""
        return sentence_case(self.package)

    def to_json(self) -> dict[str, Any]:
        """Returns the specification as JSON-safe data, for `from_json`."""
        data: dict[str, Any] = {"name": self.name, "fields": [str(field) for field in self.fields]}
        return data | ({"plural": self.chosen_plural} if self.chosen_plural else {})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EntitySpec:
        """Returns the specification that `to_json` wrote.

        Raises:
            BadWords: The data is not such a specification (somebody edited it).
        """
        from nitro_cli.grammar.parser import parse_entity

        return parse_entity(str(data["name"]), data["fields"], plural=data.get("plural"))
