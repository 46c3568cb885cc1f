"""Typer's commands and groups, whose parameters are taken as they were typed when they are plain.

Typer 0.29 has pydantic check every parameter, also that text is text and that nothing is nothing, and
imports it for that: a third of what starting a command takes. Numbers and paths go that way still.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:

    class _Base:
        def get_params(self, ctx: Any) -> list[Any]: ...  # noqa: ANN401 # Typer's, not exported
else:
    _Base = object


class _Plain(_Base):
    """Takes plain values before Typer looks at them."""

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 # Typer's, not exported
        """Returns the parameters, which ask Typer about values that are not plain."""
        params = super().get_params(ctx)
        for param in params:
            # an older Typer does it without pydantic
            if hasattr(param, "type_descriptor") and "process_value" not in vars(param):
                param.process_value = _taker(param, param.process_value)
        return params


class PlainCommand(_Plain, TyperCommand):
    """A command of this program."""


class PlainGroup(_Plain, TyperGroup):
    """A group of commands of this program."""


def _taker(param: Any, ask_typer: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401 # Typer's
    def take(ctx: Any, value: Any) -> Any:  # noqa: ANN401 # what was typed, and what is made of it
        if not _is_plain(param, value):
            return ask_typer(ctx, value)
        if isinstance(value, tuple):
            value = list(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return value if param.callback is None else param.callback(ctx, param, value)

    return take


def _is_plain(param: Any, value: Any) -> bool:  # noqa: ANN401 # Typer's; what was typed
    """Whether a value needs no check: text for a parameter of text, or nothing where it may be."""
    one = param.nargs == 1 and not param.multiple
    if value is None:
        return one and not param.required
    if param.type_descriptor.parameter_info.parser is not None:
        return False
    kind = param.type_descriptor.annotation
    return isinstance(value, str) and one if kind is str else bool(value) and kind == list[str]
