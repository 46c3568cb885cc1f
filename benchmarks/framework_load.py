"""The routes of `framework_routes` under load: wrk on each framework's usual server.

The two apps of a framework are served side by side, one worker and one core; wrk has another core
and visits them in turn. What counts is the ratio of neighbouring rounds: a machine's speed drifts by
more than the two differ. Where other programs want the cores too, requests for a second of the
server's own processor time say more.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx

from benchmarks.frame import Table, WrongOutput, rotated
from benchmarks.framework_routes import same
from benchmarks.routes.drivers import ASKS, Ask
from nitro_runtime.testing.serving import Served, serve

ROOT = Path(__file__).parents[1]
ROUNDS = 5
SECONDS = 2
CONNECTIONS = 16

UVICORN = "uvicorn {app} --port {port} --log-level warning --no-access-log"
GUNICORN = (
    "gunicorn {app} --bind 127.0.0.1:{port} --worker-class gthread --threads 16 --log-level warning"
)
SANIC = "sanic {app} --host 127.0.0.1 --port {port} --single-process --no-access-logs"

SERVERS = {
    "fastapi": UVICORN,
    "flask": GUNICORN,
    "django": UVICORN,
    "fasthtml": UVICORN,
    "sanic": SANIC,
    "litestar": UVICORN,
}
"""The usual server of each framework, with one worker."""

APPS = {"by hand": "hand", "Nitro": "nitro"}


def tables(rounds: int | None) -> Iterator[Table | str]:
    """Yields one table a framework, or a sentence that says why not."""
    if shutil.which("wrk") is None:
        yield "wrk is not installed (Debian's package is called wrk): nothing is put under load."
        return
    for framework, words in SERVERS.items():
        with ExitStack() as stack:
            apps = {
                name: stack.enter_context(_served(framework, app, words))
                for name, app in APPS.items()
            }
            rows = [(kind, _compared(apps, ask, rounds or ROUNDS)) for kind, ask in ASKS.items()]
        columns = ["by hand, 1/s", "Nitro, 1/s", "Nitro to by hand", "by processor time"]
        yield Table(f"{framework} under wrk, {words.split()[0]}", columns, rows)


@contextmanager
def _served(framework: str, app: str, words: str) -> Generator[Served]:
    command = words.replace("{app}", f"benchmarks.routes.on_{framework}:{app}").split()
    with ExitStack() as stack:
        with _on_core(0):  # inherited by what is started
            served = stack.enter_context(serve([sys.executable, "-m", *command], cwd=ROOT))
        yield served
        served.stop()  # in good order, so that it ends its workers


@contextmanager
def _on_core(number: int) -> Generator[None]:
    """Runs the block, and the programs that it starts, on one core; anywhere on a system with one."""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {allowed[number % len(allowed)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


@dataclass(frozen=True, slots=True)
class _Load:
    """What a server did while wrk asked.

    Attributes:
        per_second: Requests that it answered in a second.
        per_cpu_second: Requests that it answered for a second of its processor time.
    """

    per_second: float
    per_cpu_second: float


def _compared(apps: Mapping[str, Served], ask: Ask, rounds: int) -> list[str]:
    """Returns the cells of one line of the table."""
    same({name: _answer(served, ask) for name, served in apps.items()})
    pairs: list[tuple[_Load, _Load]] = []
    for turn in range(rounds):
        loads = {name: _load(apps[name], ask) for name in rotated(list(apps), turn)}
        pairs.append((loads["by hand"], loads["Nitro"]))
    rates = (median(one.per_second for one in loads) for loads in zip(*pairs, strict=True))
    ratio = median(nitro.per_second / hand.per_second for hand, nitro in pairs)
    of_cpu = median(nitro.per_cpu_second / hand.per_cpu_second for hand, nitro in pairs)
    return [*(f"{rate:,.0f}" for rate in rates), f"{ratio:.2f}", f"{of_cpu:.2f}"]


def _answer(served: Served, ask: Ask) -> tuple[str, list[tuple[str, str]], bytes]:
    got = httpx.request(
        ask.method, served.url + ask.path, headers=dict(ask.headers), content=ask.body
    )
    told = [(name, value) for name, value in got.headers.items() if name not in _OF_THE_SERVER]
    return str(got.status_code), told, got.content


_OF_THE_SERVER = {"date", "server", "connection", "keep-alive"}


def _load(served: Served, ask: Ask) -> _Load:
    """Puts a server under load for some seconds.

    Raises:
        WrongOutput: Some were not, or with an error.
    """
    with TemporaryDirectory() as folder, _on_core(1):
        script = Path(folder, "ask.lua")
        script.write_text(_lua(ask))
        words = f"wrk -t1 -c{CONNECTIONS} -d{SECONDS}s -s {script} {served.url}{ask.path}"
        before = _cpu_seconds(served.process.pid)
        told = subprocess.run(words.split(), capture_output=True, text=True, check=True).stdout
        spent = _cpu_seconds(served.process.pid) - before
    if "Non-2xx" in told or "Socket errors" in told:
        raise WrongOutput(f"Not every request was answered:\n{told}\n{served.log()[-2000:]}")
    (rate,) = re.findall(r"Requests/sec:\s+([\d.]+)", told)
    (answered,) = re.findall(r"(\d+) requests in", told)
    return _Load(float(rate), int(answered) / spent)


def _cpu_seconds(process: int) -> float:
    """The processor time that a process and its children have taken (proc(5), stat)."""
    total = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            fields = file.read_text().rpartition(")")[2].split()
            if process in (int(file.parent.name), int(fields[1])):
                total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def _lua(ask: Ask) -> str:
    """The request as wrk takes it, which names host and length itself; long brackets hold any text."""
    lines = [f"wrk.method = [[{ask.method}]]"]
    named = [header for header in ask.headers if header[0] not in {"host", "content-length"}]
    lines += [f"wrk.headers[ [[{name}]] ] = [[{value}]]" for name, value in named]
    if ask.body:
        lines.append(f"wrk.body = [==[{ask.body.decode()}]==]")
    return "\n".join(lines)
