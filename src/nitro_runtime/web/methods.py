"""One handler for a path, chosen among several by the request's method.

For hosts whose routes tell paths apart and leave the methods to the handler.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from nitro_runtime.errors import Refused

Handler = Callable[..., Any]


def by_method(**handlers: Handler) -> Handler:
    """Makes one handler of several: ``by_method(get=index, post=create)``.

    HEAD is answered as GET is. It is a coroutine function when all of them are.

    Raises:
        Refused: When it is called, 405, with a method that none of them is for.
    """
    known = {method.upper(): handler for method, handler in handlers.items()}
    if "GET" in known:
        known.setdefault("HEAD", known["GET"])

    def choose(request: Any) -> Handler:  # noqa: ANN401 # the host's own
        if request.method not in known:
            allowed = ", ".join(known)
            raise Refused(405, f"Use {' or '.join(known)} here.", headers=[("allow", allowed)])
        return known[request.method]

    def answer(request: Any, **params: Any) -> Any:  # noqa: ANN401 # the host's own
        return choose(request)(request, **params)

    async def answer_async(request: Any, **params: Any) -> Any:  # noqa: ANN401 # the host's own
        return await choose(request)(request, **params)

    chosen: Any = answer_async if all(map(iscoroutinefunction, known.values())) else answer
    chosen.methods = known  # what may be asked of it, for those who list routes
    return chosen
