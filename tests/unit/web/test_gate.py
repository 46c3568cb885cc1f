from __future__ import annotations

import pytest

from nitro_runtime.errors import Refused
from nitro_runtime.web import gate
from nitro_runtime.web.gate import RateLimit
from nitro_runtime.web.request import Request


def post(**headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", "/", headers=named, host="shop.example:8000")


@pytest.mark.parametrize(
    "request_",
    [
        post(sec_fetch_site="same-origin"),
        post(sec_fetch_site="none"),
        post(sec_fetch_site="same-origin", origin="http://behind.a.proxy"),
        post(origin="http://shop.example:8000"),
        post(origin="https://shop.example:8000"),
        post(datastar_request="true"),
    ],
    ids=lambda request: str(request.headers),
)
def test_a_request_of_this_site_passes(request_: Request) -> None:
    gate.check(request_)


@pytest.mark.parametrize(
    "request_",
    [
        post(),
        post(datastar_request="false"),
        post(sec_fetch_site="cross-site"),
        post(sec_fetch_site="same-site"),
        post(sec_fetch_site="cross-site", origin="http://shop.example:8000"),
        post(sec_fetch_site="cross-site", datastar_request="true"),
        post(sec_fetch_site=""),
        post(origin="null"),
        post(origin=""),
        post(origin="http://evil.example", datastar_request="true"),
        post(origin="http://shop.example"),
        post(origin="http://shop.example:8001"),
        post(origin="http://shop.example.evil.example:8000"),
        post(origin="http://shop.example:8000@evil.example"),
        post(origin="http://shop.example:99999"),
        post(origin="http://[::1"),
    ],
    ids=lambda request: str(request.headers),
)
def test_a_request_from_elsewhere_is_refused(request_: Request) -> None:
    with pytest.raises(Refused) as refused:
        gate.check(request_)
    assert refused.value.status == 403


def test_a_request_that_changes_nothing_may_come_from_anywhere() -> None:
    gate.check(Request("GET", "/", headers={"sec-fetch-site": "cross-site"}))


def test_the_default_port_may_be_named_or_not() -> None:
    gate.check(
        Request("POST", "/", headers={"origin": "https://shop.example"}, host="shop.example")
    )
    gate.check(
        Request("POST", "/", headers={"origin": "https://shop.example"}, host="shop.example:443")
    )


@pytest.mark.parametrize(
    "name", ["product_restock", "product.restock", "a", "x" * 64, "a1", "a_.b"]
)
def test_these_are_command_names(name: str) -> None:
    assert gate.check_command_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "x" * 65, "1a", "_a", ".a", "A", "a-b", "a/b", "a b", "a\n", "é", "a\x00"]
)
def test_these_are_none(name: str) -> None:
    with pytest.raises(Refused) as refused:
        gate.check_command_name(name)
    assert refused.value.status == 404


def test_a_wrong_method_is_told_the_right_one() -> None:
    with pytest.raises(Refused) as refused:
        gate.check_method(Request("GET", "/"), "POST")
    assert refused.value.status == 405
    assert refused.value.headers == (("allow", "POST"),)


def test_a_flood_is_refused_until_there_is_room_again() -> None:
    now = [0.0]
    limit = RateLimit(per_second=2, burst=3, clock=lambda: now[0])
    for _ in range(3):
        limit.spend("one")
    with pytest.raises(Refused) as refused:
        limit.spend("one")
    assert refused.value.status == 429
    assert ("retry-after", "1") in refused.value.headers
    limit.spend("another")
    now[0] = 0.5
    limit.spend("one")
    with pytest.raises(Refused):
        limit.spend("one")


def test_the_limit_remembers_no_more_clients_than_it_was_told() -> None:
    limit = RateLimit(burst=1, per_second=0, clock=lambda: 0.0, remembered=2)
    for client in ("one", "two", "three"):
        limit.spend(client)
    limit.spend("one")  # forgotten, so it starts anew
    with pytest.raises(Refused):
        limit.spend("three")
