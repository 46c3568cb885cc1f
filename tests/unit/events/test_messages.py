# pyright: reportUnusedClass=false
from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from nitro_runtime import context
from nitro_runtime.errors import ConfigurationError, Refused
from nitro_runtime.events import (
    Context,
    anyone,
    capture_events,
    command,
    current_context,
    find_command,
    on,
    run_command,
    use_middleware,
)
from nitro_runtime.events.messages import Command, Query, dispatch, dispatch_sync, handles
from nitro_runtime.events.middleware import Call, Next
from nitro_runtime.sse import emit_signals

ANN = Context(user=SimpleNamespace(name="Ann"), tab="tab1")


def ann(user: Any) -> bool:
    return getattr(user, "name", None) == "Ann"


async def test_a_command_is_handled_by_its_method_and_gives_its_result() -> None:
    class Restock(Command, name="product.restock", allow=ann):
        product_id: str
        quantity: int = Field(gt=0)

        async def handle(self, user: Any, ctx: Context) -> str:
            return f"{self.product_id} {self.quantity} {user.name} {ctx.tab}"

    sent = {"product_id": "7", "quantity": "5"}
    assert await run_command("product.restock", sent, ANN) == "7 5 Ann tab1"
    assert await dispatch(Restock(product_id="7", quantity=5), ANN) == "7 5 Ann tab1"
    spec = find_command("product.restock")
    assert spec is not None
    assert (spec.kind, spec.input.fields) == ("command", ("product_id", "quantity"))


async def test_a_name_follows_from_the_class() -> None:
    class RestockAll(Command):
        def handle(self) -> int:
            return 3

    assert await run_command("restock_all", {}, ANN) == 3
    assert RestockAll.__command_name__ == "restock_all"


async def test_a_query_is_handled_by_a_function_apart_and_is_not_emitted() -> None:
    class Stock(Query[int]):
        product_id: str

    @handles(Stock)
    async def stock(query: Stock, user: Any) -> int:
        return len(query.product_id) + len(user.name)

    with capture_events() as emitted:
        assert await dispatch(Stock(product_id="77"), ANN) == 5
        assert await run_command("stock", {"product_id": "77"}, ANN) == 5
    assert emitted == []
    spec = find_command("stock")
    assert spec is not None and spec.function is stock


async def test_a_command_is_emitted_with_its_fields_and_who_called() -> None:
    class Rename(Command):
        name: str

        def handle(self) -> None: ...

    told: list[Any] = []

    @on("rename")
    async def react(name: str, user: Any) -> None:
        told.append((name, user.name))

    await dispatch(Rename(name="Lamp"), ANN)
    await run_command("rename", {"name": "Desk"}, ANN)
    assert told == [("Lamp", "Ann"), ("Desk", "Ann")]


@pytest.mark.parametrize("data", [{"name": "x", "is_admin": True}, {"name": 1}, {}])
async def test_what_does_not_fit_is_refused(data: dict[str, Any]) -> None:
    class Rename(Command, allow=anyone):
        name: str

        def handle(self) -> None:
            pytest.fail("reached")

    with pytest.raises(Refused) as refused:
        await run_command("rename", data, Context())
    assert refused.value.status == 422
    with pytest.raises(ValidationError):
        Rename(**data)


async def test_code_is_trusted_unless_it_says_for_whom() -> None:
    class Sweep(Command, allow=ann):
        def handle(self, user: Any) -> object:
            return user

    assert await dispatch(Sweep()) is None
    assert await dispatch(Sweep(), ANN) is ANN.user
    for asked in (dispatch(Sweep(), Context()), run_command("sweep", {}, Context())):
        with pytest.raises(Refused) as refused:
            await asked
        assert refused.value.status == 403


async def test_a_command_inside_another_runs_for_the_same_caller() -> None:
    class Inner(Command, allow=lambda: False):
        def handle(self, user: Any) -> str:
            assert current_context() is ANN
            return user.name

    class Outer(Command):
        async def handle(self) -> str:
            return await dispatch(Inner())

    assert await run_command("outer", {}, ANN) == "Ann"


async def test_without_a_handler_the_call_says_what_to_write() -> None:
    class Lonely(Command, allow=anyone):
        x: int = 0

    for call in (dispatch(Lonely()), run_command("lonely", {}, Context())):
        with pytest.raises(ConfigurationError, match=r"Nothing handles Lonely.*@handles\(Lonely\)"):
            await call
    spec = find_command("lonely")
    assert spec is not None and inspect.unwrap(spec.function) is Lonely


def test_there_is_one_handler() -> None:
    class Twice(Command):
        def handle(self) -> None: ...

    with pytest.raises(ConfigurationError, match=r"Twice has a handler already.*@on"):

        @handles(Twice)
        def other(message: Twice) -> None: ...

    class Once(Query[int]):
        x: int = 0

    def define() -> None:
        @handles(Once)
        def handle(message: Once) -> int:
            return message.x

    define()
    define()  # as a reload does


def test_names_are_unique_and_a_class_may_be_defined_again() -> None:
    def define() -> type[Command]:
        class Move(Command, name="move"):
            def handle(self) -> None: ...

        return Move

    define()
    define()
    with pytest.raises(ConfigurationError, match="another command named 'move'"):

        class Other(Command, name="move"):
            def handle(self) -> None: ...

    with pytest.raises(ConfigurationError, match="cannot be the name"):

        class Wrong(Command, name="Wrong!"): ...


def test_a_field_that_nitro_fills_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"Sign\.user"):

        class Sign(Command):
            user: str


async def test_a_base_passes_on_fields_handler_and_rule() -> None:
    class OfProduct(Command, abstract=True, allow=ann):
        product_id: str

        def handle(self) -> str:
            return f"{type(self).__name__} {self.product_id}"

    class Hide(OfProduct): ...

    class Show(OfProduct, allow=anyone): ...

    assert find_command("of_product") is None
    assert await run_command("hide", {"product_id": "7"}, ANN) == "Hide 7"
    assert await run_command("show", {"product_id": "7"}, Context()) == "Show 7"
    with pytest.raises(Refused):
        await run_command("hide", {"product_id": "7"}, Context())
    with pytest.raises(ConfigurationError, match="OfProduct is not"):
        await dispatch(OfProduct(product_id="7"))


async def test_generators_deliver_their_patches() -> None:
    class Steps(Command):
        def handle(self) -> Iterator[Any]:
            yield emit_signals({"step": 1})

    class AsyncSteps(Command):
        async def handle(self) -> AsyncIterator[Any]:
            yield emit_signals({"step": 2})

    taken: list[Any] = []
    with context.outlet(taken.append):
        await dispatch(Steps())
        await dispatch(AsyncSteps())
    assert [each.encode() for each in taken] == [
        b'event: datastar-patch-signals\ndata: signals {"step":1}\n\n',
        b'event: datastar-patch-signals\ndata: signals {"step":2}\n\n',
    ]


async def test_middleware_runs_around_what_code_sends_too() -> None:
    class Tick(Command):
        step: int

        def handle(self) -> int:
            return self.step

    seen: list[Any] = []

    async def watch(call: Call, next: Next) -> Any:
        seen.append((call.name, call.kind, dict(call.data)))
        return await next(call) + 1

    use_middleware(watch)
    assert await dispatch(Tick(step=4)) == 5
    assert seen == [("tick", "command", {"step": 4})]


def test_a_script_dispatches_without_a_loop() -> None:
    class Add(Command):
        x: int

        async def handle(self) -> int:
            await asyncio.sleep(0)
            return self.x + 1

    assert dispatch_sync(Add(x=1)) == 2


async def test_under_a_loop_only_what_waits_for_nothing_is_dispatched_by_plain_code() -> None:
    class Plain(Command):
        def handle(self) -> str:
            return "done"

    class Waiting(Command):
        async def handle(self) -> None: ...

    class Broken(Command):
        def handle(self) -> None:
            raise LookupError

    assert dispatch_sync(Plain()) == "done"
    with pytest.raises(ConfigurationError, match="await dispatch"):
        dispatch_sync(Waiting())
    with pytest.raises(LookupError):
        dispatch_sync(Broken())

    @on("plain")
    async def react() -> None: ...

    with pytest.raises(ConfigurationError, match="await dispatch"):
        dispatch_sync(Plain())


async def test_only_messages_are_dispatched() -> None:
    with pytest.raises(TypeError, match="not str"):
        await dispatch("product.restock")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue]


async def test_models_that_ignore_extras_or_take_them_refuse_them_here() -> None:
    class Part(BaseModel):
        x: int = 0

    class Loose(BaseModel, extra="allow"):
        part: Part = Part()

    @command("loose", input=Loose)
    def run(data: Loose) -> None:
        pytest.fail("reached")

    for sent in ({"is_admin": True}, {"part": {"x": 1, "is_admin": True}}, {"__proto__": {}}):
        with pytest.raises(Refused) as refused:
            await run_command("loose", sent, ANN)
        assert refused.value.status == 422
