"""A server that is killed and comes back at the same address: its clients go on without a silent gap."""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from waiting import until

from nitro_runtime.testing.serving import PLAIN, Served, free_port, serve
from nitro_runtime.testing.web_suite import Tab, read_until
from nitro_runtime.testing.web_suite.client import Transport

SUPPORT = Path(__file__).parents[1] / "support"
TABS = 5

SERVERS = {
    "uvicorn": "uvicorn crowded_app:asgi --port {port} --log-level warning",
    "granian": "granian crowded_app:asgi --interface asgi --port {port} --log-level warning",
    "gunicorn": "gunicorn crowded_app:wsgi --bind 127.0.0.1:{port} --worker-class gthread"
    " --threads 16 --log-level warning",
}


@contextmanager
def served_at(port: int, words: str) -> Generator[Served]:
    with serve([sys.executable, "-m", *words.split()], cwd=SUPPORT, port=port) as served:
        yield served


def publish(client: httpx.Client, first: int, number: int) -> None:
    query = {"first": first, "number": number, "size": 10}
    # and leaves no idle connection, which the kill would break
    headers = {"connection": "close"}
    assert client.get("/publish", params=query, headers=headers).status_code == 200


def numbers(text: str) -> list[int]:
    return [int(found) for found in re.findall(r"n=(\d+);", text)]


def last_id(text: str) -> str:
    return re.findall(r"^id: (\S+)$", text, re.MULTILINE)[-1]


def kill(served: Served) -> None:
    """Ends the server and its workers in the midst of whatever they do."""
    os.killpg(served.process.pid, signal.SIGKILL)
    served.process.wait(10)


def refuses(port: int) -> bool:
    """Whether nobody listens there any more; a worker ends a moment after its parent."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


def broken(chunks: Iterator[str]) -> bool:
    """Reads a stream to its end; says whether that was one that its client notices."""
    try:
        for _ in chunks:
            continue
    except httpx.TransportError:
        return True
    return False


@pytest.mark.parametrize("name", SERVERS)
def test_clients_of_a_killed_server_are_told_of_the_gap_and_miss_nothing_after_it(
    name: str,
) -> None:
    port = free_port()
    transport = Transport(verify=PLAIN)  # asks again over a new connection, as browsers do
    address = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=address, timeout=10, transport=transport) as client:
        with served_at(port, SERVERS[name]) as served, ExitStack() as stack:
            tabs = [Tab(client) for _ in range(TABS)]
            streams = [stack.enter_context(tab.stream([])) for tab in tabs]
            for chunks in streams:
                read_until(chunks, "retry")
            publish(client, 0, 3)
            seen = [read_until(chunks, "n=2;") for chunks in streams]
            assert [numbers(text) for text in seen] == [[0, 1, 2]] * TABS
            known = [last_id(text) for text in seen]
            kill(served)
            assert all(map(broken, streams))
        until(lambda: refuses(port), "the last of its processes to be gone")
        with served_at(port, SERVERS[name]) as served:
            for tab, event in zip(tabs, known, strict=True):
                come_back(client, tab, event)
            assert "Traceback" not in served.log(), served.log()


def come_back(client: httpx.Client, tab: Tab, event: str) -> None:
    """Reconnects by an id of the server that was killed, and once more by one of the new server."""
    with tab.stream([], last_event_id=event) as chunks:
        text = read_until(chunks, "nitro-resync")
        assert last_id(text).partition(":")[0] != event.partition(":")[0]
        publish(client, 10, 2)
        text += read_until(chunks, "n=11;")
        assert numbers(text) == [10, 11]  # and none of those before
    publish(client, 12, 3)
    with tab.stream([], last_event_id=last_id(text)) as chunks:
        publish(client, 15, 1)
        text = read_until(chunks, "n=15;")
    assert numbers(text) == [12, 13, 14, 15]
    assert "nitro-resync" not in text
