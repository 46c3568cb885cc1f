"""The event: a Blinker signal with a name, whose handlers the bus runs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic

from blinker import ANY, NamedSignal, Signal

from nitro_runtime.events.handlers import identity_of

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from nitro_runtime.events.bus import Bus

    P = TypeVar("P", default=Any)
else:
    from typing import TypeVar

    P = TypeVar("P")

F = TypeVar("F", bound=Callable[..., Any])

Key = str | int
"""By what the bus knows an event: its name; the id of a plain Blinker signal."""


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event that was emitted: what `capture_events` collects.

    Attributes:
        name: Its name.
        sender: The sender.
        data: What handlers may ask for by name; of a typed event the checked fields.
        payload: The payload of a typed event, else None.
    """

    name: str
    sender: Any
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    payload: Any = None


class Event(Signal, Generic[P]):
    """An event; made by `event`, never directly.

    It connects and sends as any `blinker.Signal` does, with the bus's rules: order, every kind of
    handler, only the keywords that a signature names, errors raised together. Receivers are held
    strongly unless ``weak=True`` is given (Blinker's own default lets closures vanish).

    Attributes:
        name: Its name.
        payload: The class that what is emitted is checked against, or None.
        signal: The plain Blinker signal that it stands for, or None.
    """

    def __init__(self, name: str, bus: Bus, signal: Signal | None = None) -> None:
        self._bus = bus
        self._is_muted = False
        self.name = name
        self.payload: type[P] | None = None
        self.signal = signal
        self.key: Key = name if signal is None else id(signal)
        super().__init__(f"The event {name!r}.")

    def __repr__(self) -> str:
        return f"<Event {self.name!r}>"

    @property
    def is_muted(self) -> bool:
        """Whether an emit reaches nobody, as inside of ``muted()``."""
        return self._is_muted

    @is_muted.setter
    def is_muted(self, value: bool) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        if value is not self._is_muted:
            self._bus.registry.mute(self.key, value)
        self._is_muted = value

    def connect(self, receiver: F, sender: Any = ANY, weak: bool = False) -> F:  # noqa: ANN401 # Blinker's signature
        """Connects a receiver, as Blinker does; ``weak`` ones vanish with their last reference.

        The sender is held weakly where it can be, as Blinker does.
        """
        super().connect(receiver, sender, weak)
        self._bus.connect(self, receiver, sender, weak=weak)
        return receiver

    def disconnect(self, receiver: Callable[..., Any], sender: Any = ANY) -> None:  # noqa: ANN401 # Blinker's signature
        """Takes a receiver away, from one sender or from all."""
        super().disconnect(receiver, sender)
        self._bus.remove(self, identity_of(receiver), sender)

    def has_receivers_for(self, sender: Any) -> bool:  # noqa: ANN401 # Blinker's signature
        """Whether an emit would consider any handler; conditions are not looked at."""
        return self._bus.has_handlers(self)

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

    def take_from_signal(self, sender: Any, /, **data: Any) -> list[Any]:  # noqa: ANN401 # Blinker's signature
        """The one receiver by which a plain signal's own ``send`` reaches the handlers."""
        return self._bus.emit_sent(self, sender, data)

    def plain_receivers(self, sender: object) -> Generator[Callable[..., Any]]:
        """Yields the receivers that were connected to the plain signal itself, for a sender."""
        if self.signal is not None:
            mine = self.take_from_signal
            for receiver in self.signal.receivers_for(sender):
                if receiver != mine:
                    yield receiver


def name_of(signal: Signal) -> str:
    """Returns what to call a plain signal in messages."""
    return signal.name if isinstance(signal, NamedSignal) else f"signal {id(signal):#x}"
