"""Typed events: what is emitted is checked against a pydantic model, a dataclass or a TypedDict.

pydantic is imported at the first declaration, so a bus without typed events does without it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from nitro_runtime.errors import ConfigurationError, InvalidPayload, suggestion

if TYPE_CHECKING:
    from pydantic import BaseModel, TypeAdapter

PAYLOAD: Final = "payload"
"""The keyword by which a handler asks for the whole payload, and by which one is emitted whole."""

HIDDEN: Final = frozenset({PAYLOAD})
_TAKEN = frozenset({PAYLOAD, "sender"})


class Checked(dict[str, Any]):
    """The data of a typed event, once it is checked: the fields, the payload, and what came beside.

    Attributes:
        fields: The fields alone.
        payload: The payload: a model, an object of the dataclass, or a dict.
    """

    __slots__ = ("fields", "payload")

    def __init__(
        self, fields: Mapping[str, Any], payload: object, beside: Mapping[str, Any]
    ) -> None:
        super().__init__(fields)
        self.update(beside)
        self[PAYLOAD] = payload
        self.fields = fields
        self.payload = payload


class Payload:
    """The payload that an event was declared with.

    Attributes:
        type: The class.
        fields: The names of its fields.

    Raises:
        ConfigurationError: It is no class of fields, or a field has a name that events use.
    """

    def __init__(self, event: str, kind: type[Any]) -> None:
        self.type = kind
        self.fields = _fields_of(event, kind)
        self._event = event
        self._adapter: TypeAdapter[Any] = _adapter_of(event, kind)
        self._is_model = hasattr(kind, "model_fields")
        self._more = self._is_model and kind.model_config.get("extra") == "allow"
        taken = sorted(_TAKEN & set(self.fields))
        if taken:
            raise ConfigurationError(
                f"A payload of the event {event!r} cannot have a field {taken[0]!r}: emit and "
                "handlers use that word. Give the field another name."
            )

    def is_same(self, kind: type[Any]) -> bool:
        """Whether a class is this payload's, or the same one after a reload."""
        mine = self.type
        return (kind.__module__, kind.__qualname__) == (mine.__module__, mine.__qualname__)

    def check(self, data: Mapping[str, Any], beside: Mapping[str, Any]) -> Checked:
        """Checks what is emitted.

        Args:
            data: The fields by name, or the payload under ``payload``.
            beside: What handlers may ask for too; it is not checked.

        Raises:
            InvalidPayload: A field is missing, unknown or of a wrong type.
        """
        payload = self._whole(data) if PAYLOAD in data else self._made_of(data)
        return Checked(self._values(payload), payload, beside)

    def _whole(self, data: Mapping[str, Any]) -> object:
        payload = data[PAYLOAD]
        if len(data) > 1:
            others = ", ".join(sorted(set(data) - HIDDEN))
            raise InvalidPayload(
                self._event, [f"give the payload or its fields, not both: {others}"]
            )
        if isinstance(payload, Mapping):
            return self._made_of(cast("Mapping[str, Any]", payload))
        if _is_typed_dict(self.type) or not isinstance(payload, self.type):
            name = type(payload).__name__
            raise InvalidPayload(
                self._event, [f"the payload is a {self.type.__name__}, not a {name}"]
            )
        # A dataclass took its values unchecked; a model checked them.
        return payload if self._is_model else self._made_of(self._values(payload))

    def _made_of(self, data: Mapping[str, Any]) -> object:
        from pydantic import PydanticUserError, ValidationError

        unknown = [] if self._more else [name for name in data if name not in self.fields]
        problems = [f"{name} is no field of it{self._hint(name)}" for name in unknown]
        known = {name: value for name, value in data.items() if name not in unknown}
        payload: object = None
        try:
            payload = self._adapter.validate_python(known, by_name=True, by_alias=False)
        except ValidationError as error:
            problems += [
                ": ".join([".".join(map(str, one["loc"])), one["msg"]]).removeprefix(": ")
                for one in error.errors(include_url=False, include_input=False)
            ]
        except PydanticUserError as error:  # a class that it names is still not defined
            raise _unusable(self._event, self.type, error) from error
        if problems:
            raise InvalidPayload(self._event, problems)
        return payload

    def _hint(self, name: str) -> str:
        hint = suggestion(name, self.fields).strip()
        return f" ({hint})" if hint else ""

    def _values(self, payload: object) -> dict[str, Any]:
        if isinstance(payload, dict):
            return dict(cast("dict[str, Any]", payload))
        values = {name: getattr(payload, name) for name in self.fields}
        if self._more:
            values.update(cast("BaseModel", payload).model_extra or {})
        return values


def _fields_of(event: str, kind: type[Any]) -> tuple[str, ...]:
    if isinstance(cast("object", kind), type) and not getattr(
        kind, "__pydantic_root_model__", False
    ):
        if _is_typed_dict(kind):
            return tuple(sorted({*kind.__required_keys__, *kind.__optional_keys__}))
        if dataclasses.is_dataclass(kind):
            return tuple(field.name for field in dataclasses.fields(kind) if field.init)
        if hasattr(kind, "model_fields"):
            return tuple(kind.model_fields)
    raise ConfigurationError(
        f"The payload of the event {event!r} is {kind!r}; it has to be a pydantic model, a "
        "dataclass or a TypedDict."
    )


def _is_typed_dict(kind: type[Any]) -> bool:
    # typing_extensions has a class of its own for them, which typing.is_typeddict does not know.
    return hasattr(kind, "__required_keys__") and dict in kind.__mro__


def _adapter_of(event: str, kind: type[Any]) -> TypeAdapter[Any]:
    from pydantic import PydanticUserError, TypeAdapter

    try:
        return TypeAdapter(kind)
    except (PydanticUserError, NameError) as error:
        raise _unusable(event, kind, error) from error


def _unusable(event: str, kind: type[Any], error: Exception) -> ConfigurationError:
    reason = str(error).partition("\n")[0]
    return ConfigurationError(
        f"The payload {kind.__name__} of the event {event!r} cannot be checked: {reason}"
    )
