"""What a form class is, worked out once: its entity, its bound fields, its compiled markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nitro_runtime.errors import ViewError, suggestion
from nitro_runtime.schema import EntityInfo
from nitro_runtime.views.choices import Target
from nitro_runtime.views.field_types import field_for, is_editable
from nitro_runtime.views.fields import FileField, FormField, ManyField, RelationField
from nitro_runtime.views.model import EntityClass, entity_class, info_of, stem_of, target_of
from nitro_runtime.views.nested_fields import RowsField

_ROOM = 1_048_576  # bytes: the other fields, and what a file is too great by
_LONGEST = 64  # characters of a suffix: more than any key has
_MOST_OTHERS = 64


def is_suffix(text: str) -> bool:
    """Whether a text may tell two forms of one kind apart: it becomes a part of ids."""
    return re.fullmatch(rf"[A-Za-z0-9][A-Za-z0-9-]{{0,{_LONGEST - 1}}}", text) is not None


@dataclass(frozen=True, slots=True)
class FormDefinition:
    """A form class as data.

    Attributes:
        entity: The entity class.
        info: Its description.
        fields: Name to bound field, in order.
        targets: The related rows of each relation field.
        stem: What element ids begin with.
        compiled: Markup that was compiled for this form, by theme and kind.
        others: The same form with other ids, by suffix.
    """

    entity: EntityClass
    info: EntityInfo
    fields: Mapping[str, FormField]
    targets: Mapping[str, Target]
    stem: str
    compiled: dict[Any, Any] = field(default_factory=dict[Any, Any])
    others: dict[str, FormDefinition] = field(default_factory=dict[str, "FormDefinition"])

    @property
    def dom_id(self) -> str:
        """The id of the form element."""
        return f"{self.stem}-form"

    def called(self, suffix: str) -> FormDefinition:
        """Returns the same form with ids of its own, for a page that has several.

        Args:
            suffix: What the ids get behind the form's own stem; empty for the form as it is.

        Raises:
            ViewError: The suffix cannot be part of an id.
        """
        if not suffix:
            return self
        if not is_suffix(suffix):
            raise ViewError(
                f"A form's suffix is letters, digits and dashes, at most {_LONGEST}: {suffix!r}."
            )
        found = self.others.get(suffix)
        if found is None:
            if len(self.others) >= _MOST_OTHERS:  # suffixes may be keys, of any number
                self.others.clear()
            stem = f"{self.stem}-{suffix}"
            found = self.others[suffix] = replace(self, stem=stem, compiled={}, others={})
        return found

    @property
    def uploads(self) -> dict[str, FileField]:
        """The fields that hold files."""
        return {n: each for n, each in self.fields.items() if isinstance(each, FileField)}

    @property
    def many(self) -> tuple[str, ...]:
        """The fields that hold many other entities, as far as the entity itself has them."""
        fields = self.fields.items()
        return tuple(n for n, each in fields if isinstance(each, ManyField) and not each.extra)

    @property
    def body_limit(self) -> int | None:
        """The most bytes of a post, files and all; None for a form without files: the usual ones.

        A file that is a little too great still comes through, to be told so at its field.
        """
        sizes = [each.max_bytes for each in self.uploads.values()]
        return sum(sizes) + _ROOM if sizes else None


def define_form(
    entity: object, declared: Mapping[str, FormField], chosen: object
) -> FormDefinition:
    """Works a form out.

    Args:
        entity: The entity class.
        declared: The fields that the form class declares; none means those of the entity.
        chosen: Names, or names to fields: which of the entity's fields when none is declared.

    Raises:
        ViewError: A field does not exist, or is one that no browser may set.
    """
    kind = entity_class(entity)
    info = info_of(kind)
    fields = dict(declared)
    if isinstance(chosen, Mapping):
        fields.update(chosen)  # pyright: ignore[reportUnknownArgumentType] # checked by _bind
    elif isinstance(chosen, Iterable):
        names: list[str] = [str(name) for name in chosen]  # pyright: ignore
        fields.update({name: _automatic(info, name) for name in names})
    elif not fields:
        fields = {
            name: field_for(each)
            for name, each in info.fields.items()
            if is_editable(each) and not each.hidden
        }
        fields |= {
            name: ManyField()
            for name, relation in info.relations.items()
            if relation.kind == "many_to_many" and relation.reverse_of is None
        }
    bound = {name: _bind(info, name, each) for name, each in fields.items()}
    return FormDefinition(kind, info, bound, _targets(info, bound), stem_of(info))


def _automatic(info: EntityInfo, name: str) -> FormField:
    if _is_many(info, name):
        return ManyField()
    if name not in info.fields:
        raise ViewError(f"{info.name} has no field {name!r}.{suggestion(name, info.fields)}")
    return field_for(info.fields[name])


def _is_many(info: EntityInfo, name: str) -> bool:
    relation = info.relations.get(name)
    return relation is not None and relation.kind == "many_to_many"


def _bind(info: EntityInfo, name: str, declared: FormField) -> FormField:
    if isinstance(declared, RowsField):
        return declared.for_relation(info, name)
    known = info.fields.get(name)
    many = isinstance(declared, ManyField) and _is_many(info, name)
    if known is None and not declared.extra and not many:
        raise ViewError(
            f"{info.name} has no field {name!r}; a form field that is not the entity's own"
            f" says extra=True.{suggestion(name, info.fields)}"
        )
    if known is not None and not is_editable(known):
        raise ViewError(
            f"{info.name}.{name} is never taken from a browser (it is managed, secret, readonly"
            " or the key), so it cannot be in a form."
        )
    return declared.bind(name, known)


def _targets(info: EntityInfo, fields: Mapping[str, FormField]) -> dict[str, Target]:
    found: dict[str, Target] = {}
    for name, each in fields.items():
        if not isinstance(each, RelationField | ManyField):
            continue
        entity = _target_entity(info, each)
        if entity is None:
            continue
        search = each.search if isinstance(each, RelationField) else ()
        known = info_of(entity).fields
        for field_name in search:
            if field_name not in known or known[field_name].secret:
                raise ViewError(
                    f"{info.name}.{name} cannot be searched by {field_name!r}, which"
                    f" {info_of(entity).name} does not show.{suggestion(field_name, known)}"
                )
        found[name] = Target(entity, each.where, tuple(search))
    return found


def _target_entity(info: EntityInfo, each: RelationField | ManyField) -> EntityClass | None:
    if each.target is not None:
        return entity_class(each.target)
    if each.name in info.relations:
        return entity_class(info.relations[each.name].target)
    return None if each.info is None else target_of(info, each.info)
