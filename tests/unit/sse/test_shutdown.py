"""Real servers are asked to stop while streams are open: each must end within a second."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import pytest

ASGI_APP = """
from nitro_runtime.sse import hub

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": kind + ".complete"})
            if kind == "lifespan.shutdown":
                return
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    async with hub.subscribe(["a"]) as stream:
        async for part in stream:
            await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
"""

WSGI_APP = """
import asyncio, threading
from nitro_runtime.sse import hub, install_shutdown

install_shutdown()
loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()

def wait(coroutine):
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

async def begin():
    return hub.subscribe(["a"])

async def following(stream):
    return await anext(stream, None)

def app(environ, start_response):
    start_response("200 OK", [("content-type", "text/event-stream")])
    stream = wait(begin())
    while (part := wait(following(stream))) is not None:
        yield part
"""

UVICORN = ["uvicorn", "served:app", "--log-level", "warning", "--port"]
GUNICORN = ["gunicorn", "served:app", "--worker-class", "gthread", "--threads", "4", "--bind"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(folder: Path, source: str, command: list[str]) -> Generator[subprocess.Popen[bytes]]:
    (folder / "served.py").write_text(source)
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": str(Path(sys.executable).parent)},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)


def open_stream(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
    """Connects as soon as the server answers, and waits for the first event."""
    deadline = time.monotonic() + 20
    while True:
        assert process.poll() is None, "the server ended by itself"
        client = socket.socket()
        client.settimeout(10)
        try:
            client.connect(("127.0.0.1", port))
            # gunicorn leaves idle kept-alive connections open for two more seconds when it stops
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            received = b""
            while part := client.recv(4096):
                received += part
                if b"retry: " in received:
                    return client
        except OSError:
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.02)  # nothing to wait on before it listens
        client.close()


def stop_time(
    process: subprocess.Popen[bytes], how: signal.Signals, clients: list[socket.socket]
) -> float:
    """Stops the server as its clients look on; each leaves when its stream has ended."""
    started = time.monotonic()
    process.send_signal(how)
    with ThreadPoolExecutor(len(clients)) as readers:
        list(readers.map(read_to_the_end, clients))
    process.wait(10)
    return time.monotonic() - started


def read_to_the_end(client: socket.socket) -> None:
    with client:
        while client.recv(4096):
            pass


SERVERS: dict[str, tuple[str, Callable[[int], list[str]]]] = {
    "uvicorn": (ASGI_APP, lambda port: [*UVICORN, str(port)]),
    "uvicorn on asyncio": (ASGI_APP, lambda port: [*UVICORN, str(port), "--loop", "asyncio"]),
    "uvicorn --reload": (ASGI_APP, lambda port: [*UVICORN, str(port), "--reload"]),
    "gunicorn gthread": (WSGI_APP, lambda port: [*GUNICORN, f"127.0.0.1:{port}"]),
}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("server", SERVERS)
def test_a_server_stops_within_a_second_with_streams_open(
    server: str, how: signal.Signals, tmp_path: Path
) -> None:
    source, command = SERVERS[server]
    port = free_port()
    with serving(tmp_path, source, command(port)) as process:
        clients = [open_stream(port, process) for _ in range(3)]
        took = stop_time(process, how, clients)
    assert took < 1.0


def test_uvicorn_reloads_with_a_stream_open(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, ASGI_APP, SERVERS["uvicorn --reload"][1](port)) as process:
        client = open_stream(port, process)
        with ThreadPoolExecutor(1) as reader:
            ended = reader.submit(read_to_the_end, client)  # the old stream ends ...
            for change in range(50):  # the first ones may come before the reloader looks
                (tmp_path / "served.py").write_text(f"{ASGI_APP}\n# change {change}\n")
                if wait([ended], timeout=0.5).done:
                    break
            ended.result(1)
        open_stream(port, process).close()  # ... and the new process answers


SCRIPT = """
import asyncio, os, signal, sys
from nitro_runtime.sse import hub, install_shutdown
from nitro_runtime.sse.shutdown import _CloseFirst

calls = []
signal.signal(signal.SIGTERM, lambda *_: calls.append("server"))
assert install_shutdown() and install_shutdown()
signal.signal(signal.SIGTERM, lambda *_: calls.append("later server"))  # replaced after us

async def main():
    async with hub.subscribe(["a"]) as stream:
        await anext(stream)
        assert isinstance(signal.getsignal(signal.SIGTERM), _CloseFirst)
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(1):
            assert [part async for part in stream] == []
    assert calls == ["later server"], calls

asyncio.run(main())
signal.signal(signal.SIGTERM, signal.SIG_DFL)
install_shutdown()
print("ok", flush=True)
os.kill(os.getpid(), signal.SIGTERM)
"""


def test_handlers_that_a_server_put_in_later_are_called_after_the_streams_ended() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT], capture_output=True, text=True, timeout=30
    )
    assert (done.stdout, done.returncode) == ("ok\n", -signal.SIGTERM), done.stderr


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    script = (
        "import signal; from nitro_runtime.sse import install_shutdown\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "assert not install_shutdown()\n"
        "assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
