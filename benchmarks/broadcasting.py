"""Broadcasting events of 500 bytes over HTTP: Nitro beside its peers, all read by one program.

Each contender is served by a process of its own. What a delivery costs is the processor time of that
process, which other programs on the machine hardly change; latencies and rates they do. Readers run
in another process (`benchmarks.streams.readers`), which also checks that each of them got every event
in its order. Memory is what the server's processes grew by with the streams, the sockets of the
system's own left out.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.frame import Limit, Table, WrongOutput, verdict
from nitro_runtime.testing.serving import Served, serve
from nitro_runtime.testing.web_suite.client import Tab

ROOT = Path(__file__).parents[1]
NITRO = "Nitro"
PRESSED = "Nitro, zstd"
NOTHING = "Starlette alone"
CONTENDERS = {
    NITRO: "nitro_app",
    PRESSED: "nitro_pressed",
    "queue a client": "queues",
    "sse-starlette": "sse_starlette",
    "datastar-py": "datastar_py",
}
SERVERS = {
    "uvicorn": "uvicorn {app} --port {port} --log-level warning --no-access-log --backlog 8192",
    # Its usual back-pressure takes no more than 4,096 clients.
    "granian": "granian {app} --interface asgi --port {port} --log-level warning --backpressure 8192",
}
COLUMNS = ("µs", "median ms", "p99 ms", "KiB", "idle %", "1/s", "1/cpu s")

LIGHT_MICROSECONDS, LIGHT_P99, MEMORY_KIB, IDLE_PERCENT, TIMES_FASTER = 18.0, 30.0, 10.0, 0.2, 20
WATCHING, TABLE_TIMES = 1_000, 2.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Attributes:
        clients: Numbers of readers, each with every server.
        events: That are published one after another, ten a second.
        idle: Seconds without events.
        flooded: Seconds of as many events as all readers can take.
        held: Readers that are held open without events.
    """

    clients: Sequence[int]
    events: int
    idle: float
    flooded: float
    held: int


SHORT = Plan((1_000,), 15, 1.0, 1.0, 0)
FULL = Plan((100, 1_000, 5_000), 50, 10.0, 5.0, 5_000)


def tables(rounds: int | None) -> Iterator[Table]:
    """Yields the tables of a short run: 1,000 readers."""
    return _tables(SHORT)


def tables_in_full(rounds: int | None) -> Iterator[Table]:
    """Yields the tables with 100, 1,000 and 5,000 readers; it takes some minutes."""
    return _tables(FULL)


def _tables(plan: Plan) -> Iterator[Table]:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for clients in plan.clients:
        for server in SERVERS:
            yield _broadcast(server, clients, plan)
    if plan.held:
        yield _held(plan.held, plan.idle)
    yield _watched_table(WATCHING)


# -- broadcasting -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """What one contender took.

    Attributes:
        microseconds: Of the server's processor a delivery, at ten events a second.
        median: Milliseconds from publishing to a reader.
        p99: The same, of the slowest hundredth.
        kib: Memory for each reader.
        idle: Percent of a processor without events.
        rate: Deliveries a second, with as many events as can be taken.
        of_cpu: The same for a second of the server's processor.
    """

    microseconds: float
    median: float
    p99: float
    kib: float
    idle: float
    rate: float
    of_cpu: float

    def cells(self) -> list[str]:
        """Returns them as they are printed."""
        return [
            *(f"{self.microseconds:.1f}", f"{self.median:.1f}", f"{self.p99:.1f}"),
            *(f"{self.kib:.1f}", f"{self.idle:.2f}", f"{self.rate:,.0f}", f"{self.of_cpu:,.0f}"),
        ]


def _broadcast(server: str, clients: int, plan: Plan) -> Table:
    found = {name: _found(server, app, clients, plan) for name, app in CONTENDERS.items()}
    kib, idle = _nothing(server, clients, plan)
    notes = ["nothing was lost, all came in order"]
    if server == "uvicorn" and clients == 1_000:
        notes += _verdicts(found, kib, idle)
    rows = [(name, one.cells()) for name, one in found.items()]
    rows.append((NOTHING, ["", "", "", f"{kib:.1f}", f"{idle:.2f}", "", ""]))
    return Table(f"events of 500 bytes to {clients:,} readers, {server}", COLUMNS, rows, notes)


def _found(server: str, app: str, clients: int, plan: Plan) -> Found:
    with _served(server, app) as served, _readers(served, app) as ask:
        _warm(ask)
        before = _memory(served)
        ask("open", clients=clients)
        kib = (_memory(served) - before) / 1024 / clients
        begun = _cpu(served)
        ask("held", seconds=plan.idle)
        idle = _cpu(served) - begun
        begun = _cpu(served)
        light = ask("paced", number=plan.events, pause=0.1)
        spent = _cpu(served) - begun
        begun = _cpu(served)
        flood = ask("flooded", seconds=plan.flooded)
        flooded = _cpu(served) - begun
    return Found(
        microseconds=spent / light["deliveries"] * 1e6,
        median=light["median_ms"],
        p99=light["p99_ms"],
        kib=kib,
        idle=idle / plan.idle * 100,
        rate=flood["deliveries"] / flood["seconds"],
        of_cpu=flood["deliveries"] / flooded,
    )


def _nothing(server: str, clients: int, plan: Plan) -> tuple[float, float]:
    """Returns what an open stream takes without any of the contenders: KiB, and percent idle."""
    with _served(server, "nothing") as served, _readers(served, "nothing") as ask:
        ask("open", clients=20)
        before = _memory(served)
        ask("open", clients=clients)
        kib = (_memory(served) - before) / 1024 / clients
        begun = _cpu(served)
        ask("held", seconds=plan.idle)
        return kib, (_cpu(served) - begun) / plan.idle * 100


def _warm(ask: Any) -> None:  # noqa: ANN401 # the readers' program
    """Has everything made that is made once, and not for each reader."""
    ask("open", clients=20)
    ask("paced", number=2, pause=0)


def _verdicts(found: dict[str, Found], kib: float, idle: float) -> Iterator[str]:
    """Yields what was to be reached: memory and idle time beyond what the server takes anyway."""
    nitro = found[NITRO]
    for what, value, most in (
        ("µs of the server's processor a delivery", nitro.microseconds, LIGHT_MICROSECONDS),
        ("ms to the slowest hundredth", nitro.p99, LIGHT_P99),
        ("KiB a reader more than nothing", nitro.kib - kib, MEMORY_KIB),
        ("% without events more than nothing", nitro.idle - idle, IDLE_PERCENT),
    ):
        word = "met" if value <= most else "MISSED"
        yield f"  {word}: {value:.2f} {what}, limit {most}"
    for rival in ("sse-starlette", "datastar-py"):
        times = nitro.rate / found[rival].rate
        word = "met" if times >= TIMES_FASTER else "MISSED"
        of_cpu = nitro.of_cpu / found[rival].of_cpu
        yield (
            f"  {word}: {times:.1f} times the deliveries a second of {rival}, limit {TIMES_FASTER}"
            f"; {of_cpu:.1f} times for a second of the processor"
        )


# -- held without events ------------------------------------------------------------------------


def _held(clients: int, seconds: float) -> Table:
    rows: list[tuple[str, list[str]]] = []
    for server in SERVERS:
        with _served(server, "nitro_app") as served, _readers(served, "nitro_app") as ask:
            _warm(ask)
            before = _memory(served)
            ask("open", clients=clients)
            kib = (_memory(served) - before) / 1024 / clients
            begun = _cpu(served)
            ask("held", seconds=seconds)
            idle = (_cpu(served) - begun) / seconds * 100
            ask("paced", number=2, pause=0.1)  # all of them are still there
        rows.append((server, [f"{kib:.1f}", f"{idle:.2f}"]))
    return Table(f"{clients:,} readers held open without events", ("KiB", "idle %"), rows)


# -- a table that everybody watches -------------------------------------------------------------


def _watched_table(clients: int) -> Table:
    """A change of a table of 50 rows, beside broadcasting as many bytes that are ready."""
    number = 10
    with _served("uvicorn", "table") as served, _readers(served, "table") as ask:
        ask("open", clients=clients)
        ask("measured", path="/change")
        size = ask("measured", path="/change")["size"]
        spent: dict[str, float] = {}
        took: dict[str, float] = {}
        for name, path in (("ready bytes", f"/same?size={size}"), ("table", "/change")):
            begun = _cpu(served)
            took[name] = ask("changed", path=path, number=number, size=size)["seconds"]
            spent[name] = (_cpu(served) - begun) / number
    rows = [(name, [f"{spent[name] * 1e3:.1f}", f"{took[name] * 1e3:.1f}"]) for name in spent]
    limit = Limit("table", ("ready bytes",), TABLE_TIMES)
    note = verdict(limit, spent["table"] / spent["ready bytes"], "ready bytes")
    title = f"a change of a table of 50 rows ({size:,} bytes), watched by {clients:,}"
    return Table(title, ("cpu ms a change", "ms to all"), rows, [note])


# -- the processes ------------------------------------------------------------------------------


@contextmanager
def _served(server: str, app: str) -> Generator[Served]:
    name = "nitro_app" if app in {"nitro_pressed", "table"} else app
    words = SERVERS[server].replace("{app}", f"benchmarks.streams.servers:{name}").split()
    with ExitStack() as stack:
        served = stack.enter_context(serve([sys.executable, "-m", *words], cwd=ROOT))
        yield served
        with suppress(subprocess.TimeoutExpired):  # some wait for streams; the block's end kills
            served.stop()


@contextmanager
def _readers(served: Served, app: str) -> Generator[Any]:
    """Starts the readers' program; what it yields asks it to do something."""
    port = served.url.rpartition(":")[2]
    words = [sys.executable, "-m", "benchmarks.streams.readers", port, *_stream_of(served, app)]
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as readers:

        def ask(what: str, **details: float | str) -> dict[str, Any]:
            assert readers.stdin is not None
            assert readers.stdout is not None
            readers.stdin.write(json.dumps({"do": what, **details}) + "\n")
            readers.stdin.flush()
            told = json.loads(readers.stdout.readline() or '{"wrong": "the readers have ended"}')
            if "wrong" in told:
                raise WrongOutput(f"{app}: {told['wrong']}\n{served.log()[-2000:]}")
            return told

        try:
            yield ask
        finally:
            readers.kill()


def _stream_of(served: Served, app: str) -> list[str]:
    """Returns the path of an app's stream, and the cookie that it wants."""
    if app not in {"nitro_app", "nitro_pressed", "table"}:
        return ["/events"]
    with httpx.Client(base_url=served.url) as client:
        tab = Tab(client, "/?table" if app == "table" else "/")
        params = httpx.QueryParams({"view": tab.views})
        cookie = f"nitro_session={client.cookies['nitro_session']}"
        return [
            f"/events?tab={{tab}}&{params}",
            cookie,
            *(["zstd"] if app == "nitro_pressed" else []),
        ]


def _processes(served: Served) -> Iterator[Path]:
    """The server's process and its children (proc(5))."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            parent = file.read_text().rpartition(")")[2].split()[1]
            if str(served.process.pid) in (file.parent.name, parent):
                yield file.parent


def _cpu(served: Served) -> float:
    """Seconds of processor time that the server has taken, all threads together."""
    spent = 0
    for process in _processes(served):
        for thread in process.glob("task/*/schedstat"):
            with suppress(OSError):
                spent += int(thread.read_text().split()[0])
    return spent / 1e9


def _memory(served: Served) -> int:
    """Bytes that the server's processes have in memory."""
    pages = sum(int((one / "statm").read_text().split()[1]) for one in _processes(served))
    return pages * resource.getpagesize()
