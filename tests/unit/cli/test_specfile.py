"""Entities described in a file: read like the command line, in an order in which they can be made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_cli.grammar.problems import BadWords
from nitro_cli.grammar.specfile import EntityWords, read_spec_file, read_specs
from nitro_runtime.errors import UsageError


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_both_formats_say_what_the_command_line_says(tmp_path: Path) -> None:
    yaml = write(
        tmp_path,
        "shop.yaml",
        """
        # the shop
        entities:
          - name: Product
            fields:
              name: str.80:search
              price: {type: decimal.10.2, min: 0, default: 1.50}
              live: {type: bool, default: no}
              day: date=2026-01-31
              category: {type: ref.Category, opt: true, on: null, as: products, index: false}
              note: {}
          - name: Category
            plural: categories
            fields: ["name:str.60:unique", {name: size, type: int}]
        """,
    )
    expected = (
        EntityWords("Category", ("name:str.60:unique", "size:int"), "categories"),
        EntityWords(
            "Product",
            (
                "name:str.80:search",
                "price:decimal.10.2:min.0=1.50",
                "live:bool=no",
                "day:date=2026-01-31",
                "category:ref.Category:opt:on.null:as.products",
                "note:str",
            ),
        ),
    )
    assert read_spec_file(yaml) == expected
    data = {
        "entities": [
            {
                "name": "Product",
                "fields": {
                    "name": "str.80:search",
                    "price": {"type": "decimal.10.2", "min": 0, "default": "1.50"},
                    "live": {"type": "bool", "default": "no"},
                    "day": "date=2026-01-31",
                    "category": {"type": "ref.Category", "opt": True, "on": "null", "as": "products", "index": False},
                    "note": {},
                },
            },
            {"name": "Category", "plural": "categories", "fields": ["name:str.60:unique", {"name": "size", "type": "int"}]},
        ]
    }  # fmt: skip
    assert read_spec_file(write(tmp_path, "shop.json", json.dumps(data))) == expected


@pytest.mark.parametrize(
    "document",
    [
        {"name": "Tag", "fields": ["name"]},
        [{"name": "Tag", "fields": {"name": "str"}}],
        {"entities": {"name": "Tag", "fields": [{"name": "name"}]}},
    ],
)
def test_one_entity_needs_no_list(document: Any) -> None:
    (words,) = read_specs(document)
    assert words.name == "Tag"
    assert words.fields[0].partition(":")[0] == "name"


@pytest.mark.parametrize(
    ("document", "problems"),
    [
        ("text", [("bad-spec", "the document", "an object with a name")]),
        ([], [("bad-spec", "the document", "from 1 to 200 entities")]),
        ({"entities": [], "x": 1}, [("bad-spec", "x", "no 'x' here"), ("bad-spec", "entities", "from 1")]),
        ({"name": "Tag"}, [("bad-spec", "fields", "one at least")]),
        ({"fields": ["name"]}, [("bad-spec", "name", "is missing")]),
        ({"name": 5, "fields": ["a"]}, [("bad-spec", "name", "is a text")]),
        ({"name": "Tag", "feilds": ["name"]}, [("bad-spec", "feilds", "Did you mean 'fields'?"), ("bad-spec", "fields", "one at least")]),
        ({"name": "Tag", "fields": {"name": ["str"]}}, [("bad-spec", "fields.name", "is a text")]),
        ({"name": "Tag", "fields": {"name": {"type": "str", "optt": True}}}, [("bad-spec", "fields.name.optt", "Did you mean 'opt'?")]),
        ({"name": "Tag", "fields": {"name": {"default": None}}}, [("bad-spec", "fields.name.default", "is missing")]),
        ({"name": "Tag", "fields": [None]}, [("bad-spec", "fields[0]", "is missing")]),
        (
            [{"name": "Tag", "fields": ["name:flot"]}, {"name": "Product", "fields": {"size": "int=x", "ok": "str"}}],
            [("unknown-type", "name:flot", "[0].fields[0]: There is no type"), ("bad-default", "size:int=x", "[1].fields.size: 'x' cannot")],
        ),
        ([{"name": "Tag", "fields": ["a"]}, {"name": "tag", "fields": ["b"]}], [("bad-spec", "[1]", "two entities 'Tag'")]),
        (
            [{"name": "A1", "fields": ["b:ref.B1"]}, {"name": "B1", "fields": ["c:C1:opt"]}, {"name": "C1", "fields": ["a:many.A1"]}],
            [("reference-circle", "entities", "A1 needs B1 needs C1 needs A1")],
        ),
        ([{"name": "ProductTag", "fields": ["a"]}, {"name": "Product", "fields": ["tags:many.ProductTag"]}], [("table-clash", "tags:many.ProductTag", "where ProductTag is")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    document: Any, problems: list[tuple[str, str, str]]
) -> None:
    with pytest.raises(BadWords) as caught:
        read_specs(document)
    found = caught.value.details
    assert [(each.code, each.text) for each in found] == [(c, t) for c, t, _ in problems]
    for each, (_, _, says) in zip(found, problems, strict=True):
        assert says in each.sentence


def test_a_reference_is_to_the_file_the_project_or_the_entity_itself() -> None:
    document = {"name": "Post", "fields": ["author:User", "tags:many.Tag", "parent:Post:opt"]}
    assert len(read_specs(document, known={"User", "Tag"})) == 1
    with pytest.raises(BadWords, match="There is no entity User, here or in the project"):
        read_specs(document, known={"Tag", "Usher"})


def test_entities_follow_those_that_they_refer_to_and_else_stay_in_order() -> None:
    document = [
        {"name": "Zebra", "fields": ["keeper:Keeper"]},
        {"name": "Apple", "fields": ["name"]},
        {"name": "Keeper", "fields": ["zoo:Zoo", "animals:many.Apple"]},
        {"name": "Zoo", "fields": ["name"]},
    ]
    assert [words.name for words in read_specs(document)] == ["Zoo", "Apple", "Keeper", "Zebra"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.toml", "", "ends in .json, .yaml or .yml"),
        ("a.json", '{"name": }', "a.json, line 1, column 10: this is not JSON"),
        ("a.json", '{"name": "A", "name": "B"}', "'name' stands twice"),
        ("a.json", "[" * 100_000, "nested too deep"),
        ("a.yaml", "a: [", "a.yaml, line 1, column 5: this is not YAML"),
        ("a.yaml", "a: 1\nb: 2\na: 3", "'a' stands twice"),
        ("a.yml", "a: &x [1]\nb: *x", "a.yml, line 2, column 4: aliases are not taken here"),
        ("a.yaml", "x: !!python/object:os.system []\n", "There is no 'x' here"),
        ("a.yaml", "{" * 5000, "a.yaml"),
        ("a.yaml", "a: b\n---\nc: d\n", "this is not YAML"),
        ("a.yaml", " " * 1_000_001, "too long"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, name: str, text: str, says: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read_spec_file(write(tmp_path, name, text))
    assert says in str(caught.value)


def test_a_missing_file_and_one_that_is_no_text_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_spec_file(tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes(b'{"name": "\xe9"}')
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        read_spec_file(tmp_path / "latin.json")


_json = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8) | st.sampled_from(["name", "str", "ref.X"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "fields", "entities", "type", "opt", "x"]), inner
        )
    ),
    max_leaves=12,
)


@given(_json)
def test_no_document_crashes_the_reader(document: Any) -> None:
    try:
        words = read_specs(document)
    except BadWords as error:
        assert all(problem.sentence and problem.code for problem in error.details)
    else:
        assert all(each.fields for each in words)
