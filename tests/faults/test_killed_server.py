"""A server that is killed and comes back at the same address: its clients go on without a silent gap."""

from __future__ import annotations

import errno
import os
import signal
import socket
from collections.abc import Sequence

import pytest
from returning import Client, crowd_served, listening, meanwhile, publish

from nitro_runtime.testing.coroutines import until
from nitro_runtime.testing.serving import Served, free_port

TABS = 5

SERVERS = {
    "uvicorn": "uvicorn crowded_app:asgi --port {port} --log-level warning",
    "granian": "granian crowded_app:asgi --interface asgi --port {port} --log-level warning",
    "gunicorn": "gunicorn crowded_app:wsgi --bind 127.0.0.1:{port} --worker-class gthread"
    " --threads 16 --log-level warning",
}


def kill(served: Served) -> None:
    """Ends the server and its workers in the midst of whatever they do."""
    os.killpg(served.process.pid, signal.SIGKILL)
    served.process.wait(10)


def refuses(port: int) -> bool:
    """Whether nobody listens there any more; a worker ends a moment after its parent."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


async def all_were_told(clients: Sequence[Client], numbers: Sequence[int]) -> None:
    """Waits until everybody was told the last of the numbers, and looks that it was these alone."""
    last = numbers[-1:]
    await until(lambda: all(c.numbers[-1:] == last for c in clients), f"number {last}")
    assert [client.numbers for client in clients] == [numbers] * len(clients)


@pytest.mark.parametrize("name", SERVERS)
async def test_clients_of_a_killed_server_are_told_of_the_gap_and_miss_nothing_after_it(
    name: str,
) -> None:
    port = free_port()
    with crowd_served(SERVERS[name], port) as server:
        async with listening(server.url, TABS) as clients:
            await publish(server.url, 0, 3)
            await all_were_told(clients, [0, 1, 2])
            killed = {client.epoch for client in clients}
            kill(server)
            await until(lambda: refuses(port), "the last of its processes to be gone")
            async with meanwhile(crowd_served(SERVERS[name], port)) as again:
                await until(lambda: all(c.resyncs and c.is_open for c in clients), "their return")
                assert killed.isdisjoint(client.epoch for client in clients)
                await publish(again.url, 10, 2)
                await all_were_told(clients, [0, 1, 2, 10, 11])
                for client in clients:
                    client.leave()
                await until(lambda: not any(c.is_open for c in clients), "the end of their streams")
                await publish(again.url, 12, 3)
                await all_were_told(clients, [0, 1, 2, 10, 11, 12, 13, 14])
                assert {client.resyncs for client in clients} == {1}
                assert "Traceback" not in again.log(), again.log()
