from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from nitro_runtime.errors import ConfigurationError, NotFound, Refused
from nitro_runtime.events import (
    Call,
    Context,
    Next,
    after_checks,
    anyone,
    command,
    find_command,
    log_commands,
    on,
    query,
    run_command,
    time_commands,
    use_middleware,
)

CTX = Context(user="ann", tab="tab1")


@pytest.fixture
def order() -> list[str]:
    return []


def noting(order: list[str], name: str) -> Any:
    async def note(call: Call, next: Next) -> Any:
        order.append(f"{name} before")
        try:
            return await next(call)
        finally:
            order.append(f"{name} after")

    return note


async def test_the_order_is_the_apps_then_the_commands_then_checks_then_the_marked_ones(
    order: list[str],
) -> None:
    def may() -> bool:
        order.append("allow")
        return True

    inner = after_checks(noting(order, "inner"))
    use_middleware(noting(order, "one"), inner, noting(order, "two"))
    own = [noting(order, "own"), after_checks(noting(order, "own inner"))]

    @command("x", allow=may, middleware=own)
    def run() -> str:
        order.append("run")
        return "result"

    @on("x")
    def react() -> None:
        order.append("event")

    assert await run_command("x", {}, CTX) == "result"
    assert order == [
        "one before",
        "two before",
        "own before",
        "allow",
        "inner before",
        "own inner before",
        "run",
        "event",
        "own inner after",
        "inner after",
        "own after",
        "two after",
        "one after",
    ]


@pytest.mark.parametrize(("data", "user"), [({"x": "no"}, "ann"), ({"x": 1}, None)])
async def test_what_is_refused_is_seen_outside_of_the_checks_only(
    order: list[str], data: dict[str, Any], user: object
) -> None:
    use_middleware(noting(order, "outer"), after_checks(noting(order, "inner")))

    @command("x")
    def run(x: int) -> None: ...

    with pytest.raises(Refused):
        await run_command("x", data, Context(user=user))
    assert order == ["outer before", "outer after"]


async def test_a_middleware_sees_the_call_and_may_change_answer_and_refuse() -> None:
    seen: list[Any] = []

    async def outer(call: Call, next: Next) -> Any:
        seen.append((call.name, call.kind, dict(call.data), call.ctx.user))
        result = await next(call)
        return f"<{result}>"

    @after_checks
    def refuse(call: Call, next: Next) -> Any:  # a plain one
        seen.append(dict(call.data))
        if call.data["x"] > 5:
            raise Refused(403, "Too much.")
        return next(call)

    @query("x", middleware=[outer, refuse])
    def run(x: int) -> int:
        return x

    assert await run_command("x", {"x": "3"}, CTX) == "<3>"
    assert seen == [("x", "query", {"x": "3"}, "ann"), {"x": 3}]
    with pytest.raises(Refused, match="Too much"):
        await run_command("x", {"x": 6}, CTX)


async def test_without_middleware_nothing_is_wrapped_and_it_can_be_taken_away() -> None:
    @command("x")
    def run() -> None: ...

    spec = find_command("x")
    assert spec is not None and spec.layers is None and spec.needs_no_loop
    use_middleware(log_commands)
    assert spec.layers is not None and not spec.needs_no_loop
    use_middleware()
    assert spec.layers is None


async def test_one_that_is_given_twice_runs_once(order: list[str]) -> None:
    one = noting(order, "one")
    use_middleware(one)
    use_middleware(one)

    @command("x", middleware=[one])
    def run() -> None: ...

    await run_command("x", {}, CTX)
    assert order == ["one before", "one after"]


@pytest.mark.parametrize("middleware", [None, 5, "log"])
def test_what_cannot_be_called_is_refused(middleware: Any) -> None:
    with pytest.raises(ConfigurationError, match="function"):
        use_middleware(middleware)
    with pytest.raises(ConfigurationError, match="function"):
        command("x", middleware=[middleware])(lambda: None)


@pytest.fixture
def outcomes() -> Iterator[list[Any]]:
    @command("do", allow=lambda user: user != "eve")
    def do(what: str) -> None:
        if what == "lose":
            raise NotFound("Product", "7")
        if what == "crash":
            raise RuntimeError("secret inside")

    told: list[Any] = []
    yield told


async def run_all() -> None:
    for user, what in (("ann", "it"), ("eve", "it"), ("ann", "lose"), ("ann", "crash")):
        try:
            await run_command("do", {"what": what}, Context(user=user))
        except (Refused, NotFound, RuntimeError):
            continue
    with pytest.raises(Refused):
        await run_command("do", {"what": ["\r\nforged line \x1b[31m"]}, CTX)


async def test_what_is_logged_is_name_outcome_and_time_and_nothing_from_outside(
    outcomes: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "nitro.commands")
    use_middleware(log_commands)
    await run_all()
    lines = [record.getMessage().rpartition(") ")[0] for record in caplog.records]
    assert lines == [
        "command do done (200",
        "command do refused (403",
        "command do refused (404",
        "command do failed (500",
        "command do refused (422",
    ]
    assert "forged" not in caplog.text
    assert [record.levelname for record in caplog.records] == [
        "INFO", "INFO", "INFO", "WARNING", "INFO",
    ]  # fmt: skip


async def test_times_are_reported_with_the_outcome(outcomes: list[Any]) -> None:
    use_middleware(
        time_commands(lambda name, seconds, outcome: outcomes.append((name, seconds >= 0, outcome)))
    )
    await run_all()
    assert outcomes == [
        ("do", True, outcome) for outcome in ("done", "refused", "refused", "failed", "refused")
    ]


async def test_errors_of_handlers_that_were_started_reach_the_middleware() -> None:
    seen: list[str] = []
    use_middleware(time_commands(lambda name, seconds, outcome: seen.append(outcome)))

    @command("x", allow=anyone)
    def run() -> None: ...

    @on("x")
    async def fail() -> None:
        raise NotFound("Product", "7")

    with pytest.raises(NotFound):
        await run_command("x", {}, CTX)
    assert seen == ["refused"]
