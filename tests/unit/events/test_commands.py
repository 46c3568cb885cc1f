from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, AliasPath, BaseModel, Field

from nitro_runtime import context
from nitro_runtime.errors import ConfigurationError, NotFound, Refused
from nitro_runtime.events import (
    Context,
    anyone,
    bus,
    command,
    current_context,
    emit,
    find_command,
    on,
    query,
    registered,
    run_command,
)
from nitro_runtime.events.commands import NAME
from nitro_runtime.sse import emit_signals

if TYPE_CHECKING:
    from somewhere import NativeRequest  # pyright: ignore[reportMissingImports]

ANN = Context(user=SimpleNamespace(name="Ann"), tab="tab1")


class Restock(BaseModel):
    product_id: str
    quantity: int = Field(gt=0)


async def test_a_command_gets_what_it_names_and_its_checked_input() -> None:
    @command("product.restock", input=Restock)
    async def restock(ctx: Context, data: Restock, user: Any, signals: Any) -> object:
        return data, user.name, ctx.tab, signals["x"]

    ctx = Context(user=ANN.user, tab="tab1", signals={"x": 1})
    data = {"product_id": "7", "quantity": "3"}
    assert await run_command("product.restock", data, ctx) == (
        Restock(product_id="7", quantity=3),
        "Ann",
        "tab1",
        1,
    )


async def test_without_a_model_the_parameters_are_the_input() -> None:
    @command("move")
    def move(x: int, tags: list[str], y: Annotated[int, Field(ge=0)] = 2, ctx: Any = None) -> Any:
        return x, tags, y

    assert await run_command("move", {"x": "1", "tags": ["a"]}, ANN) == (1, ["a"], 2)
    spec = find_command("move")
    assert spec is not None
    assert spec.input.fields == ("x", "tags", "y")


async def test_the_annotations_of_injected_parameters_are_for_type_checkers_only() -> None:
    @command("move")
    def move(request: NativeRequest, x: int) -> int:
        return x

    assert await run_command("move", {"x": 1}, ANN) == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "product_id: Field required. quantity: Field required."),
        ({"product_id": "1", "quantity": 0}, "quantity: Input should be greater than 0."),
        (
            {"product_id": "1", "quantity": 1, "<script>": 1, "is_admin": True},
            "A field was sent that is not known here.",
        ),
    ],
)
async def test_data_that_does_not_fit_is_refused_and_nothing_of_it_is_repeated(
    data: dict[str, Any], sentence: str
) -> None:
    ran: list[object] = []

    @command("product.restock", allow=anyone)
    def restock(product_id: str, quantity: Annotated[int, Field(gt=0)]) -> None:
        ran.append(quantity)

    on("product.restock")(ran.append)
    with pytest.raises(Refused) as refused:
        await run_command("product.restock", data, Context())
    assert refused.value.status == 422
    assert str(refused.value) == sentence
    assert ran == []


@dataclass
class Weighed:
    kilos: float
    price: Decimal = Decimal(0)


@pytest.mark.parametrize("sent", [{"kilos": "NaN"}, {"kilos": 1, "price": "1e400"}])
async def test_no_unusual_number_hides_in_a_dataclass(sent: dict[str, Any]) -> None:
    @command("weigh", allow=anyone)
    def weigh(parcel: Weighed) -> float:
        return parcel.kilos

    with pytest.raises(Refused, match="parcel: Input should be a finite number"):
        await run_command("weigh", {"parcel": sent}, Context())
    assert await run_command("weigh", {"parcel": {"kilos": "2"}}, Context()) == 2


class Aliased(BaseModel):
    product_id: str = Field(alias="productId")
    quantity: int = Field(1, validation_alias=AliasChoices("amount", AliasPath("counts", 0)))


@pytest.mark.parametrize(
    ("sent", "result"),
    [
        ({"product_id": "a", "quantity": 2}, ("a", 2)),
        ({"productId": "a", "amount": 3}, ("a", 3)),
        ({"productId": "a", "counts": [4]}, ("a", 4)),
    ],
)
async def test_a_field_is_sent_by_its_name_or_by_an_alias(
    sent: dict[str, Any], result: object
) -> None:
    @command("aliased", input=Aliased, allow=anyone)
    def aliased(given: Aliased) -> tuple[str, int]:
        return given.product_id, given.quantity

    assert await run_command("aliased", sent, Context()) == result
    spec = find_command("aliased")
    assert spec is not None
    assert spec.input.accepted == {"product_id", "productId", "quantity", "amount", "counts"}


async def test_unknown_names_and_handlers_alone_are_not_reachable() -> None:
    on("product.created")(lambda: pytest.fail("reached from outside"))
    for name in ("product.created", "nothing", "../x", ""):
        with pytest.raises(Refused) as refused:
            await run_command(name, {}, ANN)
        assert refused.value.status == 404


@pytest.mark.parametrize(
    ("user", "may"),
    [
        (None, False),
        (SimpleNamespace(is_authenticated=False), False),
        (SimpleNamespace(is_authenticated=True), True),
        ("ann", True),
    ],
)
async def test_by_default_only_signed_in_users_may(user: object, may: bool) -> None:
    @command("x")
    def run() -> str:
        return "ran"

    if may:
        assert await run_command("x", {}, Context(user=user)) == "ran"
        return
    with pytest.raises(Refused) as refused:
        await run_command("x", {}, Context(user=user))
    assert refused.value.status == 403


async def test_allow_may_be_a_coroutine_and_gets_what_it_names() -> None:
    async def can_edit(user: Any, ctx: Context) -> bool:
        return user.name == "Ann" and ctx.tab == "tab1"

    @command("x", allow=can_edit)
    def run() -> str:
        return "ran"

    assert await run_command("x", {}, ANN) == "ran"
    with pytest.raises(Refused):
        await run_command("x", {}, Context(user=ANN.user, tab="tab2"))


async def _is_somebody(user: object) -> bool:
    await asyncio.sleep(0)
    return user is not None


def test_what_gives_something_to_await_only_when_it_is_called_needs_no_loop_at_first() -> None:
    @command("waits", allow=lambda user: _is_somebody(user))
    def waits(user: Any) -> Awaitable[bool]:
        return _is_somebody(user)

    spec = find_command("waits")
    assert spec is not None
    assert spec.needs_no_loop
    with pytest.raises(StopIteration) as done:  # as a thread without a loop drives it
        run_command("waits", {}, ANN).send(None)
    assert done.value.value is True
    assert not spec.needs_no_loop
    assert asyncio.run(run_command("waits", {}, ANN)) is True


async def test_whoever_may_not_learns_nothing_about_the_input() -> None:
    @command("x", allow=lambda: False)
    def run(a: int) -> None: ...

    with pytest.raises(Refused) as refused:
        await run_command("x", {"wrong": 1}, ANN)
    assert refused.value.status == 403


async def test_an_accepted_command_is_emitted_after_it_ran() -> None:
    seen: list[object] = []

    @command("product.restock")
    def restock(quantity: int) -> str:
        seen.append("command")
        return "answer"

    @on("product.restock")
    async def also(sender: str, quantity: int, ctx: Context, user: Any) -> None:
        seen.append((sender, quantity, ctx is ANN, user.name))

    assert await run_command("product.restock", {"quantity": 3}, ANN) == "answer"
    assert seen == ["command", ("tab1", 3, True, "Ann")]


async def test_a_query_and_a_failed_command_are_not_emitted() -> None:
    on("*")(lambda: pytest.fail("emitted"))

    @query("search")
    def search(text: str) -> str:
        return text

    @command("fails")
    def fails() -> None:
        raise OSError("disk full")

    assert await run_command("search", {"text": "a"}, ANN) == "a"
    with pytest.raises(OSError, match="disk full"):
        await run_command("fails", {}, ANN)


async def test_what_a_command_yields_goes_to_its_response() -> None:
    @command("x")
    async def run() -> AsyncIterator[object]:
        yield emit_signals({"a": 1})
        await asyncio.sleep(0)
        yield emit_signals({"a": 2})

    sent: list[bytes] = []
    with context.outlet(lambda patch: sent.append(patch.encode())):
        assert await run_command("x", {}, ANN) is None
    assert [part.splitlines()[1] for part in sent] == [
        b'data: signals {"a":1}',
        b'data: signals {"a":2}',
    ]


async def test_a_command_awaits_what_its_emits_started_and_raises_their_errors() -> None:
    done: list[str] = []

    @on("first")
    async def first() -> None:
        await asyncio.sleep(0)
        emit("second")

    @on("second")
    async def second() -> None:
        await asyncio.sleep(0)
        done.append("second")
        raise ValueError("from second")

    @command("x")
    def run() -> None:
        emit("first")

    with pytest.raises(ExceptionGroup) as caught:
        await run_command("x", {}, ANN)
    assert done == ["second"]
    assert [str(error) for error in caught.value.exceptions] == ["from second"]


async def test_handlers_started_by_a_command_that_fails_are_awaited_and_reported() -> None:
    reported: list[str] = []
    bus.on_error = lambda error, name: reported.append(f"{name}: {error}")

    @on("first")
    async def first() -> None:
        await asyncio.sleep(0)
        raise ValueError("from first")

    @command("x")
    def run() -> None:
        emit("first")
        raise OSError("the command's own")

    with pytest.raises(OSError, match="own"):
        await run_command("x", {}, ANN)
    assert reported == ["x: from first"]


async def test_a_single_error_meant_for_the_visitor_is_raised_by_itself() -> None:
    @command("x")
    def run() -> None: ...

    @on("x")
    def handler() -> None:
        raise NotFound("Product", "7")

    with pytest.raises(NotFound):
        await run_command("x", {}, ANN)


async def test_the_current_context_is_known_inside_a_command_only() -> None:
    @command("x")
    async def run() -> bool:
        await asyncio.sleep(0)
        return current_context() is ANN

    assert await run_command("x", {}, ANN) is True
    assert current_context() is None


def test_a_name_belongs_to_one_function_but_may_be_defined_again() -> None:
    def define() -> None:
        @command("x")
        def run() -> None: ...

    define()
    define()
    with pytest.raises(ConfigurationError, match="another command named 'x'"):

        @query("x")
        def other() -> None: ...

    assert list(registered()) == ["x"]


@pytest.mark.parametrize("name", ["", "X", "1a", "a b", "a/b", "a\n", "ä", "a" * 65, "_a"])
def test_names_that_cannot_stand_in_an_address_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError):
        command(name)


@given(st.from_regex(NAME, fullmatch=True))
def test_every_name_of_the_grammar_is_accepted(name: str) -> None:
    assert callable(command(name))


@pytest.mark.parametrize("function", [lambda *args: 0, lambda **data: 0, lambda a, /: 0])
def test_a_function_that_cannot_be_called_by_name_is_refused(function: Any) -> None:
    with pytest.raises(ConfigurationError, match="by name"):
        command("x")(function)


@pytest.mark.parametrize(
    "function", [lambda _a: 0, lambda a, model_config=1: 0, lambda model_dump: 0]
)
def test_a_parameter_that_cannot_be_a_field_is_refused(function: Any) -> None:
    with pytest.raises(ConfigurationError, match="cannot be the name of a field"):
        command("x")(function)


@pytest.mark.parametrize("function", [lambda: 0, lambda ctx: 0, lambda a, b: 0])
def test_a_model_needs_exactly_one_parameter(function: Any) -> None:
    with pytest.raises(ConfigurationError, match="exactly one parameter"):
        command("x", input=Restock)(function)


async def test_a_type_that_is_unknown_at_run_time_is_named() -> None:
    @command("x")
    def run(a: NativeRequest) -> None: ...

    with pytest.raises(ConfigurationError, match="NativeRequest"):
        await run_command("x", {"a": 1}, ANN)


async def test_a_value_that_an_entity_refuses_is_the_callers_mistake() -> None:
    @command("test.save")
    def save(quantity: int) -> None:
        Restock(product_id="7", quantity=quantity)

    with pytest.raises(Refused, match="quantity: Input should be greater than 0") as refused:
        await run_command("test.save", {"quantity": -1}, ANN)
    assert refused.value.status == 422


async def test_any_other_value_error_of_a_command_is_its_own() -> None:
    @command("test.broken")
    def broken() -> None:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        await run_command("test.broken", {}, ANN)
