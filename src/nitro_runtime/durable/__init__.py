"""Durable handlers: ``@on("order.placed", durable=True)`` runs at least once, whatever dies.

The job of a handler is a row of the outbox, written in the transaction that emits; a worker runs
it, on Dramatiq, Celery, or straight from the outbox. Importing this package is what makes the bus's
durable handlers work; the bus does so at the first one.
"""

from nitro_runtime.durable.once import once
from nitro_runtime.durable.rows import OnceKey, OutboxRow, State
from nitro_runtime.durable.settings import current_queue, use_queue
from nitro_runtime.durable.taking import install
from nitro_runtime.durable.waiting import run_jobs
from nitro_runtime.durable.worker import run_worker

__all__ = [
    "OnceKey",
    "OutboxRow",
    "State",
    "current_queue",
    "once",
    "run_jobs",
    "run_worker",
    "use_queue",
]

install()
