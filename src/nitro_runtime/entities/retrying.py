"""`retry_stale`: does a piece of work again when somebody else was faster."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from nitro_runtime.errors import StaleEntity

P = ParamSpec("P")
R = TypeVar("R")


def retry_stale(times: int = 3) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Makes a function start again when it raises `StaleEntity`, on functions and coroutines.

    The function must load what it changes itself, so that each try sees the present state::

        @retry_stale(3)
        def sell(product_id: str) -> None:
            product = Product.get(product_id)
            product.update(stock=product.stock - 1)

    Args:
        times: How often it runs at most; the last `StaleEntity` is raised.
    """
    if times < 1:
        raise ValueError("retry_stale needs at least one try.")

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        if inspect.iscoroutinefunction(function):
            return cast("Callable[P, R]", _retried_coroutine(function, times))

        @wraps(function)
        def retried(*arguments: P.args, **keywords: P.kwargs) -> R:
            for _ in range(times - 1):
                try:
                    return function(*arguments, **keywords)
                except StaleEntity:
                    continue
            return function(*arguments, **keywords)

        return retried

    return decorate


def _retried_coroutine(function: Callable[..., Any], times: int) -> Callable[..., Any]:
    @wraps(function)
    async def retried(*arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401 # the function's own
        for _ in range(times - 1):
            try:
                return await function(*arguments, **keywords)
            except StaleEntity:
                continue
        return await function(*arguments, **keywords)

    return retried
