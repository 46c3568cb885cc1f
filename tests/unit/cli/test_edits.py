"""Edits of the registry: done once, nothing else touched, or a snippet to write by hand."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_cli.plan.edits import RegisterResource

PRODUCTS = RegisterResource("Products", "/products", "shop.products")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "RESOURCES: list[Resource] = []\n",
            'RESOURCES: list[Resource] = [\n    Resource("Products", "/products", "shop.products"),\n]\n',
        ),
        (
            "RESOURCES = [\n]\n",
            'RESOURCES = [\n    Resource("Products", "/products", "shop.products"),\n]\n',
        ),
        (
            'RESOURCES = [\n    Resource("A", "/a", "shop.a"),  # first, please\n]\n\nMORE = [1, 2]\n',
            'RESOURCES = [\n    Resource("A", "/a", "shop.a"),  # first, please\n'
            '    Resource("Products", "/products", "shop.products"),\n]\n\nMORE = [1, 2]\n',
        ),
        (
            'RESOURCES = [\n    Resource("A", "/a", "shop.a")  # no comma, here\n]\n',
            'RESOURCES = [\n    Resource("A", "/a", "shop.a"),  # no comma, here\n'
            '    Resource("Products", "/products", "shop.products"),\n]\n',
        ),
        (
            '"""Grüße \U0001f600."""\n\nRESOURCES = [Resource("Ä", "/a", "shop.a")]\n',
            '"""Grüße \U0001f600."""\n\nRESOURCES = [Resource("Ä", "/a", "shop.a"),\n'
            '    Resource("Products", "/products", "shop.products"),\n]\n',
        ),
        (
            "RESOURCES = [\r\n    # nothing yet\r\n]\r\n",
            "RESOURCES = [\r\n    # nothing yet\r\n"
            '    Resource("Products", "/products", "shop.products"),\r\n]\r\n',
        ),
    ],
)
def test_a_resource_is_added_as_a_line_and_all_else_stays(before: str, after: str) -> None:
    edited = PRODUCTS.apply(before)
    assert (edited.status, edited.text) == ("done", after)
    assert PRODUCTS.apply(after).status == "there"


def test_an_entity_without_pages_gets_its_address_later() -> None:
    source = 'RESOURCES = [\n    Resource("Products", None, "shop.products"),  # mine\n]\n'
    edited = PRODUCTS.apply(source)
    assert edited.text == (
        'RESOURCES = [\n    Resource("Products", "/products", "shop.products"),  # mine\n]\n'
    )


def test_an_address_that_the_user_changed_is_kept() -> None:
    source = 'RESOURCES = [Resource("Things", "/things", package="shop.products")]\n'
    assert PRODUCTS.apply(source).status == "there"


@pytest.mark.parametrize(
    "source", ["", "RESOURCES = load()\n", "RESOURCES = [\n", "OTHER = []\n", "RESOURCES += []\n"]
)
def test_a_registry_that_is_not_a_list_is_left_alone_and_the_line_is_shown(source: str) -> None:
    edited = PRODUCTS.apply(source)
    assert (edited.status, edited.text) == ("cannot", source)
    assert 'Resource("Products", "/products", "shop.products"),' in edited.snippet


@given(
    st.lists(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True).filter(lambda name: name != "products"),
        unique=True,
        max_size=5,
    ),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
def test_any_registry_keeps_its_entries_and_gains_one(
    names: list[str], one_line: bool, newline: str
) -> None:
    calls = [f'Resource("{name}", "/{name}", "shop.{name}")' for name in names]
    inside = ", ".join(calls) if one_line else "".join(f"{newline}    {c},  # ok, ä" for c in calls)
    source = (
        f"A = 1{newline}RESOURCES = [{inside}{'' if one_line else newline}]{newline}B = 2{newline}"
    )
    edited = PRODUCTS.apply(source)
    assert edited.status == "done"
    assignment = ast.parse(edited.text).body[1]
    assert isinstance(assignment, ast.Assign)
    entries = ast.unparse(assignment.value)
    assert entries == ast.unparse(ast.parse(f"[{', '.join([*calls, PRODUCTS.line()])}]"))
    assert PRODUCTS.apply(edited.text).status == "there"
