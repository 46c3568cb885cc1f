"""The middleware that gives each command a transaction. It stands here, as events know no entities."""

from __future__ import annotations

from typing import Any

from nitro_runtime.entities import transaction
from nitro_runtime.events import Call, Next, after_checks


@after_checks
async def transactional(call: Call, next: Next) -> Any:  # noqa: ANN401 # the command's result
    """Makes what a command changes last together, or not at all when it raises.

    The command may be sync or async. Its event, and those of the entities, are emitted after the
    commit; what their handlers raise undoes nothing. Jobs of durable handlers are kept with the
    commit. Queries run without one, and so does whoever was refused before.

    Raises:
        DatabaseBusy: Another writer held the database too long.
        Unsupported: The default backend has no transactions.
    """
    if call.kind == "query":
        return await next(call)
    async with transaction():
        return await next(call)
