"""Which names may be used, and what the refusals say."""

from __future__ import annotations

import builtins
import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_cli.grammar.names import check_entity, check_field, check_package, check_project
from nitro_runtime.entities import Entity
from nitro_runtime.naming import looks_plural, pascal_case, pluralize, singularize, snake_case
from nitro_runtime.views import Form, Table


@pytest.mark.parametrize("name", ["myapp", "my-app", "my_app", "Shop", "shop2", "a"])
def test_a_project_may_have_a_plain_name(name: str) -> None:
    assert check_project(name) == []


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("", "empty-name", "empty"),
        ("   ", "empty-name", "empty"),
        ("../x", "bad-path", "'x'"),
        ("/tmp/x", "bad-path", "'x'"),  # noqa: S108 # a name that is refused
        ("a/b", "bad-path", "'b'"),
        ("a\\b", "bad-path", "'b'"),
        ("..", "bad-path", "not a path"),
        (".hidden", "bad-path", "not a path"),
        ("~", "bad-name", "a letter first"),
        ("1shop", "bad-name", "Did you mean 'shop'?"),
        ("my shop", "bad-name", "Did you mean 'my-shop'?"),
        ("shop!", "bad-name", "Did you mean 'shop'?"),
        ("-shop", "bad-name", "Did you mean 'shop'?"),
        ("class", "reserved-name", "a word of Python"),
        ("list", "reserved-name", "a word of Python"),
        ("test", "reserved-name", "standard library"),
        ("json", "reserved-name", "standard library"),
        ("email", "reserved-name", "standard library"),
        ("nitro", "reserved-name", "a package that the project needs"),
        ("fastapi", "reserved-name", "'fastapi_app'"),
        ("tests", "reserved-name", "every project has"),
        ("migrations", "reserved-name", "every project has"),
        ("sh\u043ep", "non-ascii", "CYRILLIC SMALL LETTER O"),
        ("caf\u00e9", "non-ascii", "Did you mean 'cafe'?"),
        ("x" * 61, "long-name", "at most 60"),
        ("shop\n", "bad-name", "Did you mean 'shop'?"),
        ("shop\0", "bad-name", "Did you mean 'shop'?"),
    ],
)
def test_a_project_name_that_cannot_work_is_refused_with_a_way_out(
    name: str, code: str, says: str
) -> None:
    (problem,) = check_project(name)
    assert problem.code == code
    assert says in problem.sentence


@pytest.mark.parametrize(
    "name", ["Product", "product", "order_item", "order-item", "OrderItem", "Status", "Bus", "News"]
)
def test_an_entity_may_be_written_in_any_usual_way(name: str) -> None:
    assert check_entity(name) == []


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("", "empty-name", "empty"),
        ("../Product", "bad-name", "Did you mean"),
        ("Pro duct", "bad-name", "Did you mean 'pro_duct'?"),
        ("2Product", "bad-name", "Did you mean 'product'?"),
        ("class", "reserved-name", "keyword"),
        ("Class", "reserved-name", "keyword"),
        ("None", "reserved-name", "keyword"),
        ("list", "reserved-name", "builtin"),
        ("Property", "reserved-name", "'PropertyRecord'"),
        ("Exception", "reserved-name", "builtin"),
        ("Entity", "reserved-name", "generated source imports"),
        ("form", "reserved-name", "generated source imports"),
        ("Products", "plural-entity", "singular: Product"),
        ("Categories", "plural-entity", "singular: Category"),
        ("order_items", "plural-entity", "singular: OrderItem"),
        ("People", "plural-entity", "singular: Person"),
        ("\u0420roduct", "non-ascii", "Did you mean 'Product'?"),
    ],
)
def test_an_entity_name_that_cannot_work_is_refused_with_a_way_out(
    name: str, code: str, says: str
) -> None:
    (problem,) = check_entity(name)
    assert problem.code == code
    assert says in problem.sentence


def test_a_name_that_only_looks_plural_is_taken_with_its_plural() -> None:
    assert check_entity("Lens") != []
    assert check_entity("Lens", plural="lenses") == []


def test_the_folder_of_an_entity_must_not_be_one_of_the_project() -> None:
    (problem,) = check_package("settings", "Setting")
    assert "--plural settings_list" in problem.sentence


@pytest.mark.parametrize("name", ["name", "price", "line_1", "match", "case", "sku", "title"])
def test_a_field_may_have_a_plain_name(name: str) -> None:
    assert check_field(name) == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("class", "keyword"),
        ("None", "not a name"),
        ("save", "every entity can do"),
        ("metadata", "'details'"),
        ("model_name", "'name_value'"),
        ("model_config", "pydantic"),
        ("registry", "pydantic"),
        ("id", "every entity has"),
        ("version", "'edition'"),
        ("created_at", "every entity has"),
        ("type", "'kind'"),
        ("list", "builtin"),
        ("date", "'day'"),
        ("entity", "form or table"),
        ("name_search", "search columns"),
        ("Price", "Did you mean 'price'?"),
        ("unitPrice", "Did you mean 'unit_price'?"),
        ("unit-price", "Did you mean 'unit_price'?"),
        ("_secret", "Did you mean 'secret'?"),
        ("name_", "Did you mean 'name'?"),
        ("a__b", "Did you mean 'a_b'?"),
        ("pr\u0456ce", "Did you mean 'price'?"),
        ("", "empty"),
    ],
)
def test_a_field_name_that_would_break_or_hide_something_is_refused(name: str, says: str) -> None:
    (problem,) = check_field(name)
    assert says in problem.sentence


def test_every_attribute_of_an_entity_is_refused_as_a_field() -> None:
    public = {name for name in dir(Entity) if not name.startswith("_")}
    assert {name for name in public if not check_field(name)} == set()


def test_every_attribute_of_a_form_or_table_is_refused_as_a_field() -> None:
    public = {name for name in {*dir(Form), *dir(Table)} if not name.startswith("_")}
    assert {name for name in public if not check_field(name)} == set()


def test_what_is_offered_instead_of_a_taken_field_name_is_free() -> None:
    taken = [*keyword.kwlist, *dir(builtins), *dir(Entity), *dir(Form), *dir(Table)]
    for name in taken:
        for problem in check_field(name):
            offered = problem.sentence.rpartition("such as ")[2].strip("'.")
            assert problem.code != "reserved-name" or check_field(offered) == []


@given(st.text(max_size=20))
def test_no_name_breaks_a_check(name: str) -> None:
    for problem in [*check_project(name), *check_entity(name), *check_field(name)]:
        assert str(problem)


@given(st.from_regex(r"[A-Z][a-z0-9]{0,5}([A-Z][a-z0-9]{1,5}){0,2}", fullmatch=True))
def test_class_names_survive_snake_case_and_back(name: str) -> None:
    assert snake_case(pascal_case(snake_case(name))) == snake_case(name)


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("product", "products"),
        ("category", "categories"),
        ("day", "days"),
        ("bus", "buses"),
        ("box", "boxes"),
        ("match", "matches"),
        ("person", "people"),
        ("order_item", "order_items"),
        ("news", "news"),
    ],
)
def test_plurals_follow_the_rule(one: str, many: str) -> None:
    assert pluralize(one) == many


@pytest.mark.parametrize(
    ("many", "one"),
    [("products", "product"), ("categories", "category"), ("boxes", "box"), ("people", "person")],
)
def test_a_plural_is_recognised_and_undone(many: str, one: str) -> None:
    assert looks_plural(many)
    assert singularize(many) == one
