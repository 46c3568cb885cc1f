from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import Any, Literal
from uuid import UUID

import pytest

from nitro_runtime.errors import ConfigurationError, NotFound, Refused
from nitro_runtime.events import Context
from nitro_runtime.html import P
from nitro_runtime.sse import SignalsPatch, emit_signals, hub
from nitro_runtime.web import session, stream_limits
from nitro_runtime.web.closing import close_streams, user_id
from nitro_runtime.web.event_endpoint import events
from nitro_runtime.web.forms import Multi
from nitro_runtime.web.request import Reply, Request, Site
from nitro_runtime.web.stream_limits import StreamLimit
from nitro_runtime.web.topics import find_topic, forget_topic, registered, topic

PATTERNS = ["t:{room}", "t:{room}:{seat}", "t:open", "t:open:{seat}", "t:{room}:front"]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")
    monkeypatch.setattr(stream_limits, "streams", StreamLimit())
    yield
    for pattern in PATTERNS:
        forget_topic(pattern)


class Browser:
    """A browser with a tab; ``user`` is who is signed in."""

    def __init__(self, user: Any = None, *, datastar: bool = False) -> None:
        asked = Request("GET", "/")
        self.tab = session.new_tab(asked)
        self.cookies = {session.SESSION_COOKIE: session.session_id(asked)}
        self.user = user
        self.headers = {"datastar-request": "true"} if datastar else {}

    def request(self, *topics: str, last: str | None = None, loaded: str | None = None) -> Request:
        named = [("topic", name) for name in topics]
        load = [] if loaded is None else [("load", loaded)]
        query = Multi([("tab", self.tab), *load, *named])
        headers = {**self.headers, **({} if last is None else {"last-event-id": last})}
        site = Site(user=lambda native: self.user)
        return Request(
            "GET", "/events", headers=headers, cookies=self.cookies, query=query, site=site
        )

    async def open(
        self, *topics: str, last: str | None = None, loaded: str | None = None
    ) -> Stream:
        stream = Stream(await events(self.request(*topics, last=last, loaded=loaded)))
        await stream.until("id: ")
        return stream


class Stream:
    """What a stream sent so far."""

    def __init__(self, reply: Reply) -> None:
        assert reply.status == 200
        assert isinstance(reply.body, AsyncGenerator)
        self.body: AsyncIterator[bytes] = reply.body
        self.seen = ""

    async def until(self, text: str) -> str:
        async with asyncio.timeout(5):
            while text not in self.seen:
                self.seen += (await anext(self.body)).decode()
        return self.seen

    async def end(self) -> None:
        """Waits until the server ends it."""
        async with asyncio.timeout(5):
            async for chunk in self.body:
                self.seen += chunk.decode()

    async def leave(self) -> None:
        await self.body.aclose()  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def last_id(self) -> str:
        return re.findall(r"^id: (.+)$", self.seen, re.MULTILINE)[-1]


# -- who may listen ---------------------------------------------------------------------------------


async def test_a_topic_without_a_rule_is_nobodys() -> None:
    with pytest.raises(Refused, match="may not listen") as refused:
        await events(Browser("ann").request("t:hall"))
    assert refused.value.status == 403


async def test_a_rule_lets_in_whom_it_names() -> None:
    @topic("t:{room}")
    def rule(user: str | None, room: str) -> bool:
        return user == "ann" and room == "hall"

    stream = await Browser("ann").open("t:hall")
    assert hub.broadcast("t:hall", emit_signals({"said": 1})) == 1
    await stream.until('{"said":1}')
    await stream.leave()
    for browser, name in (
        (Browser("ben"), "t:hall"),
        (Browser(), "t:hall"),
        (Browser("ann"), "t:x"),
    ):
        with pytest.raises(Refused) as refused:
            await events(browser.request(name))
        assert refused.value.status == 403


async def test_a_rule_may_be_asynchronous_and_is_given_what_it_names() -> None:
    asked: list[dict[str, Any]] = []

    @topic("t:{room}:{seat}")
    async def rule(seat: int, ctx: Context, request: Request, user: str) -> bool:
        asked.append({"seat": seat, "ctx": ctx, "request": request, "user": user})
        await asyncio.sleep(0)
        return True

    browser = Browser("ann")
    stream = await browser.open("t:hall:7")
    [given] = asked
    assert (given["seat"], given["user"], given["ctx"].user) == (7, "ann", "ann")
    assert given["ctx"].tab == browser.tab
    assert given["request"] is given["ctx"].request
    await stream.leave()
    with pytest.raises(Refused):
        await events(browser.request("t:hall:seven"))
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (int, "7", "7.5"),
        (UUID, "6f1a3c1e-0000-4000-8000-000000000001", "6f1a"),
        (Literal["north", "south"], "south", "east"),
        ("Literal['north', 'south']", "south", "east"),
    ],
)
async def test_a_parameter_is_of_its_annotated_type(kind: Any, good: str, bad: str) -> None:
    def rule(room: Any) -> bool:
        return room == good or str(room) == good

    rule.__annotations__["room"] = kind
    topic("t:{room}")(rule)
    await (await Browser().open(f"t:{good}")).leave()
    with pytest.raises(Refused) as refused:
        await events(Browser().request(f"t:{bad}"))
    assert refused.value.status == 403


async def test_a_rule_is_asked_again_at_every_reconnect() -> None:
    members = {"ann"}

    @topic("t:{room}")
    def rule(user: str) -> bool:
        return user in members

    browser = Browser("ann")
    stream = await browser.open("t:hall")
    await stream.leave()
    members.clear()
    with pytest.raises(Refused):
        await events(browser.request("t:hall", last=stream.last_id))


async def test_a_page_goes_on_without_a_topic_that_is_refused_and_is_told() -> None:
    """Datastar would ask for a refused stream for ever."""

    @topic("t:{room}")
    def rule(room: str) -> bool:
        return room == "hall"

    stream = await Browser(datastar=True).open("t:cellar", "t:hall")
    assert '"refused":true' in await stream.until("_stream")
    assert hub.broadcast("t:cellar", emit_signals({"said": "secret"})) == 0
    assert hub.broadcast("t:hall", emit_signals({"said": "hello"})) == 1
    assert "secret" not in await stream.until("hello")
    await stream.leave()


async def test_a_rule_says_no_of_what_does_not_exist(caplog: pytest.LogCaptureFixture) -> None:
    @topic("t:{room}")
    def rule(room: str) -> bool:
        raise NotFound("Room", room)

    with pytest.raises(Refused) as refused:
        await events(Browser().request("t:hall"))
    assert refused.value.status == 403
    assert not caplog.records


@pytest.mark.parametrize("datastar", [False, True])
async def test_a_rule_that_fails_lets_nobody_in_for_now(
    caplog: pytest.LogCaptureFixture, datastar: bool
) -> None:
    """A page comes back by itself; what went wrong is in the log, and not in the answer."""

    @topic("t:{room}")
    def rule(room: str) -> bool:
        raise ZeroDivisionError(room)

    with pytest.raises(Refused, match="cannot be opened now") as refused:
        await events(Browser(datastar=datastar).request("t:hall"))
    assert refused.value.status == 503
    assert ("retry-after", "5") in refused.value.headers
    assert "hall" not in str(refused.value)
    assert "'t:{room}' failed" in caplog.text


JUNK = ["", ":", "t", "t:", "t::", "t:a:b:c", "T:a", " t:a", "t:" + "a" * 200, "{room}"]
UNPRINTABLE = ["t:\n", "t:a\r\n", "t:a\0", "t:\ud800", "t:\u2028"]
OWN = ["tab:x", "user:ann", "view:x", "page:x:1"]


@pytest.mark.parametrize("name", [*JUNK, *UNPRINTABLE, *OWN])
async def test_junk_is_no_topic(name: str) -> None:
    topic("t:{room}")(_everybody)
    assert find_topic(name) is None
    with pytest.raises(Refused) as refused:
        await events(Browser("ann").request(name))
    assert refused.value.status == 403


async def test_topics_of_nitros_own_are_never_let_in_by_a_pattern_of_parameters() -> None:
    topic("{kind}:{name}")(_everybody)
    try:
        assert find_topic("user:ann") is None
        assert find_topic("tab:x") is None
        assert find_topic("news:today") is not None
    finally:
        forget_topic("{kind}:{name}")


async def test_a_page_has_no_more_topics_than_it_can() -> None:
    topic("t:{room}")(_everybody)
    with pytest.raises(Refused, match="at most 32 topics") as refused:
        await events(Browser().request(*[f"t:{number}" for number in range(33)]))
    assert refused.value.status == 422
    stream = await Browser().open(*["t:1"] * 40)  # the same one
    assert hub.count("t:1") == 1
    await stream.leave()


def _everybody() -> bool:
    return True


# -- patterns ---------------------------------------------------------------------------------------


def test_the_pattern_with_the_earliest_literal_part_is_meant() -> None:
    for pattern in reversed(PATTERNS):
        topic(pattern)(_everybody)
    meant = {
        "t:open": ("t:open", {}),
        "t:hall": ("t:{room}", {"room": "hall"}),
        "t:open:front": ("t:open:{seat}", {"seat": "front"}),
        "t:hall:front": ("t:{room}:front", {"room": "hall"}),
        "t:hall:7": ("t:{room}:{seat}", {"room": "hall", "seat": "7"}),
    }
    for name, (pattern, given) in meant.items():
        found = find_topic(name)
        assert found is not None
        assert (found[0].pattern, found[1]) == (pattern, given)


NO_PATTERNS = ["", ":", "a:", "{", "{}", "a:{b", "a:b{c}", "a:{b}{c}", "a:{b}:{b}", "a:{1b}", "a\n"]
RESERVED = ["tab:{x}", "user:{user_id}", "view:x", "page:x", "a:{user}", "a:{request}", "a:{ctx}"]


@pytest.mark.parametrize("pattern", [*NO_PATTERNS, *RESERVED, "a" * 201])
def test_what_cannot_be_a_pattern_is_told(pattern: str) -> None:
    with pytest.raises(ConfigurationError):
        topic(pattern)


def test_a_rule_that_cannot_be_asked_is_told() -> None:
    def other(chair: str) -> bool:
        return bool(chair)

    def rest(**all_of_it: str) -> bool:
        return bool(all_of_it)

    for rule in (other, rest):
        with pytest.raises(ConfigurationError, match="is called by name"):
            topic("t:{room}")(rule)
        with pytest.raises(ConfigurationError, match="is called by name"):
            topic("t:{room}", state=rule)(_everybody)
    assert "t:{room}" not in registered()


def test_a_pattern_has_one_rule_and_one_defined_again_replaces_it() -> None:
    def other() -> bool:
        return False

    topic("t:{room}")(_everybody)
    with pytest.raises(ConfigurationError, match=r"a rule for the topics 't:\{room\}' already"):
        topic("t:{hall}")(other)
    assert topic("t:{place}")(_everybody) is _everybody
    assert registered()["t:{place}"].rule is _everybody
    assert "t:{room}" not in registered()


# -- their state ------------------------------------------------------------------------------------


def as_view(room: str) -> object:
    return P(f"state of {room}", id="room")


async def as_coroutine(room: str, user: str) -> object:
    return [emit_signals({"user": user}), P(f"state of {room}", id="room")]


def as_generator(room: str) -> Generator[SignalsPatch]:
    yield emit_signals({"state": f"state of {room}"})


async def as_async_generator(room: str) -> AsyncGenerator[dict[str, str]]:
    yield {"state": f"state of {room}"}


@pytest.mark.parametrize("state", [as_view, as_coroutine, as_generator, as_async_generator])
async def test_a_stream_begins_with_the_state_of_its_topics(state: Any) -> None:
    topic("t:{room}", state=state)(_everybody)
    stream = Stream(await events(Browser("ann").request("t:hall", "t:attic")))
    first = (await anext(stream.body)).decode()
    assert first.index("retry: ") < first.index("state of hall") < first.index("state of attic")
    await stream.leave()


async def test_what_is_told_while_a_state_is_read_comes_after_it() -> None:
    reading, go_on = asyncio.Event(), asyncio.Event()

    async def state() -> object:
        reading.set()
        await go_on.wait()
        return {"state": 1}

    topic("t:{room}", state=state)(_everybody)
    stream = Stream(await events(Browser().request("t:hall")))
    opening = asyncio.create_task(stream.until("next"))
    await reading.wait()
    assert hub.broadcast("t:hall", emit_signals({"next": 1})) == 1
    go_on.set()
    seen = await opening
    assert seen.index('"state":1') < seen.index('"next":1')
    await stream.leave()


async def test_what_was_missed_is_sent_again_unless_the_state_has_it() -> None:
    topic("t:{room}")(_everybody)
    topic("t:open", state=lambda: {"whole": "state"})(_everybody)
    browser = Browser()
    stream = await browser.open("t:hall", "t:open")
    await stream.leave()
    assert hub.broadcast("t:hall", emit_signals({"hall": 1})) == 0
    hub.broadcast("t:open", emit_signals({"open": 1}))
    seen = await (again := await browser.open("t:hall", "t:open", last=stream.last_id)).until(
        "hall"
    )
    assert '{"hall":1}' in seen
    assert '{"open":1}' not in seen
    assert '{"whole":"state"}' in seen
    assert "nitro-resync" not in seen
    await again.leave()


async def test_who_names_an_event_of_another_run_is_told_to_take_everything_anew() -> None:
    topic("t:{room}")(_everybody)
    stream = await Browser().open("t:hall", last="another:0-1")
    assert '"t:hall"' in await stream.until("nitro-resync")
    await stream.leave()


async def test_a_state_that_fails_leaves_the_rest_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("nitro_runtime.web.event_endpoint.BROKEN_SECONDS", 0.05)

    def state() -> object:
        raise ZeroDivisionError

    topic("t:{room}", state=state)(_everybody)
    stream = await Browser(datastar=True).open("t:hall")
    assert hub.broadcast("t:hall", emit_signals({"heard": 1})) == 1
    await stream.end()  # the browser comes back
    assert '{"heard":1}' in stream.seen
    assert "state of a topic could not be read" in caplog.text


async def test_streams_with_a_state_end_when_changes_were_missed_and_come_back_for_it() -> None:
    topic("t:{room}", state=as_view)(_everybody)
    topic("t:{room}:{seat}")(_everybody)
    with_state, without = await Browser().open("t:hall"), await Browser().open("t:hall:7")
    hub.renew("a-new-epoch", hub.position)
    await with_state.end()
    await without.until("nitro-resync")
    assert hub.broadcast("t:hall:7", emit_signals({"on": 1})) == 1
    await without.leave()


# -- pages ------------------------------------------------------------------------------------------


async def test_of_the_streams_of_one_page_the_newest_hears() -> None:
    """Datastar may open two, and what is appended would be there twice."""
    topic("t:{room}")(_everybody)
    browser = Browser()
    former = await browser.open("t:hall", loaded="1764139000000.1")
    newer = await browser.open("t:hall", loaded="1764139000000.1")
    assert hub.broadcast("t:hall", emit_signals({"said": 1})) == 1
    await newer.until('"said":1')
    await former.leave()
    assert hub.broadcast("t:hall", emit_signals({"said": 2})) == 1
    await newer.leave()
    assert not hub.is_watched("t:hall")


@pytest.mark.parametrize("loads", [("1.5", "2.5"), (None, None), ("junk", "junk"), ("9" * 33,) * 2])
async def test_a_page_that_is_shown_twice_is_live_in_both_places(
    loads: tuple[str | None, str | None],
) -> None:
    """Out of the browser's cache both have the same tab; other clients do not say when they began."""
    topic("t:{room}")(_everybody)
    browser = Browser()
    both = [await browser.open("t:hall", loaded=loaded) for loaded in loads]
    assert hub.broadcast("t:hall", emit_signals({"said": 1})) == 2
    for stream in both:
        await stream.until('"said":1')
        await stream.leave()


async def test_a_page_that_opens_another_stream_goes_on_where_it_stood() -> None:
    """As when somebody searches: the new request names no event."""
    topic("t:{room}")(_everybody)
    browser = Browser()
    former = await browser.open("t:hall", loaded="1.5")
    await former.leave()
    hub.broadcast("t:hall", emit_signals({"said": "meanwhile"}))
    other = await browser.open("t:hall", loaded="2.5")
    newer = await browser.open("t:hall", loaded="1.5")
    assert '"said":"meanwhile"' in newer.seen + await newer.until("meanwhile")
    assert "meanwhile" not in other.seen
    await newer.leave()
    await other.leave()


# -- ending -----------------------------------------------------------------------------------------


class Member:
    def __init__(self, number: object) -> None:
        self.id = number


class NoRelay:
    """What carries ends to other processes."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    def send(self, topics: tuple[str, ...], data: bytes) -> int:
        return hub.place(topics, data)

    def end(self, topic: str) -> None:
        self.ended.append(topic)


@pytest.mark.parametrize("given", [Member(7), 7, "7", {"id": 7}])
async def test_all_streams_of_a_user_end_and_nobody_elses(given: Any) -> None:
    mine = [await Browser(Member(7)).open() for _ in range(3)]
    yours = await Browser(Member(8)).open()
    assert close_streams(given) == 3
    for stream in mine:
        await stream.end()
    assert hub.publish("user:8", emit_signals({"on": 1})) == 1
    assert not hub.is_watched("user:7")
    await yours.until('"on":1')
    await yours.leave()


async def test_other_instances_are_told_to_end_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    relay = NoRelay()
    hub.relay = relay
    try:
        assert close_streams("ann") == 0
    finally:
        hub.relay = None
    assert relay.ended == ["user:ann"]


async def test_who_is_not_signed_in_has_no_streams_to_end() -> None:
    class Nobody:
        id = None
        is_authenticated = False

    before = hub.ended
    stream = await Browser(Nobody()).open()
    for nobody in (None, Nobody()):
        assert close_streams(nobody) == 0
    assert hub.ended == before
    await stream.leave()


async def test_a_stream_that_is_being_opened_meanwhile_ends_too() -> None:
    """Who it is for was asked before they logged out."""
    browser = Browser(Member(7))
    stream = Stream(await events(browser.request()))
    close_streams(Member(7))
    await stream.end()
    assert not hub.is_watched("user:7")
    browser.user = None
    stream = Stream(await events(browser.request()))
    close_streams(Member(8))
    await stream.until("id: ")
    await stream.leave()


async def test_a_stream_that_was_slow_to_open_ends_when_it_is_not_known_whose_ended() -> None:
    browser = Browser(Member(7))
    stream = Stream(await events(browser.request()))
    for number in range(1_100):
        close_streams(f"other {number}")
    await stream.end()


def test_what_a_user_is_known_by() -> None:
    class Named:
        username = "ann"

    class Kept:
        pk = 0

    users = (Named(), Kept(), Member(3), Member(UUID(int=4)), "ann", 5, {"id": 6}, {"pk": 7})
    assert [user_id(one) for one in users] == [
        *("ann", "0", "3", str(UUID(int=4)), "ann", "5", "6", "7")
    ]


@pytest.mark.parametrize("stranger", [object(), Member(None), Member(object()), {"exp": 1}, ()])
def test_a_user_who_cannot_be_told_from_others_is_a_clear_error(stranger: object) -> None:
    """The text of a plain object is another at each request, and so are the claims of a token."""
    with pytest.raises(ConfigurationError, match="has no id, by which it would be known again"):
        close_streams(stranger)


# -- limits -----------------------------------------------------------------------------------------


async def test_streams_are_counted_by_user_and_by_browser_where_nobody_is_signed_in() -> None:
    stream_limits.streams.set(per_user=2)
    first, second = await Browser("ann").open(), await Browser("ann").open()
    with pytest.raises(Refused) as refused:
        await events(Browser("ann").request())
    assert refused.value.status == 503
    assert ("retry-after", "5") in refused.value.headers
    third = await Browser("ben").open()
    nobody = Browser()
    others = [await nobody.open(), await nobody.open(), await Browser().open()]
    with pytest.raises(Refused):
        await events(nobody.request())
    await first.leave()
    again = await Browser("ann").open()
    for stream in (second, third, again, *others):
        await stream.leave()
    assert stream_limits.streams.open_count == 0


async def test_a_crowd_that_comes_at_once_is_limited_too() -> None:
    """While a rule was asked, and once more when the stream begins: its status is sent by then."""
    stream_limits.streams.set(per_user=1)
    asked, answer = asyncio.Event(), asyncio.Event()

    @topic("t:slow")
    async def rule() -> bool:
        asked.set()
        await answer.wait()
        return True

    late = asyncio.ensure_future(events(Browser("ann").request("t:slow")))
    await asked.wait()
    replies = [await events(Browser("ann").request()) for _ in range(2)]
    first, second = [Stream(reply) for reply in replies]
    await first.until("id: ")
    answer.set()
    with pytest.raises(Refused) as refused:
        await late
    assert refused.value.status == 503
    await second.end()
    assert second.seen.startswith("retry: ")
    assert stream_limits.streams.open_count == hub.open_count == 1
    await first.leave()
    assert stream_limits.streams.open_count == hub.open_count == 0


async def test_a_datastar_page_is_told_at_once_that_it_is_connected() -> None:
    stream = await Browser(datastar=True).open()
    assert '{"_stream":{"lost":false,"told":false,"refused":false}}' in await stream.until(
        "_stream"
    )
    await stream.leave()
    plain = await Browser().open()
    assert "_stream" not in plain.seen
    await plain.leave()


async def test_streams_wait_for_different_times_before_they_come_back() -> None:
    """Or a server that starts again would be overrun."""
    waits: set[str] = set()
    for _ in range(20):
        stream = await Browser().open()
        waits.update(re.findall(r"^retry: (\d+)$", stream.seen, re.MULTILINE))
        await stream.leave()
    assert len(waits) > 10
    assert all(300 <= int(wait) <= 1_200 for wait in waits)
