"""One handler for a path, chosen by the method."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from nitro_runtime.errors import Refused
from nitro_runtime.web import by_method


@dataclass
class Asked:
    method: str


def index(request: Asked) -> str:
    return f"index {request.method}"


def show(request: Asked, id: str) -> str:
    return f"show {id}"


async def show_async(request: Asked, id: str) -> str:
    return f"show {id}"


def test_each_method_has_its_handler_and_head_is_get() -> None:
    handler = by_method(get=index, post=lambda _: "created")
    assert handler(Asked("GET")) == "index GET"
    assert handler(Asked("HEAD")) == "index HEAD"
    assert handler(Asked("POST")) == "created"


def test_what_the_path_holds_reaches_the_handler() -> None:
    assert by_method(get=show)(Asked("GET"), id="7") == "show 7"


def test_a_method_that_nothing_is_for_is_refused_with_those_that_are_allowed() -> None:
    with pytest.raises(Refused, match="Use POST or DELETE here") as refused:
        by_method(post=index, delete=index)(Asked("GET"))
    assert (refused.value.status, refused.value.headers) == (405, (("allow", "POST, DELETE"),))


async def test_coroutine_functions_alone_make_one() -> None:
    assert await by_method(get=show_async)(Asked("GET"), id="7") == "show 7"
