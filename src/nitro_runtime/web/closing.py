"""Ending the streams of a user, as a logout must: who a stream is for is asked when it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from nitro_runtime.events import signed_in
from nitro_runtime.sse import hub


def user_id(user: Any) -> str:  # noqa: ANN401 # the host's own user class
    """Returns what a user is known by: their ``id``, ``pk`` or ``username``, or the text of a plain one."""
    if isinstance(user, Mapping):
        return str(cast("Mapping[str, Any]", user).get("id", user))
    for name in ("id", "pk", "username"):
        found = getattr(user, name, None)
        if found is not None:
            return str(found)
    return str(user)


def user_topic(user: Any) -> str:  # noqa: ANN401 # the host's own user class
    """Returns the topic of a user's own streams."""
    return f"user:{user_id(user)}"


def close_streams(user: Any) -> int:  # noqa: ANN401 # the host's own user class
    """Ends all streams of a user, on every instance: call it when they logged out or lost a right.

    Their browsers come back at once, and are then who the host's authentication says: so call it
    after that knows that they are not signed in any more. Safe from every thread; never waits.

    Args:
        user: The user as the host's authentication knows them, or their id. Somebody who is not
            signed in has no streams of their own.

    Returns:
        How many streams ended in this process; other instances follow within seconds.
    """
    if not signed_in(user):
        return 0
    topic = user_topic(user)
    ended = hub.end(topic)
    if hub.relay is not None:
        hub.relay.end(topic)
    return ended
