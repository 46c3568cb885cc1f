"""What a command takes: data from outside, checked by pydantic before the function sees it.

pydantic is imported with the first call, so a process without commands never loads it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, get_type_hints

from nitro_runtime.errors import ConfigurationError, Refused

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

INJECTED = frozenset({"ctx", "user", "request", "signals"})
"""The parameters that Nitro fills, never the browser."""

_TOLD = 5
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Input:
    """The input of one command.

    Args:
        command: Its name, for errors.
        function: The function that takes it.
        model: The pydantic model given with the command, or None: made of the parameters.

    Raises:
        ConfigurationError: The function cannot be called by name, or has no parameter for the model.
    """

    def __init__(
        self, command: str, function: Callable[..., Any], model: type[BaseModel] | None
    ) -> None:
        self.command = command
        self._function = function
        self._model = model
        self._fields: tuple[str, ...] | None = None
        parameters = inspect.signature(function).parameters.values()
        if any(p.kind in _VARIADIC or p.kind is p.POSITIONAL_ONLY for p in parameters):
            raise ConfigurationError(
                f"The function of {command!r} is called by name: it cannot take *args, **kwargs or "
                "positional-only parameters."
            )
        self._own = [p for p in parameters if p.name not in INJECTED]
        self._whole = model is not None
        if self._whole and len(self._own) != 1:
            raise ConfigurationError(
                f"The function of {command!r} needs exactly one parameter for its input, beside "
                "ctx, user, request and signals."
            )

    @property
    def fields(self) -> tuple[str, ...]:
        """The names that it accepts."""
        if self._fields is None:
            self._fields = tuple(self.model.model_fields)
        return self._fields

    @property
    def model(self) -> type[BaseModel]:
        """The pydantic model that checks it."""
        if self._model is None:
            self._model = self._build()
        return self._model

    def read(self, data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Checks data from outside.

        Returns:
            The arguments for the function, and the input's values by field.

        Raises:
            Refused: 422, with a sentence for each field that does not fit.
        """
        if not self._whole and not self._own and not data:
            return {}, {}
        from pydantic import ValidationError

        model = self.model
        try:
            value = model.model_validate(dict(data))
        except ValidationError as error:
            raise Refused(422, _sentence(error)) from None
        fields = {name: getattr(value, name) for name in self.fields}
        return ({self._own[0].name: value} if self._whole else fields), fields

    def _build(self) -> type[BaseModel]:
        from pydantic import ConfigDict, create_model

        hints = self._hints()
        definitions: dict[str, Any] = {
            p.name: (hints.get(p.name, Any), ... if p.default is p.empty else p.default)
            for p in self._own
        }
        config = ConfigDict(extra="forbid", arbitrary_types_allowed=False)
        return create_model(f"{self.command} input", __config__=config, **definitions)

    def _hints(self) -> dict[str, Any]:
        """Resolves the annotations of its own parameters; the others may be for type checkers only."""
        given = {p.name: p.annotation for p in self._own if p.annotation is not p.empty}
        names = getattr(inspect.unwrap(self._function), "__globals__", {})
        try:
            return get_type_hints(
                SimpleNamespace(__annotations__=given), globalns=names, include_extras=True
            )
        except NameError as error:
            raise ConfigurationError(
                f"The input of {self.command!r} names the type {error.name!r}, which its module does "
                "not know at run time."
            ) from error


def refusal_of(error: ValueError) -> Refused | None:
    """Returns what a visitor is told of a validation that failed, or None for any other error."""
    from pydantic import ValidationError

    return Refused(422, _sentence(error)) if isinstance(error, ValidationError) else None


def _sentence(error: ValidationError) -> str:
    """Says what does not fit, with nothing of what was sent: no values, no unknown names."""
    problems: list[str] = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        if problem["type"] == "extra_forbidden":
            problems.append("A field was sent that is not known here.")
        else:
            field = ".".join(str(part) for part in problem["loc"])
            problems.append(f"{field}: {problem['msg']}." if field else f"{problem['msg']}.")
    return " ".join(list(dict.fromkeys(problems))[:_TOLD])
