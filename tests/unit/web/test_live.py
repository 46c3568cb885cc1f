from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar

import pytest

from nitro_runtime.context import Change
from nitro_runtime.html import Script, raw
from nitro_runtime.sse import Hub
from nitro_runtime.views import Words, nonce
from nitro_runtime.views.words import current_words, speaking
from nitro_runtime.web.current import answer, current_native
from nitro_runtime.web.live import INTERVAL, Live, patch_of


class Counted:
    """A view that shows how often it was rendered."""

    def __init__(self) -> None:
        self.times: list[float] = []

    async def __call__(self) -> str:
        self.times.append(asyncio.get_running_loop().time())
        return f'<p id="n">{len(self.times)}</p>'


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_a_group_is_rendered_once_for_all_who_watch_it() -> None:
    hub = Hub()
    live = Live(hub)
    view = Counted()
    groups = [live.watch("products", ["product"], view) for _ in range(20)]
    streams = [hub.subscribe([group.topic]) for group in groups]
    live.changed(Change("updated", "product"))
    for stream in streams:
        seen = b""
        while b'<p id="n">1</p>' not in seen:
            seen += await anext(stream)
    assert len(view.times) == 1
    for stream, group in zip(streams, groups, strict=True):
        stream.close()
        live.leave(group)
    assert live.watched == 0


async def test_only_views_that_show_what_changed_are_rendered() -> None:
    live = Live(Hub())
    shown, other = Counted(), Counted()
    live.watch("products", ["product", "category"], shown)
    live.watch("orders", ["order"], other)
    live.changed(Change("created", "category"))
    await until(lambda: bool(shown.times))
    assert other.times == []


async def test_many_changes_are_rendered_at_once_and_then_once_an_interval() -> None:
    live = Live(Hub())
    view = Counted()
    live.watch("products", ["product"], view)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    changes = 0
    while loop.time() < begun + 4.5 * INTERVAL:
        live.changed(Change("updated", "product"))
        changes += 1
        await asyncio.sleep(0.001)
    count = len(view.times)
    assert changes > 50
    assert 2 <= count <= 5
    assert view.times[0] - begun < INTERVAL / 2
    gaps = [later - earlier for earlier, later in zip(view.times, view.times[1:], strict=False)]
    assert min(gaps) >= INTERVAL * 0.95
    await until(lambda: len(view.times) > count or view.times[-1] >= loop.time() - INTERVAL)


async def test_the_last_change_is_always_rendered() -> None:
    live = Live(Hub())
    state = [0]
    rendered: list[int] = []

    async def view() -> str:
        rendered.append(state[0])
        return f"<p>{state[0]}</p>"

    live.watch("products", ["product"], view)
    for number in range(1, 30):
        state[0] = number
        live.changed(Change("updated", "product"))
        await asyncio.sleep(0.004)
    await until(lambda: rendered[-1:] == [29])


async def test_changes_may_come_from_other_threads() -> None:
    live = Live(Hub())
    view = Counted()
    live.watch("products", ["product"], view)
    thread = threading.Thread(target=live.changed, args=[Change("updated", "product")])
    thread.start()
    await until(lambda: len(view.times) == 1)
    thread.join()


async def test_a_rendering_sees_nothing_of_whoever_made_the_change() -> None:
    """It goes to everybody who watches: not in the words, and not with the request, of one of them."""
    live = Live(Hub())
    seen: list[tuple[str, object, str]] = []
    acting = ContextVar("acting", default="nobody")

    async def view() -> str:
        seen.append((current_words().language, current_native(), acting.get()))
        return "<p></p>"

    def change(_: object) -> None:
        acting.set("ann")
        with speaking(Words(language="de")):
            live.changed(Change("updated", "product"))

    live.watch("products", ["product"], view)
    answer(change, object(), None)
    await until(lambda: len(seen) == 1)
    thread = threading.Thread(target=answer, args=[change, object(), None])
    thread.start()
    await until(lambda: len(seen) == 2)
    thread.join()
    assert seen == [("en", None, "nobody")] * 2


async def test_of_states_that_nobody_took_yet_only_the_newest_waits() -> None:
    """A slow reader is sent the last one, however long it does not read."""
    hub = Hub()
    live = Live(hub)
    view = Counted()
    group = live.watch("products", ["product"], view)
    stream = hub.subscribe([group.topic])
    assert stream.take() is not None
    for number in range(1, 4):
        live.changed(Change("updated", "product"))
        await until(lambda number=number: len(view.times) == number)
    await until(lambda: group._task is None)
    taken = stream.take()
    assert taken is not None
    assert taken.replaces == group.topic
    assert taken.data == patch_of(raw('<p id="n">3</p>'))
    stream.close()
    live.leave(group)


async def test_a_view_that_fails_is_tried_again_at_the_next_change() -> None:
    live = Live(Hub())
    tries: list[int] = []

    async def broken() -> str:
        tries.append(1)
        raise ValueError("no")

    live.watch("products", ["product"], broken)
    live.changed(Change("updated", "product"))
    await until(lambda: len(tries) == 1)
    live.changed(Change("updated", "product"))
    await until(lambda: len(tries) == 2)


async def test_a_view_that_fails_is_tried_again_by_itself_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.modules[Live.__module__], "RETRIES", (0.001, 0.001))
    live = Live(Hub())
    tries: list[int] = []

    async def busy() -> str:
        tries.append(1)
        if len(tries) in {1, 2, 4, 5, 6}:
            raise ValueError("busy")
        return "<p>now</p>"

    group = live.watch("products", ["product"], busy)
    live.changed(Change("updated", "product"))
    await until(lambda: len(tries) == 3)
    live.changed(Change("updated", "product"))
    await until(lambda: len(tries) == 6)
    await asyncio.sleep(3 * INTERVAL)
    assert len(tries) == 6
    live.leave(group)


def test_a_view_that_is_sent_again_waits_for_no_nonce() -> None:
    assert patch_of(Script("go()", nonce=nonce())) == patch_of(Script("go()"))


async def test_nobody_watching_means_nothing_is_rendered() -> None:
    live = Live(Hub())
    view = Counted()
    live.leave(live.watch("products", ["product"], view))
    live.changed(Change("updated", "product"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert view.times == []


def test_a_group_of_a_closed_loop_does_no_harm() -> None:
    live = Live(Hub())

    async def begin() -> None:
        live.watch("products", ["product"], Counted())

    asyncio.run(begin())
    live.changed(Change("updated", "product"))
