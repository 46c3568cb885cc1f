"""What people who come from SQLModel and FastAPI write: fields, select, sessions, bodies, responses."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel
from pydantic import Field as PydanticField
from sqlalchemy import orm
from sqlmodel import Field as SQLModelField
from sqlmodel import Relationship, Session, SQLModel, create_engine, select

from nitro_runtime.entities import Entity, Field, MemoryRepository, belongs_to, col, configure, use
from nitro_runtime.errors import EntityDefinitionError, EntityError


class Brand(Entity, table_name="sm_brand"):
    name: str = ""


class Gadget(Entity, timestamps=True, table_name="sm_gadget"):
    name: str = Field(max_length=80, index=True)
    price: Decimal = Field(default=Decimal(1), max_digits=10, decimal_places=2, ge=0)
    code: str | None = Field(default=None, unique=True)
    note: str = Field(default="", sa_type=sa.Text)
    cost: int = Field(default=3, secret=True)
    rank: int = Field(default=0, readonly=True)
    brand_id: str | None = Field(default=None, foreign_key="sm_brand.id", ondelete="SET NULL")

    brand = belongs_to("Brand")


@pytest.fixture(autouse=True)
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = create_engine(f"sqlite:///{tmp_path}/shared.db")
    configure(engine=engine)
    yield engine
    use(MemoryRepository())
    engine.dispose()


# -- fields -------------------------------------------------------------------------------------


def test_what_a_field_says_of_its_column_is_in_the_table() -> None:
    columns = Gadget.table.c
    assert (columns.code.unique, columns.name.index) == (True, True)
    (reference,) = columns.brand_id.foreign_keys
    assert (reference.target_fullname, reference.ondelete) == ("sm_brand.id", "SET NULL")
    assert isinstance(Gadget.table, sa.Table)
    assert Gadget.table is SQLModel.metadata.tables["sm_gadget"]


def test_sqlmodels_and_pydantics_own_fields_work() -> None:
    class Hero(Entity, table_name="sm_hero"):
        name: str = SQLModelField(index=True, max_length=5)
        age: int | None = SQLModelField(default=None, ge=0)
        power: str = PydanticField(default="none", description="What the hero can do")
        team: str | None = SQLModelField(default=None, foreign_key="sm_brand.id")

    hero = Hero.create(name="Ada", age=5, team=Brand.create().id)
    assert (Hero.get(hero.id).age, Hero.table.c.name.index) == (5, True)
    assert Hero.__entity__.fields["power"].help == "What the hero can do"
    assert Hero.__entity__.fields["team"].reference == "sm_brand.id"
    wrong: list[dict[str, Any]] = [{"name": "too long"}, {"age": -1}, {"power": None}]
    for values in wrong:
        with pytest.raises(ValueError, match="1 validation error"):
            Hero.model_validate({"name": "x", **values})


def test_an_integer_key_is_written_as_in_sqlmodel() -> None:
    class Team(Entity, table_name="sm_team"):
        id: int | None = SQLModelField(default=None, primary_key=True)  # type: ignore[assignment] # pyright: ignore
        name: str

    team = Team(name="a")
    assert team.id is None
    assert team.save().id == 1
    assert Team.get(1).name == "a"


def test_what_only_a_mapped_class_can_be_is_refused_with_what_to_write() -> None:
    with pytest.raises(EntityDefinitionError) as error:

        class Mapped(Entity, table=True):  # type: ignore[call-arg] # pyright: ignore
            name: str

    assert str(error.value) == (
        "Write `class Mapped(Entity):` without table=True: every entity has a table, built from its "
        "fields, and Mapped.table is it."
    )
    with pytest.raises(EntityDefinitionError) as error:

        class Related(Entity):  # pyright: ignore[reportUnusedClass]
            teams: list[Any] = Relationship(back_populates="x")

    assert str(error.value) == (
        "Related.teams: Relationship() needs a mapped class; write "
        '`teams = belongs_to("...")` or `teams = has_many("...")` instead.'
    )


# -- select and sessions ------------------------------------------------------------------------


def test_sessions_of_the_shared_engine_see_what_entities_store(engine: sa.Engine) -> None:
    brand = Brand.create(name="Acme")
    Gadget.create(name="Lamp", price="19.90", brand=brand)
    Gadget.create(name="Cup", price=4)
    with Session(engine) as session:
        names = select(Gadget.table.c.name).where(col(Gadget.price) > 10)
        assert session.exec(names).all() == ["Lamp"]
        assert session.exec(select(Gadget.name).where(Gadget.price < 10)).all() == ["Cup"]
    with orm.Session(engine) as session:
        rows = session.execute(sa.select(Gadget.table)).all()
        assert [(row.name, row.price) for row in rows] == [
            ("Lamp", Decimal("19.90")),
            ("Cup", Decimal(4)),
        ]
        dear = (col(Gadget.price) > 10) | (Gadget.name == "x")
        chosen = sa.select(Gadget.table.c.name).where(dear)
        assert session.execute(chosen).scalars().all() == ["Lamp"]
        joined = sa.select(Gadget.table.c.name, Brand.table.c.name).join_from(
            Gadget.table, Brand.table
        )
        assert [tuple(row) for row in session.execute(joined)] == [("Lamp", "Acme")]
        total = sa.select(sa.func.count(), sa.func.max(Gadget.table.c.price))
        assert tuple(session.execute(total).one()) == (2, Decimal("19.90"))
    with engine.connect() as connection:
        found = connection.execute(sa.select(Gadget.table).order_by(Gadget.table.c.name)).mappings()
        assert [row["name"] for row in found] == ["Cup", "Lamp"]


def test_entities_see_what_a_session_commits(engine: sa.Engine) -> None:
    Gadget.create(name="Lamp")
    with engine.begin() as connection:
        connection.execute(sa.update(Gadget.table).values(name="Light"))
    assert Gadget.all().one().name == "Light"


def test_a_table_of_sqlmodel_may_be_referred_to(engine: sa.Engine) -> None:
    class Shelf(SQLModel, table=True):
        __tablename__: Any = "sm_shelf"
        id: int | None = SQLModelField(default=None, primary_key=True)

    class Item(Entity, table_name="sm_item"):
        shelf_id: int = Field(foreign_key="sm_shelf.id")

    SQLModel.metadata.create_all(engine, [SQLModel.metadata.tables["sm_shelf"]])
    with Session(engine) as session:
        session.add(Shelf(id=7))
        session.commit()
    assert Item.create(shelf_id=7).shelf_id == 7


def test_selecting_a_class_says_what_to_write() -> None:
    entity: Any = Gadget
    with pytest.raises(EntityError) as error:
        sa.select(entity)
    assert str(error.value) == (
        "SQLAlchemy knows Gadget by its table: write select(Gadget.table) for rows, or "
        "Gadget.where(...) for entities."
    )


# -- models of outside data ---------------------------------------------------------------------


def test_an_input_becomes_an_entity_by_model_validate() -> None:
    body = Gadget.Input(name="Lamp", price="2.50")
    made = Gadget.model_validate(body)
    assert (made.name, made.price, made.is_new) == ("Lamp", Decimal("2.50"), True)
    made = Gadget.model_validate(body, update={"cost": 9}).save()
    assert Gadget.get(made.id).cost == 9

    class GadgetCreate(SQLModel):
        name: str

    assert Gadget.model_validate(GadgetCreate(name="Cup")).save().name == "Cup"


def test_sqlmodel_update_assigns_checked_values() -> None:
    made = Gadget.create(name="Lamp")
    patch = Gadget.PatchInput.model_validate({"price": "3.00"})
    made.sqlmodel_update(patch.model_dump(exclude_unset=True))
    made.save()
    assert Gadget.get(made.id).price == Decimal(3)
    with pytest.raises(ValueError, match="validation error"):
        made.sqlmodel_update({"price": -1})
    assert made.price == Decimal(3)


# -- FastAPI ------------------------------------------------------------------------------------


class Wrapped(BaseModel):
    items: list[Gadget]
    total: int


def make_app() -> FastAPI:
    app = FastAPI()

    async def create(body: Any) -> Gadget:
        return await Gadget.acreate(**body.model_dump())

    async def update(id: str, body: Any) -> Gadget:
        return await (await Gadget.aget(id)).aupdate(**body.model_dump(exclude_unset=True))

    async def index() -> list[Gadget]:
        return await Gadget.all().aall()

    async def raw() -> Any:  # FastAPI is told nothing of it
        return await Gadget.all().afirst()

    async def wrapped() -> Wrapped:
        return Wrapped(items=await Gadget.all().aall(), total=1)

    def whole(body: Brand) -> Brand:
        return body.save()

    create.__annotations__["body"] = Gadget.Input
    update.__annotations__["body"] = Gadget.PatchInput
    raw.__annotations__.pop("return")
    app.post("/gadgets", status_code=201, response_model=Gadget)(create)
    app.patch("/gadgets/{id}")(update)
    app.get("/gadgets", response_model=list[Gadget])(index)
    app.get("/raw")(raw)
    app.get("/wrapped")(wrapped)
    app.post("/brands")(whole)
    return app


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(make_app()) as client:
        yield client


def test_an_entity_is_the_body_of_a_response_without_its_secrets(client: TestClient) -> None:
    answer = client.post("/gadgets", json={"name": "Lamp", "price": "2.50"})
    assert answer.status_code == 201
    made = Gadget.all().one()
    shown: dict[str, Any] = {
        "id": made.id,
        "name": "Lamp",
        "price": "2.50",
        "code": None,
        "note": "",
        "rank": 0,
        "brand_id": None,
        "version": 1,
        "created_at": made.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": made.updated_at.isoformat().replace("+00:00", "Z"),
    }
    assert answer.json() == shown
    assert list(answer.json()) == list(shown)
    assert client.get("/gadgets").json() == [shown]
    assert client.get("/wrapped").json() == {"items": [shown], "total": 1}
    assert client.get("/raw").json() == shown
    assert made.cost == 3


def test_a_body_holds_what_a_stranger_may_set_and_nothing_else(client: TestClient) -> None:
    made = Gadget.create(name="Lamp")
    answer = client.patch(f"/gadgets/{made.id}", json={"price": 5})
    assert (answer.status_code, answer.json()["price"], answer.json()["version"]) == (
        200,
        "5.00",
        2,
    )
    for key, value in (("id", "x"), ("version", 9), ("cost", 1), ("rank", 1), ("nmae", "x")):
        for answer in (
            client.patch(f"/gadgets/{made.id}", json={key: value}),
            client.post("/gadgets", json={"name": "x", key: value}),
        ):
            assert answer.status_code == 422
            (problem,) = answer.json()["detail"]
            assert (problem["loc"], problem["type"]) == (["body", key], "extra_forbidden")
    assert client.post("/gadgets", json={"name": "x", "price": -1}).status_code == 422
    assert client.patch(f"/gadgets/{made.id}", json={"name": None}).status_code == 422
    assert Gadget.count() == 1


def test_an_entity_may_be_a_body_where_the_client_is_trusted_with_all_of_it(
    client: TestClient,
) -> None:
    answer = client.post("/brands", json={"id": "mine", "name": "Acme"})
    assert answer.json() == {"id": "mine", "name": "Acme", "version": 1}
    assert Brand.get("mine").name == "Acme"
    assert client.post("/brands", json={"nmae": "x"}).status_code == 422


def test_openapi_names_and_describes_them(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    post = document["paths"]["/gadgets"]["post"]
    body = post["requestBody"]["content"]["application/json"]["schema"]
    answer = post["responses"]["201"]["content"]["application/json"]["schema"]
    listed = document["paths"]["/gadgets"]["get"]["responses"]["200"]["content"]
    assert body == {"$ref": "#/components/schemas/GadgetInput"}
    assert answer == {"$ref": "#/components/schemas/Gadget"}
    assert listed["application/json"]["schema"]["items"] == answer
    assert set(schemas["GadgetInput"]["properties"]) == {
        "name",
        "price",
        "code",
        "note",
        "brand_id",
    }
    assert schemas["GadgetInput"]["required"] == ["name"]
    assert schemas["GadgetInput"]["additionalProperties"] is False
    assert "required" not in schemas["GadgetPatchInput"]
    assert set(schemas["GadgetPatchInput"]["properties"]) == set(
        schemas["GadgetInput"]["properties"]
    )
    assert list(schemas["Gadget"]["properties"]) == [
        "id", "name", "price", "code", "note", "rank", "brand_id",
        "version", "created_at", "updated_at",
    ]  # fmt: skip
    assert set(schemas["Gadget"]["required"]) == set(schemas["Gadget"]["properties"])
    assert schemas["Gadget"]["properties"]["name"] == {
        "type": "string", "maxLength": 80, "title": "Name",
    }  # fmt: skip


def test_the_json_schema_of_a_class_is_pydantics() -> None:
    schema = Gadget.model_json_schema()
    assert (schema["title"], schema["required"]) == ("Gadget", ["name"])
    assert "cost" in schema["properties"]
    assert "cost" not in Gadget.model_json_schema(mode="serialization")["properties"]
