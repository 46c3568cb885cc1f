"""Ending the streams of a user, as a logout must: who a stream is for is asked when it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, cast
from uuid import UUID

from nitro_runtime.errors import ConfigurationError
from nitro_runtime.events import signed_in
from nitro_runtime.sse import hub


def user_id(user: Any) -> str:  # noqa: ANN401 # the host's own user class
    """Returns what a user is known by, the same for every request: an id, as text.

    That is the ``id``, ``pk`` or ``username`` of an object or a mapping; a text, a number or a UUID
    is an id itself.

    Raises:
        ConfigurationError: It is none of these, so nothing says that two requests are the same user's.
    """
    read = (
        cast("Mapping[str, Any]", user).get if isinstance(user, Mapping) else partial(getattr, user)
    )
    for name in ("id", "pk", "username"):
        found = read(name, None)
        if found is not None and _says_itself(found):
            return str(found)
    if isinstance(user, str | int | UUID):
        return str(user)
    kind: type = type(cast("object", user))
    raise ConfigurationError(
        f"The signed-in user ({kind.__name__}) has no id, by which it would be known again: "
        "give it an attribute id."
    )


def _says_itself(value: object) -> bool:
    """Whether the text of a value is its own; a plain object's says where in memory it is."""
    kind = type(value)
    is_plain = kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__
    return not (is_plain or callable(value))


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

    Raises:
        ConfigurationError: The user has no id.
    """
    if not signed_in(user):
        return 0
    topic = user_topic(user)
    ended = hub.end(topic)
    if hub.relay is not None:
        hub.relay.end(topic)
    return ended
