"""What commands and handlers give back, as events for Datastar: patches, views, signals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nitro_runtime.sse import ElementsPatch, SignalsPatch, emit_elements, emit_signals
from nitro_runtime.sse.patches import target_of
from nitro_runtime.views.csrf import Csrf, with_token


def patches_of(result: Any, csrf: Csrf | None = None) -> list[bytes]:  # noqa: ANN401 # what the command gave
    """Returns the events for what a command returned or yielded: views, signals, patches, or nothing.

    Args:
        result: What it gave. Patches stand as they were made: for anybody.
        csrf: The host's protection, which the forms of a view are for.

    Raises:
        TypeError: It is none of these.
    """
    if result is None:
        return []
    if isinstance(result, list | tuple):
        return [event for each in result for event in patches_of(each, csrf)]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(result, ElementsPatch | SignalsPatch):
        return [result.encode()]
    if isinstance(result, Mapping):
        return [emit_signals(result).encode()]  # pyright: ignore[reportUnknownArgumentType]
    if hasattr(result, "__html__"):
        selector, mode = target_of(result) or (None, "outer")
        return [emit_elements(with_token(str(result.__html__()), csrf), selector, mode).encode()]
    if hasattr(result, "encode") and not isinstance(result, str):
        return [result.encode()]
    raise TypeError(f"A command returns a view, a dict or None, not {type(result).__name__}.")


def is_patchable(result: Any) -> bool:  # noqa: ANN401 # what the command gave
    """Whether `patches_of` takes it."""
    if isinstance(result, list | tuple):
        return all(is_patchable(each) for each in result)  # pyright: ignore[reportUnknownVariableType]
    if result is None or isinstance(result, Mapping) or hasattr(result, "__html__"):
        return True
    return hasattr(result, "encode") and not isinstance(result, str)
