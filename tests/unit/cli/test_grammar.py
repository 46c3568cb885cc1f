"""The field grammar: what is read, what is refused, and that neither ever crashes."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nitro_cli.grammar.parser import parse_entity, parse_field, read_entity
from nitro_cli.grammar.problems import BadWords
from nitro_cli.grammar.relations import check_relations
from nitro_cli.grammar.spec import EntitySpec, FieldSpec, Modifier
from nitro_cli.grammar.types import ELEMENTS, MODIFIERS, NAMES, TYPES


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("name", FieldSpec("name", "str")),
        ("name:str.80", FieldSpec("name", "str", ("80",))),
        ("name:string", FieldSpec("name", "str")),
        ("price:decimal", FieldSpec("price", "decimal")),
        ("price:decimal.8", FieldSpec("price", "decimal", ("8", "2"))),
        ("price:numeric.10.2:min.0", FieldSpec("price", "decimal", ("10", "2"), (Modifier("min", "0"),))),
        ("stock:integer=0", FieldSpec("stock", "int", default="0")),
        ("live:boolean=yes", FieldSpec("live", "bool", default="yes")),
        ("status:enum.draft.on-hold=draft", FieldSpec("status", "enum", ("draft", "on-hold"), (), "draft")),
        ("category:ref.Category", FieldSpec("category", "ref", ("Category",))),
        ("category_id:ref.Category", FieldSpec("category", "ref", ("Category",))),
        ("category:references", FieldSpec("category", "ref", ("Category",))),
        ("owner:User:opt:on.null", FieldSpec("owner", "ref", ("User",), (Modifier("opt"), Modifier("on", "null")))),
        ("ratio:float:max.1.5:min.-0.5", FieldSpec("ratio", "float", (), (Modifier("min", "-0.5"), Modifier("max", "1.5")))),
        ("opens:time=09:30", FieldSpec("opens", "time", default="09:30")),
        ("link:url=https://example.com/?a=b", FieldSpec("link", "url", default="https://example.com/?a=b")),
        ("tags:list.str", FieldSpec("tags", "list", ("str",))),
        ("widths:array.integer:min.1:max.5", FieldSpec("widths", "list", ("int",), (Modifier("min", "1"), Modifier("max", "5")))),
        ("tags:many.Tag:as.products", FieldSpec("tags", "many", ("Tag",), (Modifier("as", "products"),))),
        ("categories:many_to_many", FieldSpec("categories", "many", ("Category",))),
        ("author:ref.User:as.blog_posts", FieldSpec("author", "ref", ("User",), (Modifier("as", "blog_posts"),))),
        ("user:User:one:on.cascade", FieldSpec("user", "ref", ("User",), (Modifier("on", "cascade"), Modifier("one")))),
        ("photo:picture:max.5:opt", FieldSpec("photo", "image", (), (Modifier("opt"), Modifier("max", "5")))),
        ("manual:attachment", FieldSpec("manual", "file")),
        ("note:text:optional", FieldSpec("note", "text", (), (Modifier("opt"),))),
    ],
)  # fmt: skip
def test_a_field_is_read(text: str, spec: FieldSpec) -> None:
    assert parse_field(text) == spec


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", "empty-field", "write name:type"),
        ("price:flot", "unknown-type", "Did you mean 'float'?"),
        ("name:str80", "unknown-type", "Did you mean 'str.80'?"),
        ("name:", "unknown-type", "A type is missing"),
        ("name:str:", "unknown-modifier", "There is no modifier ''"),
        ("name:str:requird", "unknown-modifier", "Known: opt"),
        ("name:str:uniqe", "unknown-modifier", "Did you mean 'unique'?"),
        ("name:str:unique:unique", "duplicate-modifier", "twice"),
        ("name:str:unique.5", "bad-modifier", "nothing after it"),
        ("name:str:min", "bad-modifier", "min.0"),
        ("name:str:min.x", "bad-modifier", "a number"),
        ("name:str:min.1.5", "bad-modifier", "whole number"),
        ("name:str.80:max.90", "bad-modifier", "leave 'max' out"),
        ("size:int:min.5:max.1", "bad-modifier", "greater than the greatest"),
        ("size:int:search", "bad-modifier", "does not take the modifier 'search'"),
        ("body:text:max.9", "bad-modifier", "It takes: opt, secret, readonly, hidden, search"),
        ("from_:str", "bad-name", "a letter first."),
        ("belongs_to:str", "reserved-name", "a name that the entity's source needs"),
        ("user:ref.User:on.explode", "bad-modifier", "on.cascade"),
        ("user:ref.User:on.null", "bad-modifier", "add :opt"),
        ("key:str:secret", "unfillable", "add :opt"),
        ("key:str:secret:opt:search", "bad-modifier", "cannot be searched"),
        ("name:str.0", "bad-parameter", "from 1 to 10000"),
        ("name:str.x", "bad-parameter", "whole number"),
        ("name:str.80.2", "bad-parameter", "at most 1 number"),
        ("size:int.4", "bad-parameter", "nothing after its name"),
        ("price:decimal.2.5", "bad-parameter", "no more digits"),
        ("status:enum", "bad-parameter", "names its words: status:enum.draft.live"),
        ("status:enum.a.A", "bad-parameter", "twice"),
        ("status:enum.2fast", "bad-parameter", "'2fast'"),
        ("status:enum..a", "bad-parameter", "''"),
        ("user:ref.User.Group", "bad-parameter", "one entity"),
        ("user:ref.user!", "bad-character", "'!'"),
        ("size:int=many", "bad-default", "a whole number such as 0"),
        ("size:int:min.0=5:index", "bad-default", "comes last: size:int:min.0:index=5."),
        ("size:int=1_000", "bad-default", "a whole number"),
        ("size:int:max.5=6", "bad-default", "outside of its bounds"),
        ("price:decimal.8.1:min.0.25", "bad-modifier", "than it keeps"),
        ("price:float=nan", "bad-default", "a number such as 0.5"),
        ("price:float=", "bad-default", "a number such as 0.5"),
        ("price:decimal.4.2=100", "bad-default", "too many digits"),
        ("price:decimal=1e999999999", "bad-default", "too many digits"),
        ("live:bool=maybe", "bad-default", "true or false"),
        ("day:date=2026-02-30", "bad-default", "2026-01-31"),
        ("status:enum.a.b=c", "bad-default", "none of its words: a, b"),
        ("name:str.3=long", "bad-default", "outside"),
        ("user:ref.User=1", "bad-default", "has no default"),
        ("extra:json={}", "bad-default", "has no default"),
        ("tags:list", "bad-parameter", "tags:list.str"),
        ("tags:list.srt", "bad-parameter", "Did you mean 'str'?"),
        ("tags:list.json", "bad-parameter", "A list holds one of: str, int"),
        ("tags:list.str.80", "bad-parameter", "nothing after its name: tags:list.str."),
        ("tags:list.str=a", "bad-default", "has no default"),
        ("tags:list.str:max.0", "bad-modifier", "from 1 to 1000"),
        ("tags:list.str:min.-1", "bad-modifier", "whole number"),
        ("tags:list.str:min.3:max.2", "bad-modifier", "greater than the greatest"),
        ("tags:list.str:sort", "bad-modifier", "have no order"),
        ("tags:list.str:min.1:readonly", "unfillable", "add :opt"),
        ("tags:many.Tag.Other", "bad-parameter", "one entity"),
        ("tags:many.Tag:opt", "bad-modifier", "There may always be none."),
        ("tags:many.Tag:one", "bad-modifier", "'one'"),
        ("tags:many.Tag=x", "bad-default", "has no default"),
        ("tags:many.Tag:as", "bad-modifier", "as.posts"),
        ("tags:many.Tag:as.", "bad-modifier", "as.posts"),
        ("tags:many.Tag:as.save", "reserved-name", "every entity can do"),
        ("user:ref.User:as.Posts", "bad-name", "Did you mean 'posts'?"),
        ("user:ref.User:unique", "bad-modifier", "written 'one'"),
        ("name:str:as.posts", "bad-modifier", "does not take the modifier 'as'"),
        ("photo:image:max.0", "bad-modifier", "from 1 to 1000"),
        ("photo:image:max.1.5", "bad-modifier", "whole number"),
        ("photo:image:unique", "bad-modifier", "'unique'"),
        ("photo:image=a.png", "bad-default", "has no default"),
        ("photo:image:readonly", "unfillable", "add :opt"),
        ("price:decimal{10,2}", "bad-character", "price:decimal.10.2"),
        ("name:str(80)", "bad-character", "name:str.80"),
        ("name:str?", "bad-character", "note:text:opt"),
        ("status:enum[a,b]", "bad-character", "status:enum.draft.live"),
        ("name:str price:float", "bad-character", "as one word"),
        ("nam\u0435:str", "non-ascii", "Did you mean 'name'?"),
    ],
)  # fmt: skip
def test_a_field_that_cannot_work_is_refused_with_a_way_out(
    text: str, code: str, says: str
) -> None:
    with pytest.raises(BadWords) as caught:
        parse_field(text)
    (problem,) = caught.value.details
    assert problem.code == code
    assert says in problem.sentence


def test_a_problem_points_at_its_place() -> None:
    with pytest.raises(BadWords) as caught:
        parse_field("price:flot:min.0")
    assert str(caught.value) == (
        "There is no type 'flot'. Did you mean 'float'? [unknown-type]\n"
        "    price:flot:min.0\n"
        "          ^^^^"
    )


def test_every_problem_of_a_command_is_reported_at_once() -> None:
    with pytest.raises(BadWords) as caught:
        parse_entity("class", ["price:flot", "save:str", "size:int=x"])
    codes = [problem.code for problem in caught.value.details]
    assert codes == ["reserved-name", "unknown-type", "reserved-name", "bad-default"]


def test_braces_that_the_shell_took_apart_are_recognised() -> None:
    _, problems = read_entity("Product", ["price:decimal10", "price:decimal2"])
    assert problems[-1].code == "shell-braces"
    assert "price:decimal.10.2" in problems[-1].sentence


@pytest.mark.parametrize(
    "fields",
    [
        ["name:str", "name:int"],
        ["category:ref.Category", "category_id:str"],
        ["category:ref.Category", "category:str"],
        ["category_id:str", "category:ref.Category"],
    ],
)
def test_two_fields_of_one_name_are_refused(fields: list[str]) -> None:
    _, problems = read_entity("Product", fields)
    assert [problem.code for problem in problems] == ["duplicate-field"]


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        (["parent:ref.Product"], "unfillable", "add :opt"),
        (["name", "parent:ref.Product:opt:as.name"], "duplicate-field", "'name' already"),
        (["a:User:as.items", "b:User:as.items"], "duplicate-field", "called 'items' in User"),
        (["a:User:as.items", "b:many.User:as.items"], "duplicate-field", "'items'"),
        (["tag:many.Tag", "tags:many.Label"], "table-clash", "'product_tag'"),
        (["status:enum.a", "x:ref.ProductStatus"], "reserved-name", "enum would be called Prod"),
        (["form:enum.a.b"], "reserved-name", "enum would be called ProductForm"),
        (["form:ref.ProductForm"], "reserved-name", "The form of Product is called ProductForm"),
    ],
)
def test_relations_that_do_not_fit_together_are_refused(
    fields: list[str], code: str, says: str
) -> None:
    _, problems = read_entity("Product", fields)
    assert [problem.code for problem in problems] == [code]
    assert says in problems[0].sentence
    assert problems[0].text in fields


def test_an_entity_knows_all_its_names() -> None:
    spec = parse_entity("order-item", ["quantity:int"])
    names = [spec.name, spec.table, spec.package, spec.slug, spec.label, spec.plural]
    assert names == [
        "OrderItem",
        "order_item",
        "order_items",
        "order-items",
        "Order item",
        "Order items",
    ]


def test_a_chosen_plural_names_folder_and_address() -> None:
    spec = parse_entity("Lens", ["name"], plural="Lenses")
    assert (spec.package, spec.slug, spec.table) == ("lenses", "lenses", "lens")


# -- properties -----------------------------------------------------------------------------------

_words = st.from_regex(r"q[a-z]{1,6}x", fullmatch=True)  # no reserved name is like that
_classes = _words.map(str.capitalize)


@st.composite
def _fields(draw: st.DrawFn) -> FieldSpec:
    kind = draw(st.sampled_from(list(TYPES.values())))
    params: tuple[str, ...] = ()
    default: str | None = None
    if kind.name == "enum":
        params = tuple(draw(st.lists(_words, min_size=1, max_size=4, unique=True)))
        default = draw(st.sampled_from([None, *params]))
    elif kind.name in {"ref", "many"}:
        params = (draw(_classes),)
    elif kind.name == "list":
        params = (draw(st.sampled_from(ELEMENTS)),)
    elif kind.name == "str":
        params = draw(st.sampled_from([(), ("40",), ("10000",)]))
        default = draw(st.none() | st.text(string.printable[:95], min_size=1, max_size=40))
    elif kind.name == "decimal":
        params = draw(st.sampled_from([(), ("10", "2"), ("38", "0")]))
    elif kind.name in {"int", "bigint"}:
        default = draw(st.none() | st.integers(-99, 99).map(str))
    refused = {name for name, _ in kind.refuses}
    modifiers = [m for m in ("opt", "hidden") if m not in refused and draw(st.booleans())]
    modifiers += [
        m for m in ("unique", "index", "search") if m in kind.modifiers and draw(st.booleans())
    ]
    ordered = tuple(Modifier(name) for name in MODIFIERS if name in modifiers)
    if "as" in kind.modifiers and draw(st.booleans()):
        ordered += (Modifier("as", draw(_words)),)
    return FieldSpec(draw(_words), kind.name, params, ordered, default)


@st.composite
def _entities(draw: st.DrawFn) -> EntitySpec:
    fields = draw(st.lists(_fields(), min_size=1, max_size=6, unique_by=lambda field: field.name))
    spec = EntitySpec(draw(_classes), tuple(fields), draw(st.none() | _words))
    assume(not check_relations(spec, ()))
    return spec


@given(_fields())
def test_reading_what_a_field_writes_gives_the_field(spec: FieldSpec) -> None:
    assert parse_field(str(spec)) == spec


@given(_entities())
def test_an_entity_survives_json(spec: EntitySpec) -> None:
    assert EntitySpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


_tokens = st.sampled_from(
    [*NAMES, *MODIFIERS, ":", ".", "=", "-", "1", "min.0", "X", "{", "\0", "é"]
)


@given(st.one_of(st.text(max_size=30), st.lists(_tokens, max_size=8).map("".join)))
def test_no_field_crashes_the_parser(text: str) -> None:
    try:
        spec = parse_field(f"name:{text}")
    except BadWords as error:
        assert all(problem.sentence for problem in error.details)
    else:
        assert parse_field(str(spec)) == spec


@given(
    st.text(max_size=12),
    st.lists(st.text(max_size=12), max_size=4),
    st.none() | st.text(max_size=5),
)
def test_no_command_crashes_the_parser(name: str, fields: list[str], plural: str | None) -> None:
    spec, problems = read_entity(name, fields, plural)
    assert spec is not None or problems
