"""What a command takes: data from outside, checked by pydantic before the function sees it.

pydantic is imported with the first call, so a process without commands never loads it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from types import SimpleNamespace, UnionType
from typing import TYPE_CHECKING, Any, Union, cast, get_args, get_origin, get_type_hints

from nitro_runtime.errors import ConfigurationError, Refused
from nitro_runtime.events.refusals import refuse_unusual, sentence_of
from nitro_runtime.schema import find_entity

if TYPE_CHECKING:
    from pydantic import BaseModel

INJECTED = frozenset({"ctx", "user", "request", "signals"})
"""The parameters that Nitro fills, never the browser."""

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

Entity = Any
"""An entity class; this package knows none."""


_NO_FIELDS = ("_", "model_config", "model_dump", "model_validate")
"""What the name of a field of a pydantic model cannot begin with."""


class Input:
    """The input of one command.

    Args:
        command: Its name, for errors.
        function: The function that takes it.
        model: The pydantic model given with the command, or None: made of the parameters.
        instance_of: The entity class whose method the function is; its first parameter then gets
            the entity whose key comes with the input.

    Raises:
        ConfigurationError: The function cannot be called by name, or has no parameter for the model.
    """

    def __init__(
        self,
        command: str,
        function: Callable[..., Any],
        model: type[BaseModel] | None = None,
        instance_of: Entity | None = None,
    ) -> None:
        self.command = command
        self.instance_of = instance_of
        self._function = function
        self._given = model
        parameters = list(inspect.signature(function).parameters.values())
        if any(p.kind in _VARIADIC or p.kind is p.POSITIONAL_ONLY for p in parameters):
            raise ConfigurationError(
                f"The function of {command!r} is called by name: it cannot take *args, **kwargs or "
                "positional-only parameters."
            )
        self.receiver = parameters.pop(0).name if instance_of is not None else ""
        self._own = [p for p in parameters if p.name not in INJECTED]
        if model is not None and len(self._own) != 1:
            raise ConfigurationError(
                f"The function of {command!r} needs exactly one parameter for its input, beside "
                "ctx, user, request and signals."
            )
        for p in self._own if model is None else ():
            if p.name.startswith(_NO_FIELDS):
                raise ConfigurationError(
                    f"The function of {command!r} has a parameter {p.name!r}, which cannot be the name "
                    "of a field: call it differently."
                )
        self.is_empty = not self._own and instance_of is None

    @property
    def whole(self) -> str | None:
        """The parameter that gets the whole model; None where each field has one."""
        return None if self._given is None else self._own[0].name

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The fields that name the entity whose method is called."""
        return () if self.instance_of is None else tuple(self.instance_of.__entity__.key)

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The names that it accepts."""
        if self._given is not None:
            return tuple(self._given.model_fields)
        return (*self.keys, *(p.name for p in self._own))

    @cached_property
    def accepted(self) -> frozenset[str]:
        """The names by which fields may be sent: their own, and the aliases that a model gives them."""
        fields = () if self._given is None else self._given.model_fields.values()
        aliases = {alias for field in fields for alias in _aliases(field.validation_alias)}
        return frozenset({*self.fields, *aliases})

    @cached_property
    def required(self) -> frozenset[str]:
        """The fields that must be given."""
        fields = self.model.model_fields
        return frozenset(name for name in fields if fields[name].is_required())

    @cached_property
    def model(self) -> type[BaseModel]:
        """The pydantic model that checks it."""
        return self._build() if self._given is None else self._given

    @cached_property
    def references(self) -> Mapping[str, Entity]:
        """The parameters that are given an entity, of which the browser names the key."""
        if self._given is not None:
            return {}
        found = {name: _entity_in(hint) for name, hint in self._hints.items()}
        return {name: entity for name, entity in found.items() if entity is not None}

    @property
    def loads(self) -> bool:
        """Whether entities are read for it, which may wait."""
        return self.instance_of is not None or (bool(self._own) and bool(self.references))

    def check(self, data: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Checks data from outside; unknown keys are refused, whatever the model says of them.

        Returns:
            The model, and its values by field.

        Raises:
            Refused: 422, with a sentence for each field that does not fit.
        """
        if self.is_empty and not data:
            return None, {}
        from pydantic import ValidationError

        try:
            # by their own names too: so `call` and code name them
            value = self.model.model_validate(
                dict(data), extra="forbid", by_alias=True, by_name=True
            )
        except ValidationError as error:
            raise Refused(422, sentence_of(error)) from None
        fields = {name: getattr(value, name) for name in self.fields}
        refuse_unusual(fields)
        return value, fields

    def arguments(self, value: Any, fields: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401 # the model
        """Returns the arguments for the function: the whole model, or each field."""
        return dict(fields) if self.whole is None else {self.whole: value}

    async def load(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Reads the entities that an input names.

        Returns:
            Them, by parameter; the one whose method is called also as ``entity``.

        Raises:
            NotFound: There is one no more.
        """
        loaded: dict[str, Any] = {}
        if self.instance_of is not None:
            keys = self.keys
            key = fields[keys[0]] if len(keys) == 1 else tuple(fields[name] for name in keys)
            loaded["entity"] = loaded[self.receiver] = await self.instance_of.aget(key)
        for name, entity in self.references.items():
            if fields[name] is not None:
                loaded[name] = await entity.aget(fields[name])
        return loaded

    # -- building the model -------------------------------------------------------------------

    def _build(self) -> type[BaseModel]:
        from pydantic import ConfigDict, create_model

        own = {p.name: self._definition(p) for p in self._own}
        owner: Any = self.instance_of
        keys = {name: (owner.__entity__.fields[name].type, ...) for name in self.keys}
        self._refuse_clash(keys, own)
        config = ConfigDict(extra="forbid", arbitrary_types_allowed=False)
        definitions: dict[str, Any] = {**keys, **own}
        return create_model(f"{self.command} input", __config__=config, **definitions)

    def _definition(self, parameter: inspect.Parameter) -> tuple[Any, Any]:
        annotation = self._hints.get(parameter.name, Any)
        entity = self.references.get(parameter.name)
        if entity is not None:
            key = self._key_type(entity)
            annotation = key if annotation is entity else key | None
        return annotation, (... if parameter.default is parameter.empty else parameter.default)

    def _key_type(self, entity: Entity) -> Any:  # noqa: ANN401 # a type
        info = entity.__entity__
        if len(info.key) > 1:
            raise ConfigurationError(
                f"The input of {self.command!r} has a {info.name}, whose key has several fields "
                f"({', '.join(info.key)}); take these, and read it in the function."
            )
        return info.fields[info.key[0]].type

    def _refuse_clash(self, keys: Iterable[str], own: Iterable[str]) -> None:
        taken = INJECTED.intersection(keys) | set(keys).intersection(own)
        if taken:
            raise ConfigurationError(
                f"{min(taken)!r} is a field of the key by which {self.command!r} finds what it is "
                "done to: call the parameter, or the field, differently."
            )

    @cached_property
    def _hints(self) -> dict[str, Any]:
        """Resolves the annotations of its own parameters; the others may be for type checkers only."""
        given = {p.name: p.annotation for p in self._own if p.annotation is not p.empty}
        names = getattr(inspect.unwrap(self._function), "__globals__", {})
        holder = SimpleNamespace(__annotations__=given)
        try:
            return get_type_hints(holder, globalns=names, include_extras=True)
        except NameError:
            pass  # an entity that was imported for type checkers only, or is no global name
        try:
            return get_type_hints(holder, globalns=names, localns=_Entities(), include_extras=True)
        except NameError as error:
            raise ConfigurationError(
                f"The input of {self.command!r} names the type {error.name!r}, which its module does "
                "not know at run time."
            ) from error


class _Entities(dict[str, Any]):
    """The entity classes by name, for annotations."""

    def __missing__(self, name: str) -> Any:  # noqa: ANN401 # an entity class
        entity = find_entity(name)
        if entity is None or entity.__name__ != name:
            raise KeyError(name)
        return entity


def _entity_in(annotation: Any) -> Entity | None:  # noqa: ANN401 # any annotation
    """Returns the entity class of ``Product`` and ``Product | None``; None for all else."""
    if get_origin(annotation) in (Union, UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return _entity_in(parts[0]) if len(parts) == 1 else None
    is_class = isinstance(annotation, type)
    return cast("Entity", annotation) if is_class and hasattr(annotation, "__entity__") else None


def _aliases(alias: Any) -> Iterator[str]:  # noqa: ANN401 # one of pydantic's kinds of alias
    """Yields the names that stand at the top of the input, of an alias, a path or a choice of them."""
    if isinstance(alias, str):
        yield alias
    yield from getattr(alias, "path", ())[:1]
    for choice in getattr(alias, "choices", ()):
        yield from _aliases(choice)


def refusal_of(error: ValueError) -> Refused | None:
    """Returns what a visitor is told of a validation that failed, or None for any other error."""
    from pydantic import ValidationError

    return Refused(422, sentence_of(error)) if isinstance(error, ValidationError) else None
