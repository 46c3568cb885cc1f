"""The event: a Blinker signal with a name, whose handlers the bus runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from blinker import ANY, Signal

from nitro_runtime.events.handlers import identity_of

if TYPE_CHECKING:
    from nitro_runtime.events.bus import Bus

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event that was emitted: what `capture_events` collects."""

    name: str
    sender: Any
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Event(Signal):
    """An event; made by `event`, never directly.

    It connects and sends as any `blinker.Signal` does, with the bus's rules: order, every kind of
    handler, only the keywords that a signature names, errors raised together. Receivers are held
    strongly unless ``weak=True`` is given (Blinker's own default lets closures vanish).

    Attributes:
        name: Its name.
    """

    def __init__(self, name: str, bus: Bus) -> None:
        super().__init__(f"The event {name!r}.")
        self.name = name
        self._bus = bus

    def __repr__(self) -> str:
        return f"<Event {self.name!r}>"

    def connect(self, receiver: F, sender: Any = ANY, weak: bool = False) -> F:  # noqa: ANN401 # Blinker's signature
        """Connects a receiver, as Blinker does; ``weak`` ones vanish with their last reference."""
        super().connect(receiver, sender, weak)
        self._bus.add(self.name, receiver, sender=sender, weak=weak)
        return receiver

    def disconnect(self, receiver: Callable[..., Any], sender: Any = ANY) -> None:  # noqa: ANN401 # Blinker's signature
        """Takes a receiver away, from one sender or from all."""
        super().disconnect(receiver, sender)
        self._bus.remove(self.name, identity_of(receiver), sender)

    def has_receivers_for(self, sender: Any) -> bool:  # noqa: ANN401 # Blinker's signature
        """Whether an emit would consider any handler; conditions are not looked at."""
        return bool(self._bus.handlers(self.name))

    def send(  # pyright: ignore[reportIncompatibleMethodOverride] # the wrapper is not needed here
        self,
        sender: Any | None = None,  # noqa: ANN401 # Blinker's signature
        /,
        **kwargs: Any,  # noqa: ANN401 # Blinker's signature
    ) -> list[tuple[Callable[..., Any], Any]]:
        """Emits, and returns pairs of handler and result as Blinker does."""
        return self._bus.send(self, sender, kwargs)

    async def send_async(  # pyright: ignore[reportIncompatibleMethodOverride] # the wrapper is not needed here
        self,
        sender: Any | None = None,  # noqa: ANN401 # Blinker's signature
        /,
        **kwargs: Any,  # noqa: ANN401 # Blinker's signature
    ) -> list[tuple[Callable[..., Any], Any]]:
        """Emits and waits, and returns pairs of handler and result as Blinker does."""
        return await self._bus.send_async(self, sender, kwargs)
