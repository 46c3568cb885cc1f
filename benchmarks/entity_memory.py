"""What 100,000 loaded entities take in memory, beside other objects made of the same rows.

Each way loads them in a process of its own (`benchmarks.entities.loading`) and holds them all.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.entities.limits import MEMORY_AT_MOST, PLAIN
from benchmarks.entities.loading import WAYS
from benchmarks.entities.products import make_file
from benchmarks.frame import Limit, Table, verdict

LOADED = 100_000


def tables(rounds: int | None) -> Iterator[Table]:
    """Yields one table; bytes are the same in every round, so there is one."""
    with tempfile.TemporaryDirectory(prefix="nitro-bench-") as folder:
        path = Path(folder) / "products.db"
        make_file(path, LOADED)
        found = {way: _taken(way, path) for way in WAYS}
    yield shown(found)


def shown(found: dict[str, int]) -> Table:
    """Returns the table of the bytes that each way has taken."""
    plain = found[PLAIN]
    limit = Limit("nitro", (PLAIN,), MEMORY_AT_MOST)
    return Table(
        "entity: memory of 100,000 loaded",
        ("bytes each", "ratio"),
        [
            (way, (f"{taken / LOADED:,.0f}", f"{taken / plain:.2f}x"))
            for way, taken in sorted(found.items(), key=lambda pair: pair[1])
        ],
        [verdict(limit, found["nitro"] / plain, PLAIN)],
    )


def _taken(way: str, path: Path) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.entities.loading", way, str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout)
