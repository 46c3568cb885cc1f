"""What every part of the suite stands on: the server of a class, and what it can do."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import httpx
import pytest

from nitro_runtime.testing.serving import PLAIN, Served, serve
from nitro_runtime.testing.web_suite.client import Tab, Transport

HEARTBEAT = 0.5
"""Seconds; the server's own 15 would make for a slow suite."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a server and framework can do; tests are gated on these, never on names.

    Attributes:
        streams: How many streams may be open at once while pages still answer.
        gone_within: Seconds after which a stream is over whose client is gone. A WSGI server that does
            not say what connection it writes to notices by writing only, so that it takes heartbeats.
        one_process: Whether all requests meet the same memory. Without a broker, what is saved in
            one process is not seen in another.
        exit_codes: What the process may end with after it was asked to.
        reload: The command that serves the app and has it reloaded when a file in the working
            directory changes; None where the server cannot.
        native: The routes of the framework's own that the app has.
    """

    streams: int = 50
    gone_within: float = 0.1
    one_process: bool = True
    exit_codes: tuple[int, ...] = (0,)
    reload: Sequence[str] | None = None
    native: tuple[str, ...] = ("sync", "async")


class Suite:
    """A subclass names the ``command`` that serves the app, where, and what it can do."""

    command: ClassVar[Sequence[str]]
    cwd: ClassVar[Path]
    capabilities: ClassVar[Capabilities] = Capabilities()
    environment: ClassVar[Mapping[str, str]] = {}

    @classmethod
    @contextmanager
    def serving(
        cls,
        command: Sequence[str] = (),
        cwd: Path | None = None,
        prefix: str = "",
        **environment: str,
    ) -> Generator[Served]:
        """Runs a server for a block: the class's own, or another one for the same app."""
        with TemporaryDirectory(prefix="nitro-suite-") as uploads:
            given = {**cls._environment(prefix), "NITRO_UPLOADS": uploads, **environment}
            with serve(command or cls.command, cwd=cwd or cls.cwd, environment=given) as served:
                yield served

    @classmethod
    def _environment(cls, prefix: str) -> dict[str, str]:
        return {
            "NITRO_SECRET_KEY": "a key for the suite alone",
            "NITRO_SUITE_HEARTBEAT": str(HEARTBEAT),
            "NITRO_SUITE_STREAMS": str(cls.capabilities.streams),
            "NITRO_SUITE_PREFIX": prefix,
            **cls.environment,
        }

    @classmethod
    def browser(cls, url: str) -> httpx.Client:
        """Returns a browser without a cookie yet; safe across threads."""
        return httpx.Client(base_url=url, timeout=10, transport=Transport(verify=PLAIN))

    @classmethod
    def needs_one_process(cls) -> None:
        """Skips a test whose requests must all meet the same memory."""
        if not cls.capabilities.one_process:
            pytest.skip("Several processes share nothing without a broker.")

    @pytest.fixture(scope="class")
    @classmethod
    def served(cls) -> Iterator[Served]:
        """The server that the tests of a class share."""
        with cls.serving() as served:
            yield served

    @pytest.fixture
    def client(self, served: Served) -> Iterator[httpx.Client]:
        """A browser without a cookie yet."""
        with self.browser(served.url) as client:
            yield client

    @pytest.fixture
    def tab(self, client: httpx.Client) -> Tab:
        """A tab that has opened the page."""
        return Tab(client)
