"""`nitro routes` finds the app of a project, whichever command made or adopted it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bundled import FRAMEWORKS
from existing_apps import EXISTING

if TYPE_CHECKING:
    from generated.conftest import Run, Shops


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_project_lists_its_own_pages(framework: str, shops: Shops, run: Run) -> None:
    done = run("nitro_cli", "routes", "products", "--json", cwd=shops(framework))
    rows = json.loads(done.stdout)["routes"]
    found = {(method, row["address"]) for row in rows for method in row["methods"]}
    assert {("GET", "/products"), ("POST", "/products"), ("GET", "/products/new")} <= found
    assert ("POST", "/products/bulk") in found
    ended = {method for method, address in found if "id" in address and address[-1] in "}>"}
    assert ended == {"GET", "POST", "PUT", "PATCH", "DELETE"}
    assert {row["where"].partition(":")[0] for row in rows} == {"shop/products/routes.py"}


@pytest.mark.parametrize(
    ("shape", "address", "where"),
    [
        ("django-startproject", "/admin/login/", "django/contrib/admin/sites.py"),
        ("fastapi-factory", "/orders", "src/orders/web/routes.py"),
        ("flask-factory", "/catalogue/<int:number>", "shop/catalogue.py"),
        ("sanic-factory", "/things/<name:str>", "path/to/server.py"),
    ],
)
def test_an_app_that_was_adopted_lists_its_own_routes(
    shape: str, address: str, where: str, tmp_path: Path, run: Run
) -> None:
    [app] = [one for one in EXISTING if one.shape == shape]
    app.write(tmp_path)
    run("nitro_cli", "init", "--yes", cwd=tmp_path)
    done = run("nitro_cli", "routes", "--json", cwd=tmp_path)
    rows = json.loads(done.stdout)["routes"]
    [own] = [row for row in rows if row["address"] == address]
    assert (own["kind"], own["where"].partition(":")[0]) == ("app", where)
    assert "/events" in {row["address"] for row in rows if row["kind"] == "nitro"}


def test_an_app_that_takes_arguments_is_named_by_hand(tmp_path: Path, run: Run) -> None:
    [app] = [one for one in EXISTING if one.shape == "starlette-factory"]
    app.write(tmp_path)
    run("nitro_cli", "init", "--yes", cwd=tmp_path)
    refused = run("nitro_cli", "routes", cwd=tmp_path, ok=False)
    assert refused.returncode == 2
    assert "site_.main:Site cannot be called without arguments" in refused.stderr
    done = run("nitro_cli", "routes", "greet", "--app", "site_.main:create", cwd=tmp_path)
    assert "/api/greet" in done.stdout
