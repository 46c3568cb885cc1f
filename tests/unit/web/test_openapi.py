"""Each command and query in OpenAPI documents: the neutral part, and on the frameworks that make one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.testclient import TestClient as FastAPIClient
from litestar import Litestar, get
from litestar.openapi import OpenAPIConfig
from litestar.testing import TestClient as LitestarClient
from pydantic import BaseModel, Field

from nitro_runtime.adapters import fastapi, litestar
from nitro_runtime.events import anyone, command, forget_command, query, registered
from nitro_runtime.web import openapi

ADDRESS = "/cmds/openapi_test.restock/{sender}"
LATE = "/cmds/openapi_test.late/{sender}"
FIND = "/cmds/openapi_test.find/{sender}"


class Place(BaseModel):
    shelf: int


class Restock(BaseModel):
    quantity: int = Field(ge=1)
    place: Place | None = None


@pytest.fixture(autouse=True)
def commands(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")

    @command("openapi_test.restock", input=Restock, allow=anyone)
    def restock(data: Restock) -> None:
        """Puts goods on the shelf.

        As many as were delivered.
        """

    @query("openapi_test.find", allow=anyone)
    def find(word: str, page: int = 1) -> None: ...

    yield
    for name in registered():
        if name.startswith("openapi_test."):
            forget_command(name)


def open_late() -> None:
    @command("openapi_test.late", allow=anyone)
    def late() -> None: ...


def test_a_command_has_an_address_with_all_that_can_be_said_of_it() -> None:
    made = openapi.document("Shop", "2.1")
    assert (made["openapi"], made["info"]) == ("3.1.0", {"title": "Shop", "version": "2.1"})
    item = made["paths"][ADDRESS]
    post = item["post"]
    assert set(item) == {"parameters", "post"}
    assert (item["parameters"][0]["name"], item["parameters"][0]["in"]) == ("sender", "path")
    assert (post["operationId"], post["tags"]) == ("openapi_test.restock", ["openapi_test"])
    assert post["summary"] == "Puts goods on the shelf."
    assert post["description"] == "As many as were delivered."
    assert set(post["responses"]) == {"200", "403", "404", "413", "415", "422", "429"}
    assert set(post["responses"]["200"]["content"]) == {"text/event-stream"}
    body = post["requestBody"]
    assert body["required"] is True
    schema = body["content"]["application/json"]["schema"]
    assert body["content"]["application/x-www-form-urlencoded"]["schema"] == schema
    assert schema["properties"]["quantity"]["minimum"] == 1
    assert schema["required"] == ["quantity"]


def test_models_inside_an_input_are_components_under_the_name_of_the_command() -> None:
    made = openapi.document("Shop")
    schema = made["paths"][ADDRESS]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert "$defs" not in schema
    [reference] = [one["$ref"] for one in schema["properties"]["place"]["anyOf"] if "$ref" in one]
    assert reference == "#/components/schemas/openapi_test.restock.Place"
    assert made["components"]["schemas"]["openapi_test.restock.Place"]["required"] == ["shelf"]


def test_a_query_may_be_asked_by_get_too_with_its_input_in_the_query() -> None:
    item = openapi.document("Shop")["paths"][FIND]
    assert set(item) == {"parameters", "post", "get"}
    assert {item["get"]["operationId"], item["post"]["operationId"]} == {
        "openapi_test.find.get",
        "openapi_test.find.post",
    }
    [sent] = [one for one in item["get"]["parameters"] if one["in"] == "query"]
    assert sent["name"] == "datastar"
    assert set(sent["content"]["application/json"]["schema"]["properties"]) == {"word", "page"}
    assert item["get"]["summary"] == "openapi_test.find"
    assert "requestBody" not in item["get"]


def test_what_the_document_has_already_wins_and_it_stays_as_it_was() -> None:
    given: dict[str, Any] = {"paths": {ADDRESS: {"x": 1}}, "components": {"schemas": {"A": {}}}}
    made = openapi.with_commands(given)
    assert made["paths"][ADDRESS] == {"x": 1}
    assert "A" in made["components"]["schemas"]
    assert given == {"paths": {ADDRESS: {"x": 1}}, "components": {"schemas": {"A": {}}}}


def test_an_input_that_json_schema_cannot_say_is_any_object(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @command("openapi_test.late", allow=anyone)
    def late(act: Callable[[], None]) -> None: ...

    item = openapi.document("Shop")["paths"][LATE]
    body = item["post"]["requestBody"]["content"]["application/json"]
    assert body == {"schema": {"type": "object"}}
    assert "openapi_test.late has no JSON schema" in caplog.text


def test_the_prefix_of_the_installation_stands_before() -> None:
    assert f"/live{ADDRESS}" in openapi.document("Shop", prefix="/live")["paths"]


# -- the frameworks --------------------------------------------------------------------------------


def test_fastapi_shows_them_also_those_that_are_opened_later() -> None:
    app = FastAPI(title="Mine")
    fastapi.install(app, prefix="/live")

    @app.get("/mine")
    def mine() -> dict[str, int]:
        return {}

    client = FastAPIClient(app)
    assert {"/mine", f"/live{ADDRESS}"} <= client.get("/openapi.json").json()["paths"].keys()
    open_late()
    made = client.get("/openapi.json").json()
    assert f"/live{LATE}" in made["paths"]
    assert not [path for path in made["paths"] if "{command}" in path]
    assert made["info"]["title"] == "Mine"
    assert f"/live{LATE}" not in (app.openapi_schema or {})["paths"]  # FastAPI's own cache
    assert client.get("/docs").status_code == 200


def test_an_apps_own_openapi_is_completed_and_not_replaced() -> None:
    app = FastAPI()

    def own() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = get_openapi(title="Own", version="3", routes=app.routes)
            app.openapi_schema["info"]["x-logo"] = {"url": "/logo.png"}
        return app.openapi_schema

    app.openapi = own
    fastapi.install(app)
    made = FastAPIClient(app).get("/openapi.json").json()
    assert made["info"] == {"title": "Own", "version": "3", "x-logo": {"url": "/logo.png"}}
    assert ADDRESS in made["paths"]


def test_an_openapi_that_is_assigned_after_install_is_the_apps_own_affair() -> None:
    app = FastAPI()
    fastapi.install(app)

    def own() -> dict[str, Any]:
        return openapi.with_commands(get_openapi(title="Own", version="3", routes=app.routes))

    app.openapi = own
    made = FastAPIClient(app).get("/openapi.json").json()
    assert (made["info"]["title"], ADDRESS in made["paths"]) == ("Own", True)


def test_an_app_without_a_document_has_none() -> None:
    app = FastAPI(openapi_url=None)
    fastapi.install(app)
    assert FastAPIClient(app).get("/openapi.json").status_code == 404


@get("/mine", sync_to_thread=False)
def mine() -> dict[str, int]:
    return {}


@pytest.mark.parametrize("config", [None, OpenAPIConfig(title="Own", version="3")])
def test_litestar_shows_them_whichever_way_nitro_comes(config: OpenAPIConfig | None) -> None:
    given: Any = {} if config is None else {"openapi_config": config}
    later = Litestar(route_handlers=[mine], **given)
    litestar.install(later, prefix="/live")
    plugged = Litestar([mine], plugins=[litestar.NitroPlugin(prefix="/live")], **given)
    plain = Litestar([mine], **given)
    open_late()
    with ExitStack() as stack:
        for app, shown in ((later, True), (plugged, True), (plain, False)):
            client = stack.enter_context(LitestarClient(app))
            made = client.get("/schema/openapi.json").json()
            assert "/mine" in made["paths"]
            assert {f"/live{ADDRESS}", f"/live{LATE}"} <= made["paths"].keys() or not shown
            assert not [path for path in made["paths"] if "{command}" in path]
            assert (made["info"]["title"] == "Own") is (config is not None)
            yaml = client.get("/schema/openapi.yaml").text
            assert ("openapi_test.restock" in yaml) is shown


def test_a_litestar_app_without_a_document_has_none() -> None:
    app = Litestar([mine], openapi_config=None, plugins=[litestar.NitroPlugin()])
    with LitestarClient(app) as client:
        assert client.get("/schema/openapi.json").status_code == 404
