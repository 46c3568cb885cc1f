"""A program that writes entities and says what was stored: ``entity_writer.py ADDRESS WORK COUNT``.

WORK is ``rows`` (creates, changes and deletes rows until it is killed), ``increment`` or ``save``
(COUNT times, of the row ``n``).
"""

from __future__ import annotations

import sys
from itertools import count

from nitro_runtime.entities import Entity, Field, configure, retry_stale, transaction


class Note(Entity):
    """What is written: a unique value, an index, two fields that belong together."""

    name: str = Field(unique=True)
    size: int = Field(default=0, index=True)
    double: int = 0


class Number(Entity):
    """What is added to."""

    value: int = Field(default=0, index=True)


def write_rows(start: str) -> None:
    """Writes without end; each line that it says was stored before."""
    for i in count():
        Note.create(id=f"{start}-{i}", name=f"{start}-{i}", size=i, double=2 * i)
        print(f"created {start}-{i}", flush=True)
        if i % 3 == 1:
            with transaction():
                Note.get(f"{start}-{i - 1}").update(size=i, double=2 * i, name=f"{start}-{i - 1}'")
                Note.get(f"{start}-{i}").update(size=i + 1, double=2 * i + 2)
            print(f"changed {start}-{i - 1}", flush=True)
        if i % 3 == 2:
            Note.get(f"{start}-{i}").delete()
            print(f"deleted {start}-{i}", flush=True)


@retry_stale(10_000)
def save() -> None:
    """Reads, changes and saves the number."""
    number = Number.get("n")
    number.value += 1
    number.save()


def main(address: str, work: str, times: str) -> None:
    """Does the work."""
    configure(address, patience=30.0)
    if work == "rows":
        write_rows(times)
    for _ in range(int(times)):
        if work == "increment":
            Number.get("n").increment(value=1)
        else:
            save()


if __name__ == "__main__":
    main(*sys.argv[1:])
