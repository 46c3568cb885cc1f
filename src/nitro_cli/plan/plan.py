"""What a generator wants done, as frozen values. Nothing here touches a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Edited:
    """The outcome of an edit of a user's file.

    Attributes:
        status: ``done``, ``there`` (nothing to do) or ``cannot``.
        text: The new text; the old one unless the edit was done.
        snippet: What to write by hand when the edit could not be done.
    """

    status: str
    text: str
    snippet: str = ""


class Edit(Protocol):
    """A change to a file that the user owns; it is pure, and doing it twice does it once."""

    def apply(self, source: str) -> Edited:
        """Returns the text with the change in it."""
        ...

    def to_json(self) -> Mapping[str, Any]:
        """Returns the edit as data, for the project's memory."""
        ...


@dataclass(frozen=True, slots=True)
class Create:
    """A file that a generator writes whole.

    Attributes:
        path: Where, from the project's folder, with ``/``.
        text: Its content.
        tracked: Whether the memory keeps its pristine text; never for a file with a secret.
        mode: Its permissions when it is new.
    """

    path: str
    text: str
    tracked: bool = True
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Merge:
    """A module that several generators write into.

    A new file gets the whole text. In one that is there, the definitions that it lacks are added;
    those that it has stay, unless they are as Nitro wrote them.

    Attributes:
        path: Where, from the project's folder, with ``/``.
        text: A whole module: a docstring, imports, assignments, functions and classes.
    """

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Inject:
    """An edit in a file that the user owns."""

    path: str
    edit: Edit


@dataclass(frozen=True, slots=True)
class Delete:
    """A file to delete; one that the user changed is kept."""

    path: str


@dataclass(frozen=True, slots=True)
class Run:
    """A program to run in the project's folder after everything is written."""

    words: tuple[str, ...]


Action = Create | Merge | Inject | Delete | Run


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one generator wants done.

    Attributes:
        resource: The resource's id, the name of its memory file; ``project`` for a project.
        generator: The generator's name.
        actions: In the order in which they are shown.
        record: What else the memory keeps: the specification, the options.
        next_steps: What the user may want to do next, each a command or a sentence.
    """

    resource: str
    generator: str
    actions: tuple[Action, ...]
    record: Mapping[str, Any] = field(default_factory=dict[str, Any])
    next_steps: tuple[str, ...] = ()


def compose(head: Plan, *parts: Plan) -> Plan:
    """Returns one plan that does what several do, in their order.

    Args:
        head: Whose resource, generator and next steps it has.
        parts: Plans for the same resource.
    """
    record = {k: v for part in parts for k, v in part.record.items() if k not in _NAMING}
    actions = (*head.actions, *(action for part in parts for action in part.actions))
    return replace(head, actions=tuple(dict.fromkeys(actions)), record={**record, **head.record})


_NAMING = frozenset({"generator", "generators"})
"""What a record says of the generators themselves; of several plans the head says it."""
