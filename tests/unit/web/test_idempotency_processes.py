"""Idempotency keys of real processes that share a store: sent to several at once, killed in the middle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from idempotency_app import SECRET, Folder, KeptEffect, Nursery, nursery
from instances import until
from key_places import PLACES

from nitro_runtime.entities import configure
from nitro_runtime.testing.serving import PLAIN
from nitro_runtime.web import session
from nitro_runtime.web.request import Request

LEASE = 0.5
"""Seconds that the key of a process is taken which is killed."""


@pytest.fixture(scope="module")
def app() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


@pytest.fixture(scope="module", params=PLACES)
def place(request: pytest.FixtureRequest, address: Callable[[str], str]) -> Iterator[str]:
    """The address of the store; this process looks into it, too."""
    given = address(request.param)
    configure(given)
    yield given
    configure("memory")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("told")


@pytest.fixture
def folder(told: Path) -> Folder:
    files = Folder(told)
    files.clear()
    return files


@pytest.fixture(scope="module")
def pair(app: Nursery, place: str, told: Path) -> tuple[str, str]:
    """Two processes of the app on one store."""
    one, other = (app.start(place, Folder(told), lease=60, patience=10) for _ in range(2))
    return one[1], other[1]


class Browser:
    """One session, that talks to whichever process it is told to."""

    def __init__(self) -> None:
        request = Request("GET", "/")
        self.tab = session.new_tab(request)
        self.cookie = f"{session.SESSION_COOKIE}={session.session_id(request)}"

    async def send(
        self, url: str, name: str, what: str = "tea", *, key: str = "k", user: str = ""
    ) -> httpx.Response:
        headers = {
            "cookie": self.cookie,
            "datastar-request": "true",
            "sec-fetch-site": "same-origin",
            "idempotency-key": key,
            "x-user": user,
        }
        async with httpx.AsyncClient(timeout=20, verify=PLAIN) as http:
            return await http.post(
                f"{url}/cmds/{name}/{self.tab}", json={"what": what}, headers=headers
            )


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    monkeypatch.setenv("NITRO_SECRET_KEY", SECRET)
    return Browser()


async def effects(what: str) -> int:
    return await KeptEffect.where(what=what).acount()


async def test_twenty_at_once_over_two_processes_have_one_effect_and_one_answer(
    pair: tuple[str, str], folder: Folder, browser: Browser
) -> None:
    asked = [
        asyncio.create_task(browser.send(pair[n % 2], "kept.order", "twenty")) for n in range(20)
    ]
    await until(lambda: folder.noted("seen") == 20 and folder.noted("begun"), "the requests")
    folder.put("go")
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert b'"receipt"' in answers[0].content
    assert (folder.noted("begun"), await effects("twenty")) == (1, 1)


async def test_a_failed_or_refused_command_does_not_use_its_key_up(
    pair: tuple[str, str], folder: Folder, browser: Browser
) -> None:
    one, other = pair
    statuses: list[int] = []
    for trouble, url in (("fail", one), ("refuse", other), ("fail", other), ("refuse", one)):
        folder.put(trouble)
        statuses.append((await browser.send(url, "kept.moody", "moody")).status_code)
        folder.clear()
    assert statuses == [500, 403, 500, 403]
    assert await effects("moody") == 0
    first = await browser.send(other, "kept.moody", "moody")
    again = await browser.send(one, "kept.moody", "moody")
    assert (first.status_code, again.content) == (200, first.content)
    assert await effects("moody") == 1


async def test_a_key_is_for_one_input_of_one_user_in_one_session(
    pair: tuple[str, str], folder: Folder, browser: Browser
) -> None:
    one, other = pair
    first = await browser.send(one, "kept.moody", "whose")
    assert (await browser.send(other, "kept.moody", "else")).status_code == 422
    assert (await browser.send(other, "kept.steps", "whose")).status_code == 422
    others = [
        await browser.send(other, "kept.moody", "whose", user="ann"),
        await browser.send(other, "kept.moody", "whose", user="ben"),
        await browser.send(other, "kept.moody", "whose", key="l"),
        await Browser().send(other, "kept.moody", "whose"),
    ]
    assert len({answer.content for answer in [first, *others]}) == 5
    assert await effects("whose") == 5
    assert await effects("else") == 0
    assert (await browser.send(other, "kept.moody", "whose")).content == first.content


async def test_an_answer_in_steps_is_repeated_byte_for_byte_by_another_process(
    pair: tuple[str, str], folder: Folder, browser: Browser
) -> None:
    first = await browser.send(pair[0], "kept.steps", "steps")
    again = await browser.send(pair[1], "kept.steps", "steps")
    assert first.content.count(b"event: ") == 3
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"] == "text/event-stream"
    assert await effects("steps") == 1


async def test_a_repeat_is_told_to_come_again_when_its_patience_ends(
    app: Nursery, place: str, pair: tuple[str, str], folder: Folder, browser: Browser
) -> None:
    _, hasty = app.start(place, folder, lease=60, patience=0.05)
    for url, key in ((pair[0], "another"), (hasty, "itself")):
        first = asyncio.create_task(browser.send(url, "kept.order", key, key=key))
        await until(lambda: folder.noted("begun") == 1, "the command")
        busy = await browser.send(hasty, "kept.order", key, key=key)
        assert (busy.status_code, busy.headers["retry-after"]) == (409, "1")
        folder.put("go")
        answer = await first
        again = await browser.send(hasty, "kept.order", key, key=key)
        assert (again.status_code, again.content) == (200, answer.content)
        assert (folder.noted("begun"), await effects(key)) == (1, 1)
        folder.clear()


async def test_the_key_of_a_killed_process_is_free_after_its_lease(
    app: Nursery, place: str, pair: tuple[str, str], folder: Folder, browser: Browser
) -> None:
    pid, url = app.start(place, folder, lease=LEASE, patience=10)
    started = time.monotonic()
    asked = asyncio.create_task(browser.send(url, "kept.order", "killed"))
    await until(lambda: folder.noted("begun"), "the command")
    app.kill(pid)
    with pytest.raises(httpx.TransportError):
        await asked
    assert await effects("killed") == 0
    folder.put("go")
    answer = await browser.send(pair[0], "kept.order", "killed")  # waits until the key is free
    assert time.monotonic() >= started + LEASE
    assert answer.status_code == 200
    assert (await browser.send(pair[1], "kept.order", "killed")).content == answer.content
    assert (folder.noted("begun"), await effects("killed")) == (2, 1)
