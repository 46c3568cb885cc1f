"""What was typed after a generator's name, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a command.

    Attributes:
        name: The first word: an entity, an event, a page.
        rest: Those after it: fields, say.
        options: The options of this generator that were given, by name: ``{"plural": "people"}``.
    """

    name: str
    rest: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict[str, str])
