"""Units of work, changes, and where a patch goes."""

import asyncio
from collections.abc import Iterator

import pytest

from nitro_runtime import context
from nitro_runtime.context import Change, UnitOfWork


class Patch:
    def encode(self) -> bytes:
        return b"data: x\n\n"


@pytest.fixture(autouse=True)
def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(context, "_listeners", [])
    monkeypatch.setattr(context, "_routers", [])
    yield
    context.set_unit(None)


def test_outside_a_transaction_after_commit_runs_at_once() -> None:
    ran: list[int] = []
    context.after_commit(lambda: ran.append(1))
    assert ran == [1]


def test_inside_a_transaction_it_waits_and_keeps_the_order() -> None:
    ran: list[int] = []
    unit = UnitOfWork()
    context.set_unit(unit)
    context.after_commit(lambda: ran.append(1))
    context.after_commit(lambda: ran.append(2))
    assert ran == []
    context.set_unit(None)
    unit.run()
    unit.run()
    assert ran == [1, 2]


def test_what_a_savepoint_rolled_back_is_forgotten() -> None:
    ran: list[str] = []
    unit = UnitOfWork()
    context.set_unit(unit)
    context.after_commit(lambda: ran.append("kept"))
    mark = unit.mark()
    context.after_commit(lambda: ran.append("rolled back"))
    unit.rewind(mark)
    unit.run()
    assert ran == ["kept"]


def test_one_callback_that_raises_stops_none_of_the_others() -> None:
    ran: list[int] = []
    unit = UnitOfWork([lambda: 1 / 0, lambda: ran.append(2)])
    with pytest.raises(ExceptionGroup) as caught:
        unit.run()
    assert ran == [2]
    assert isinstance(caught.value.exceptions[0], ZeroDivisionError)


def test_a_listener_hears_each_change_once_though_it_was_added_twice() -> None:
    heard: list[Change] = []
    listener = heard.append
    context.on_change(listener)
    context.on_change(listener)
    change = Change("created", "product")
    context.announce(change)
    assert heard == [change]


def test_a_change_is_told_after_the_commit_only() -> None:
    heard: list[Change] = []
    context.on_change(heard.append)
    unit = UnitOfWork()
    context.set_unit(unit)
    context.announce(Change("created", "product"))
    assert heard == []
    context.set_unit(None)
    unit.run()
    assert [change.kind for change in heard] == ["created"]


async def test_each_task_has_a_unit_of_work_of_its_own() -> None:
    async def work() -> UnitOfWork | None:
        unit = UnitOfWork()
        context.set_unit(unit)
        await asyncio.sleep(0)
        assert context.current_unit() is unit
        return unit

    first, second = await asyncio.gather(asyncio.create_task(work()), asyncio.create_task(work()))
    assert first is not second
    assert context.current_unit() is None


def test_a_patch_goes_to_the_current_command_and_not_to_the_hub() -> None:
    answered: list[object] = []
    routed: list[object] = []
    context.on_delivery(lambda key, patch: routed.append((key, patch)))
    patch = Patch()
    with context.outlet(answered.append):
        context.deliver("tab", patch)
    assert (answered, routed) == ([patch], [])
    context.deliver(7, patch)
    assert routed == [("7", patch)]


def test_a_patch_for_nobody_goes_nowhere() -> None:
    routed: list[object] = []
    context.on_delivery(lambda key, patch: routed.append(key))
    context.deliver(None, Patch())
    assert routed == []


def test_a_request_of_an_unknown_type_is_named() -> None:
    with pytest.raises(TypeError, match="of type int"):
        context.neutral_request(1)


def test_a_native_request_is_made_neutral_by_the_nearest_type() -> None:
    class Native: ...

    class Special(Native): ...

    context.register_request(Native, lambda native: ("neutral", native))
    native = Special()
    assert context.neutral_request(native) == ("neutral", native)


async def test_a_task_started_inside_a_transaction_does_not_wait_for_it() -> None:
    unit = UnitOfWork()
    context.set_unit(unit)
    ran: list[str] = []

    async def other() -> None:
        assert context.current_unit() is None
        context.after_commit(lambda: ran.append("other"))

    await asyncio.create_task(other())
    assert (ran, unit.callbacks) == (["other"], [])
