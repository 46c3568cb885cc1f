"""Rows of a form on servers: all of it is stored, or nothing, without stalling the event loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, NoReturn

import httpx
import pytest
import services

from nitro_runtime import schema
from nitro_runtime.entities import Entity, Field, MemoryRepository, configure, has_many, use
from nitro_runtime.entities.redis.repository import RedisRepository
from nitro_runtime.views import Form, NumberField, RowsField, TextField
from nitro_runtime.web.request import Request

pytestmark = pytest.mark.filterwarnings("error::nitro_runtime.entities.offload.BlockingVerb")


class Crate(Entity):
    name: str

    bottles = has_many("Bottle")


class Bottle(Entity, unique_together=[("crate_id", "label")]):
    crate_id: str = Field(foreign_key="crate.id")
    label: str = Field(max_length=40)
    litres: int = Field(default=1, ge=1)


class BottleForm(Form[Bottle]):
    label = TextField()
    litres = NumberField()


class CrateForm(Form[Crate]):
    name = TextField()
    bottles = RowsField(BottleForm)


@pytest.fixture(params=["postgres", "mariadb", "redis"], autouse=True)
def world(request: pytest.FixtureRequest, missing: Callable[[str], NoReturn]) -> Iterator[None]:
    service = getattr(services, str(request.param).upper())
    if not service.answers:
        missing(service.missing)
    known = dict(schema._entities)
    for entity in (Crate, Bottle):
        schema.register_entity(entity.__name__, entity)
        schema.register_entity(entity.__entity__.table, entity)
    with ExitStack() as stack:
        if request.param == "redis":
            repository = RedisRepository(services.own_redis())
            use(repository)
            stack.callback(repository.close)
            stack.callback(repository.clear)
        else:
            configure(stack.enter_context(services.own_database(service)), create_tables=True)
        yield
        use(MemoryRepository())
    schema._entities.clear()
    schema._entities.update(known)


async def received(data: dict[str, Any], original: Crate | None = None) -> CrateForm:
    sent = httpx.Request("POST", "http://localhost/crates", data=data)
    body = sent.read()

    async def read(limit: int) -> bytes:
        return body

    request = Request("POST", "/crates", dict(sent.headers.items()), read=read)
    return await CrateForm.receive(request, original)


async def stored() -> list[tuple[str, int]]:
    return [(each.label, each.litres) for each in await Bottle.all().order_by("label").aall()]


async def test_a_server_stores_an_entity_with_its_rows_or_nothing() -> None:
    form = await received({"name": "A", "bottles-0-label": "x", "bottles-3-label": "y"})
    crate = await form.save()
    assert crate is not None, form.errors
    assert await stored() == [("x", 1), ("y", 1)]
    form = await received({"name": "B", "bottles-0-label": "z", "bottles-1-label": "z"})
    assert await form.save() is None
    assert form.errors == {"bottles-1-label": ["Another bottle has this already."]}
    assert (await Crate.acount(), await Bottle.acount()) == (1, 2)
    first, second = await Bottle.all().order_by("label").aall()
    changed = {
        "name": "C",
        "bottles-0-_key": first.id,
        "bottles-0-_version": "1",
        "bottles-0-_removed": "1",
        "bottles-1-_key": second.id,
        "bottles-1-_version": "1",
        "bottles-1-label": "y",
        "bottles-1-litres": "5",
        "bottles-2-label": "x",
    }
    form = await received(changed, crate)
    assert await form.save() is crate, form.errors
    assert await stored() == [("x", 1), ("y", 5)]
    assert (await Crate.aget(crate.id)).name == "C"
    form = await received(changed, await Crate.aget(crate.id))  # as of a page that is old by now
    assert await form.save() is None
    assert await stored() == [("x", 1), ("y", 5)]
