"""A logout through Django's own view, on real servers: whose streams end, and what they get after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from mailboxes import SERVERS, mailboxes

from nitro_runtime.testing.serving import PLAIN, Served
from nitro_runtime.testing.web_suite.client import Tab, Transport, read_to_the_end, read_until

STATIC = Path(__file__).parents[3] / "src/nitro_runtime/testing/static"


@pytest.fixture(scope="module", params=SERVERS)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The project of `mailboxes_app`."""
    scratch = tmp_path_factory.mktemp("accounts")
    with mailboxes(request.param, scratch, STATIC) as server:
        yield server


class Reader:
    """One tab of a browser in which somebody has signed in and opened their mailbox."""

    def __init__(self, client: httpx.Client, name: str) -> None:
        self.client = client
        self.name = name
        client.get(f"/sign-in/{name}").raise_for_status()
        self.tab = Tab(client, f"/mail/{name}")
        self.tab.path = "/"
        self.topic = f"mail:{name}"

    def write(self, owner: str, text: str) -> dict[str, int]:
        """Writes to somebody, and returns how many streams got it."""
        return self.client.get(f"/mail/{owner}/write/{text}").raise_for_status().json()

    def sign_out(self) -> None:
        token = re.findall('name="csrfmiddlewaretoken" value="(.+?)"', self.tab.page)[0]
        form = {"csrfmiddlewaretoken": token}
        answer = self.client.post("/accounts/logout/", data=form)
        assert (answer.status_code, answer.headers["location"]) == (302, "/")

    def listen(self, **headers: str) -> int:
        """Asks for the stream of the mailbox as a plain client; returns the status."""
        params = {"tab": self.tab.id, "topic": self.topic}
        with self.client.stream("GET", "/events", params=params, headers=headers) as answer:
            return answer.status_code


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def visit(served: Served, stack: ExitStack, name: str) -> Reader:
    """Lets somebody sign in with a browser of its own."""
    transport = Transport(verify=PLAIN)
    client = httpx.Client(base_url=served.url, timeout=10, transport=transport)
    return Reader(stack.enter_context(client), name)


def test_a_logout_ends_the_streams_of_its_user_and_nobody_elses(
    served: Served, stack: ExitStack
) -> None:
    here, there, ben = [visit(served, stack, name) for name in ("ann", "ann", "ben")]
    streams = [stack.enter_context(one.tab.stream([], [one.topic])) for one in (here, there, ben)]
    for chunks in streams:
        read_until(chunks, "retry")
    assert here.write("ann", "before") == {"mailbox": 2, "user": 2}
    for chunks in streams[:2]:
        read_until(chunks, "Now: before")
    copied = "; ".join(f"{name}={value}" for name, value in here.client.cookies.items())
    here.sign_out()
    for chunks in streams[:2]:
        assert "event:" not in read_to_the_end(chunks)

    # At once, with the cookies of before: nothing that was Ann's.
    assert here.listen(cookie=copied) == 403
    nobody = stack.enter_context(here.tab.stream([], cookie=copied))
    read_until(nobody, "retry")
    # Where she did not log out she is still herself.
    back = stack.enter_context(there.tab.stream([], [there.topic]))
    read_until(back, "before")
    assert ben.write("ann", "secret") == {"mailbox": 1, "user": 1}
    read_until(back, "Now: secret")
    assert ben.write("ben", "yours") == {"mailbox": 1, "user": 1}
    assert "secret" not in read_until(streams[2], "Now: yours")


def test_a_logout_of_nobody_ends_nothing(served: Served, stack: ExitStack) -> None:
    cid, dan = visit(served, stack, "cid"), visit(served, stack, "dan")
    with dan.tab.stream([], [dan.topic]) as chunks:
        read_until(chunks, "retry")
        cid.sign_out()
        cid.sign_out()  # by now nobody is signed in
        assert cid.write("dan", "still here") == {"mailbox": 1, "user": 1}
        read_until(chunks, "Now: still here")
