from __future__ import annotations

import pytest

from nitro_runtime.errors import ConfigurationError, Refused
from nitro_runtime.web.forms import Multi
from nitro_runtime.web.request import BODY_LIMIT, Request, Site

JSON = {"content-type": "application/json; charset=utf-8", "datastar-request": "true"}
FORM = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}


def request(method: str, body: bytes = b"", **headers: str) -> Request:
    async def read(limit: int) -> bytes:
        return body

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, "/", headers=named, read=read)


async def test_signals_come_from_a_json_body() -> None:
    asked = request("POST", b'{"quantity": 5}', **JSON)
    assert (await asked.signals()).quantity == 5


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_get_and_delete_carry_signals_in_the_query(method: str) -> None:
    asked = Request(
        method, "/", headers={"datastar-request": "true"}, query=Multi([("datastar", '{"a": "é"}')])
    )
    assert (await asked.signals()).a == "é"


async def test_a_request_that_datastar_did_not_send_has_no_signals() -> None:
    asked = request("POST", b'{"quantity": 5}', content_type="application/json")
    assert len(await asked.signals()) == 0


async def test_a_form_has_no_signals() -> None:
    assert len(await request("POST", b"a=1", datastar_request="true", **FORM).signals()) == 0


async def test_signals_of_another_type_are_refused() -> None:
    with pytest.raises(Refused) as refused:
        await request("POST", b"{}", datastar_request="true", content_type="text/plain").signals()
    assert refused.value.status == 415


async def test_a_form_is_read_once_and_may_be_asked_for_twice() -> None:
    asked = request("POST", b"name=Lamp&tag=a&tag=b", **FORM)
    assert (await asked.form()).getlist("tag") == ["a", "b"]
    assert (await asked.form())["name"] == "Lamp"


@pytest.mark.parametrize("kind", ["multipart/mixed; boundary=x", "application/json", ""])
async def test_a_body_that_is_no_form_is_refused(kind: str) -> None:
    with pytest.raises(Refused) as refused:
        await request("POST", b"name=Lamp", content_type=kind).form()
    assert refused.value.status == 415


@pytest.mark.parametrize("length", [str(BODY_LIMIT + 1), "0" * 30 + "65537", "9" * 30, "9" * 5000])
async def test_an_announced_length_beyond_the_limit_is_refused_before_it_is_read(
    length: str,
) -> None:
    async def read(limit: int) -> bytes:
        raise AssertionError("it was read")

    asked = Request("POST", "/", headers={"content-length": length}, read=read)
    with pytest.raises(Refused) as refused:
        await asked.body()
    assert refused.value.status == 413


@pytest.mark.parametrize("length", ["-1", "x", "1e9", "\uff19"])
async def test_a_length_that_is_none_is_not_believed(length: str) -> None:
    asked = request("POST", b"x" * (BODY_LIMIT + 1), content_length=length)
    with pytest.raises(Refused) as refused:
        await asked.body()
    assert refused.value.status == 413


async def test_a_route_may_allow_more() -> None:
    assert len(await request("POST", b"x" * 100_000).body(limit=100_000)) == 100_000


async def test_the_user_is_asked_for_once() -> None:
    asked: list[object] = []

    def user(native: object) -> str:
        asked.append(native)
        return "ann"

    request = Request("GET", "/", native="native", site=Site(user=user))
    assert request.user == "ann"
    assert await request.load_user() == "ann"
    assert asked == ["native"]


async def test_a_coroutine_hook_must_be_awaited_first() -> None:
    async def user(native: object) -> str:
        return "ann"

    request = Request("GET", "/", site=Site(user=user))
    with pytest.raises(ConfigurationError, match="load_user"):
        _ = request.user
    assert await request.load_user() == "ann"
    assert request.user == "ann"


def test_without_a_hook_nobody_is_signed_in() -> None:
    assert Request("GET", "/").user is None
