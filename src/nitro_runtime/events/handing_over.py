"""What the bus does with durable handlers: it hands jobs over, and runs one for a worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from blinker import Signal

from nitro_runtime import context
from nitro_runtime.events import running
from nitro_runtime.events.payloads import HIDDEN, Checked
from nitro_runtime.events.registering import Registering
from nitro_runtime.events.registry import key_of

Data = Mapping[str, Any]
OnError = Callable[[BaseException, str], object]

NOTHING: Data = {}


class HandingOver(Registering):
    """The part of the bus that concerns durable handlers.

    Attributes:
        on_error: Called with what an async handler raised that nobody waits for, and the event's
            name; logs it until it is replaced.
    """

    on_error: OnError

    def checked(self, event: str | Signal, data: Data, extra: Data) -> Data:
        """Checks the data of a typed event; that of others comes back as it is, with the extra.

        Raises:
            InvalidPayload: It does not fit what the event was declared with.
        """
        payload = self.registry.payloads.get(key_of(event))
        if payload is None or isinstance(data, Checked):
            return {**data, **extra} if extra else data
        return payload.check(data, extra)

    def hand_over(self, event: str | Signal, sender: object, data: Data) -> None:
        """Gives a job to whoever takes them for each durable handler that wants this emit.

        It happens at once, inside the transaction of this task or thread when there is one.

        Raises:
            ExceptionGroup: A condition raised, or a job could not be kept.
        """
        errors: list[Exception] = []
        for job in self._jobs(event, sender, data, errors):
            try:
                context.enqueue(job)
            except Exception as error:  # raised together below
                errors.append(error)
        self._raise_kept(errors, event)

    async def hand_over_async(self, event: str | Signal, sender: object, data: Data) -> None:
        """As `hand_over`; it waits without holding up the loop."""
        errors: list[Exception] = []
        for job in self._jobs(event, sender, data, errors):
            try:
                await context.aenqueue(job)
            except Exception as error:  # raised together below
                errors.append(error)
        self._raise_kept(errors, event)

    def perform(self, key: str, event: str, sender: object, data: Data) -> Any:  # noqa: ANN401 # the handler's
        """Runs one durable handler to its end, as a worker does, where no loop runs.

        Args:
            key: The key of its registration.
            event: The name of the event that was emitted.
            sender: The sender.
            data: The data; of a typed event it is checked again, so the handler gets its payload.

        Returns:
            What the handler returns, of a generator the list of its yields.

        Raises:
            LookupError: There is no such handler.
            Exception: What the handler raised.
        """
        result = self._called(key, event, sender, data)
        kind: type[Any] = result.__class__
        if kind not in running.ASYNC:
            return running.drain(sender, result) if kind in running.DRIVEN else result
        coroutine = running.to_coroutine(sender, result)
        return asyncio.run(running.to_end(coroutine, event, self.on_error))

    async def perform_async(self, key: str, event: str, sender: object, data: Data) -> Any:  # noqa: ANN401 # the handler's
        """As `perform`, inside a running loop."""
        result = self._called(key, event, sender, data)
        finished = running.finished(sender, result)
        return await running.to_end(finished, event, self.on_error)

    def _jobs(
        self, event: str | Signal, sender: object, data: Data, errors: list[Exception]
    ) -> list[context.Job]:
        key = key_of(event)
        if not isinstance(key, str) or not self.registry.has_durable:
            return []
        if key in self.registry.muted:
            return []
        handovers = self.registry.handovers(key, data)
        fields = data.fields if isinstance(data, Checked) else data
        jobs: list[context.Job] = []
        for handover in handovers:
            try:
                if handover.accepts(sender, data):
                    jobs.append(context.Job(handover.key, key, sender, fields))
            except Exception as error:  # raised with the others
                errors.append(error)
        return jobs

    def _called(self, key: str, event: str, sender: object, data: Data) -> Any:  # noqa: ANN401 # of the handler
        registration = self.registration(key)
        if registration is None:
            raise LookupError(f"There is no durable handler {key!r} in this process.")
        data = self.checked(event, data, NOTHING)
        hidden: frozenset[str] = HIDDEN if isinstance(data, Checked) else frozenset()
        return registration.prepared(tuple(data), hidden)(sender, data)

    def _raise_kept(self, errors: list[Exception], event: str | Signal) -> None:
        if errors:
            name = self.name_of(event)
            raise ExceptionGroup(f"{name!r} was not handed over to its handlers", errors)
