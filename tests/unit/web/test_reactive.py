"""Reactive state: after a commit one rendering for each distinct view and scope, and the same bytes for all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest

from nitro_runtime import context
from nitro_runtime.context import Change
from nitro_runtime.entities import Entity
from nitro_runtime.errors import Refused
from nitro_runtime.sse import Hub, hub
from nitro_runtime.sse.subscription import Subscription
from nitro_runtime.views import Column, Table, Words
from nitro_runtime.web import live, session, stream_limits
from nitro_runtime.web.event_endpoint import events
from nitro_runtime.web.forms import Multi
from nitro_runtime.web.live import Live
from nitro_runtime.web.request import Request, Site
from nitro_runtime.web.stream_limits import StreamLimit


class ReactiveLamp(Entity):
    name: str
    owner: int = 0


class ReactiveLampTable(Table[ReactiveLamp]):
    entity = ReactiveLamp
    name = Column(sort=True)
    search = ["name"]  # noqa: RUF012
    reactive = True
    rendered: list[str] = []  # noqa: RUF012
    read_for: list[Any] = []  # noqa: RUF012

    @classmethod
    def scope(cls, request: Any) -> Any:
        cls.read_for.append(request.user)
        if request.user == "banned":
            raise Refused(403, "Not for you.")
        return None if request.user is None else {"owner": request.user}

    def cell_name(self, lamp: ReactiveLamp) -> str:
        self.rendered.append(lamp.name)
        return lamp.name


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")
    monkeypatch.setattr(stream_limits, "streams", StreamLimit())
    ReactiveLamp.where().delete()
    yield
    ReactiveLamp.where().delete()


class Watching:
    """A tab with one live table, whose stream is open; what came since is looked at as it was sent."""

    def __init__(self, user: Any = None, search: str = "", words: Words | None = None) -> None:
        asked = Request("GET", "/")
        self.tab = session.new_tab(asked)
        self.cookies = {session.SESSION_COOKIE: session.session_id(asked)}
        self.site = Site(user=lambda native: user, words=lambda request: words)
        self.search = search

    def request(self, **query: str) -> Request:
        return Request("GET", "/", cookies=self.cookies, query=Multi(query.items()), site=self.site)

    async def open(self) -> Watching:
        table = await ReactiveLampTable.read(self.request(search=self.search))
        reply = await events(self.request(tab=self.tab, view=str(table.view_key)))
        assert isinstance(reply.body, AsyncGenerator)
        self.body = reply.body
        self.first = (await anext(self.body)).decode()
        return self

    @property
    def stream(self) -> Subscription:
        [found] = [one for one in hub._open if f"tab:{self.tab}" in one.topics]
        return found

    async def next(self) -> bytes:
        async with asyncio.timeout(5):
            return await anext(self.body)

    async def leave(self) -> None:
        await self.body.aclose()


async def open_all(*watching: Watching) -> list[Watching]:
    return [await one.open() for one in watching]


async def leave_all(watching: list[Watching]) -> None:
    for one in watching:
        await one.leave()
    assert live.watched == 0


async def test_a_commit_is_rendered_once_for_each_distinct_query_and_scope() -> None:
    """However many tabs show it: here thirty, of five kinds."""
    ReactiveLamp.create(name="Red", owner=1)
    kinds = [(None, ""), (None, "red"), (1, ""), (1, "red"), (True, "")]
    watching = await open_all(*[Watching(user, search) for user, search in kinds for _ in range(6)])
    assert live.watched == len(kinds)
    del ReactiveLampTable.rendered[:]
    ReactiveLamp.create(name="Redder", owner=1)
    sent = [await one.next() for one in watching]
    rows = {kind: sent[6 * number] for number, kind in enumerate(kinds)}
    for number, kind in enumerate(kinds):
        assert all(b"Redder" in one for one in sent[6 * number : 6 * number + 6])
        assert len({one for one in sent[6 * number : 6 * number + 6]}) == 1
        assert rows[kind].count(b"<tr id=") == 2
    # each kind once, of two rows
    assert len(ReactiveLampTable.rendered) == 2 * len(kinds)
    await leave_all(watching)


async def test_all_tabs_that_show_the_same_are_sent_the_same_object() -> None:
    """One rendering, one encoding, and no copy."""
    watching = await open_all(*[Watching() for _ in range(20)])
    streams = [one.stream for one in watching]
    ReactiveLamp.create(name="Red")
    taken: list[Any] = []
    async with asyncio.timeout(5):
        for stream in streams:
            while (frame := stream.take()) is None:
                await asyncio.sleep(0.001)
            taken.append(frame)
    assert b"Red" in taken[0].data
    assert all(frame is taken[0] for frame in taken)
    await leave_all(watching)


async def test_scopes_keep_users_apart() -> None:
    """Also those whose ids are equal for Python, and who search for the same."""
    for owner in (0, 1, 2):
        ReactiveLamp.create(name=f"Of {owner}", owner=owner)
    one, two, truth = await open_all(Watching(1, "of"), Watching(2, "of"), Watching("1", "of"))
    assert "Of 1" in one.first
    assert "Of 2" not in one.first
    assert "Of 2" in two.first
    assert live.watched == 3
    ReactiveLamp.create(name="Of 1, again", owner=1)
    assert b"Of 1, again" in await one.next()
    assert b"Of 1, again" not in await two.next()
    await leave_all([one, two, truth])


async def test_the_scope_of_a_reconnect_is_its_own() -> None:
    """The key of a view says what is shown, never whose: a stolen one shows its thief's own rows."""
    ReactiveLamp.create(name="Ann's", owner=1)
    ann = Watching(1)
    key = (await ReactiveLampTable.read(ann.request())).view_key
    thief = Watching(2)
    reply = await events(thief.request(tab=thief.tab, view=str(key)))
    assert isinstance(reply.body, AsyncGenerator)
    assert b"Ann's" not in await anext(reply.body)
    await reply.body.aclose()


async def test_a_view_that_is_no_longer_for_its_visitor_has_the_page_loaded_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ReactiveLamp.create(name="Red", owner=1)
    key = (await ReactiveLampTable.read(Watching(1).request())).view_key
    banned = Watching("banned")
    reply = await events(banned.request(tab=banned.tab, view=str(key)))
    assert isinstance(reply.body, AsyncGenerator)
    first = await anext(reply.body)
    assert b"location.reload()" in first
    assert b"Red" not in first
    assert not caplog.records
    await reply.body.aclose()
    assert live.watched == 0


async def test_views_in_other_words_are_rendered_apart() -> None:
    german = Words(language="de", search="Suche")
    english, first, second = await open_all(
        Watching(), Watching(words=german), Watching(words=german)
    )
    assert live.watched == 2
    ReactiveLamp.create(name="Red")
    assert b"Suche" not in await english.next()
    assert b"Suche" in await first.next()
    assert b"Suche" in await second.next()
    await leave_all([english, first, second])


async def test_a_change_of_another_instance_is_shown_here() -> None:
    """It comes without an entity, and what is shown is read anew."""
    [tab] = await open_all(Watching())
    del ReactiveLampTable.rendered[:]
    context.announce_remote(Change("updated", "reactive_lamp"))
    assert b"reactive-lamp-table" in await tab.next()
    await leave_all([tab])


async def test_when_changes_of_others_were_missed_everything_is_rendered_anew() -> None:
    own = Hub()
    views = Live(own)
    own.on_resync(views.changed_unknown)
    rendered: list[str] = []

    async def lamps() -> str:
        rendered.append("lamps")
        return "<p id='lamps'></p>"

    async def orders() -> str:
        rendered.append("orders")
        return "<p id='orders'></p>"

    groups = [views.watch("lamps", ["lamp"], lamps), views.watch("orders", ["order"], orders)]
    mark = views.changes
    own.renew("another", (5, 0))
    assert views.changes != mark  # who is just subscribing reads once more
    async with asyncio.timeout(5):
        while len(rendered) < 2:
            await asyncio.sleep(0.001)
    assert sorted(rendered) == ["lamps", "orders"]
    for group in groups:
        views.leave(group)


async def test_a_burst_is_few_renderings_of_which_the_last_is_right() -> None:
    tabs = await open_all(Watching(), Watching())
    lamp = ReactiveLamp.create(name="0")
    del ReactiveLampTable.rendered[:]
    begun = asyncio.get_running_loop().time()
    for number in range(1, 1_001):
        lamp.name = str(number)
        lamp.save()
        if number % 10 == 0:
            await asyncio.sleep(0)
    seen = b""
    for tab in tabs:
        while b">1000<" not in seen:
            seen += await tab.next()
        seen = b""
    taken = asyncio.get_running_loop().time() - begun
    assert len(ReactiveLampTable.rendered) <= 3 + taken / 0.05
    assert ReactiveLampTable.rendered[-1] == "1000"
    await leave_all(tabs)
