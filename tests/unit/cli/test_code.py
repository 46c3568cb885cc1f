"""The code that templates print for each field."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_cli.generators.code import entity_view
from nitro_cli.generators.model import EntityView, FieldView
from nitro_cli.generators.relations import reverse_sides
from nitro_cli.grammar.parser import parse_entity
from nitro_cli.grammar.types import TYPES


def view(*fields: str, name: str = "Product", plural: str | None = None) -> EntityView:
    known = {"Category": "categories", "Tag": "tags", "User": "users"}
    return entity_view(parse_entity(name, fields, plural), "shop", known)


def field(text: str) -> FieldView:
    return view(text).fields[0]


@pytest.mark.parametrize(
    ("text", "declaration", "form_field", "column"),
    [
        ("name", "name: str", "TextField()", "Column(sort=True, link=True)"),
        ("name:str.80:search", "name: str = Field(max_length=80, search=True)", "TextField(max_length=80)", "Column(sort=True, link=True)"),
        ("name:str:min.2:max.9", "name: str = Field(max_length=9, min_length=2)", "TextField(max_length=9)", "Column(sort=True, link=True)"),
        ("note:text:opt", "note: str | None = Field(default=None, sa_type=Text)", "TextArea(required=False)", None),
        ("price:decimal.10.2:min.0", "price: Decimal = Field(max_digits=10, decimal_places=2, ge=0)", 'NumberField(min=0, step="0.01")', 'Column(sort=True, link=True, align="right")'),
        ("stock:int=0", "stock: int = 0", 'NumberField(step="1")', 'Column(sort=True, link=True, align="right")'),
        ("live:bool", "live: bool = False", "CheckboxField()", "Column(sort=True, link=True)"),
        ("day:date:opt", "day: date | None = None", "DateField(required=False)", "Column(sort=True, link=True)"),
        ("status:enum.draft.on-hold=on-hold", "status: ProductStatus = ProductStatus.ON_HOLD", "SelectField(ProductStatus)", "Column(sort=True, link=True)"),
        ("category:ref.Category", 'category_id: str = Field(foreign_key="category.id", index=True)', "RelationField(Category)", "Column(link=True)"),
        ("category:Category:opt:on.null", 'category_id: str | None = Field(default=None, foreign_key="category.id", index=True, ondelete="SET NULL")', "RelationField(Category, required=False)", "Column(link=True)"),
        ("key:str:secret:opt", "key: str | None = Field(default=None, secret=True)", None, None),
        ("score:int:readonly=0", "score: int = Field(default=0, readonly=True)", None, 'Column(sort=True, link=True, align="right")'),
        ("extra:json", "extra: dict[str, Any] = Field(default_factory=dict[str, Any])", "JsonField()", None),
        ("user:ref.User:one", 'user_id: str = Field(foreign_key="user.id", unique=True)', "RelationField(User)", "Column(link=True)"),
        ("tags:list.str", "tags: list[str] = Field(default_factory=list[str])", "ListField()", "Column(link=True)"),
        ("days:list.date:opt", "days: list[date] | None = None", "ListField(required=False)", "Column(link=True)"),
        ("widths:list.int:min.1:max.5", "widths: list[int] = Field(min_length=1, max_length=5)", "ListField()", "Column(link=True)"),
        ("tags:many.Tag", "", "ManyField(Tag)", "Column(link=True)"),
        ("tags:many.Tag:readonly", "", None, "Column(link=True)"),
        ("photo:image:max.5", "photo: ImageKey", "ImageField(max_megabytes=5)", "Column(link=True)"),
        ("manual:file:opt", "manual: FileKey | None = None", "FileField(required=False)", "Column(link=True)"),
        ("mail:email:unique", r'mail: str = Field(max_length=254, regex=r"^[^@\s]+@[^@\s]+$", unique=True)', "EmailField()", "Column(sort=True, link=True)"),
    ],
)  # fmt: skip
def test_each_field_is_one_line_of_entity_form_and_table(
    text: str, declaration: str, form_field: str | None, column: str | None
) -> None:
    made = field(text)
    assert (made.declaration, made.form_field, made.column) == (declaration, form_field, column)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("name:str.80:search", ['sa.Column("name", ExactText(80), nullable=False)', 'sa.Column("name_search", ExactText(), nullable=True)']),
        ("price:decimal", ['sa.Column("price", ExactDecimal(10, 2), nullable=False)']),
        ("code:str:unique", ['sa.Column("code", ExactText(indexed=True), nullable=False)']),
        ("code:str:unique:index", ['sa.Column("code", ExactText(indexed=True), nullable=False)']),
        ("code:str.20:unique", ['sa.Column("code", ExactText(20), nullable=False)']),
        ("code:str.900:index", ['sa.Column("code", ExactText(900, indexed=True), nullable=False)']),
        ("weight:float", ['sa.Column("weight", Double(), nullable=False)']),
        ("status:enum.a.b", ['sa.Column("status", EnumText(32), nullable=False)']),
        ("widths:list.int", ['sa.Column("widths", JSON(), nullable=False)']),
        ("photo:image:opt", ['sa.Column("photo", ExactText(80), nullable=True)']),
        ("tags:many.Tag", []),
        ("user:ref.User:one", ['sa.Column("user_id", ExactText(indexed=True), sa.ForeignKey("user.id", name="fk_product_user_id"), nullable=False)']),
        ("category:Category:on.cascade", ['sa.Column("category_id", ExactText(indexed=True), sa.ForeignKey("category.id", name="fk_product_category_id", ondelete="CASCADE"), nullable=False)']),
    ],
)  # fmt: skip
def test_each_field_is_a_column_of_the_migration(text: str, columns: list[str]) -> None:
    assert list(field(text).sa_columns) == columns


def test_what_is_unique_has_a_name_in_the_migration_by_which_it_can_be_dropped() -> None:
    made = view("code:str.20:unique", "slug:str.20:unique:index", "user:ref.User:one")
    assert [line for line in made.sa_columns if "UniqueConstraint" in line] == [
        'sa.UniqueConstraint("code", name="uq_product_code")',
        'sa.UniqueConstraint("user_id", name="uq_product_user_id")',
    ]
    assert made.sa_indexes == (
        'op.create_index("ix_product_slug", "product", ["slug"], unique=True)',
    )


def test_a_name_that_a_database_would_refuse_is_shortened() -> None:
    name = "a_field_with_a_name_that_is_really_much_too_long_for_anyone"
    assert view(f"{name}:str:index").sa_indexes == (
        'op.create_index("ix_product_a_field_with_a_name_that_is_really_much__dce2e207", "product", '
        f'["{name}"])',
    )


def test_many_others_get_a_table_between_that_goes_with_either_side() -> None:
    (link,) = view("name", "tags:many.Tag").links
    assert link.table == "product_tag"
    assert link.sa_columns == (
        'sa.Column("id", ExactText(indexed=True), primary_key=True)',
        'sa.Column("product_id", ExactText(indexed=True), sa.ForeignKey("product.id", name="fk_product_tag_product_id", ondelete="CASCADE"), nullable=False)',
        'sa.Column("tag_id", ExactText(indexed=True), sa.ForeignKey("tag.id", name="fk_product_tag_tag_id", ondelete="CASCADE"), nullable=False)',
        'sa.UniqueConstraint("product_id", "tag_id", name="uq_product_tag_product_id_tag_id")',
    )
    assert link.sa_indexes == (
        'op.create_index("ix_product_tag_tag_id", "product_tag", ["tag_id"])',
    )


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        (["category:Category"], ['category = belongs_to("Category")']),
        (["tags:many.Tag"], ['tags = many_to_many("Tag")']),
        (
            ["parent:ref.Product:opt:as.parts"],
            ['parent = belongs_to("Product")', 'parts = has_many("Product", "parent_id")'],
        ),
        (
            ["successor:ref.Product:opt:one:as.previous"],
            ['successor = belongs_to("Product")', 'previous = has_one("Product", "successor_id")'],
        ),
        (
            ["related:many.Product:as.related_by"],
            [
                'related = many_to_many("Product")',
                'related_by = many_to_many("Product", reverse_of="related")',
            ],
        ),
    ],
)
def test_relations_stand_in_their_own_lines(fields: list[str], lines: list[str]) -> None:
    made = view(*fields)
    assert list(made.relation_lines) == lines
    makers = {line.partition(" = ")[2].partition("(")[0] for line in lines}
    assert {f"from nitro import {maker}" for maker in makers} <= set(made.entity_imports)


@pytest.mark.parametrize(
    ("text", "target", "line"),
    [
        ("user:User:as.posts", "User", 'posts = has_many("Post")'),
        ("author:User:as.posts", "User", 'posts = has_many("Post", "author_id")'),
        ("user:User:one:as.post", "User", 'post = has_one("Post")'),
        ("tags:many.Tag:as.posts", "Tag", 'posts = many_to_many("Post", reverse_of="tags")'),
    ],
)
def test_the_other_side_is_added_to_the_other_entity(text: str, target: str, line: str) -> None:
    spec = parse_entity("Post", ["title", text])
    (inject,) = reverse_sides(spec, "shop", {"User": "users", "Tag": "tags"})
    assert inject.path == f"shop/{target.lower()}s/entity.py"
    source = f"from nitro import Entity\n\n\nclass {target}(Entity):\n    name: str\n"
    edited = inject.edit.apply(source)
    maker = line.partition(" = ")[2].partition("(")[0]
    assert edited.text == (
        f"from nitro import Entity, {maker}\n\n\nclass {target}(Entity):\n    name: str\n\n    {line}\n"
    )


def test_two_relations_to_one_entity_are_one_edit_of_its_file() -> None:
    spec = parse_entity("Post", ["author:User:as.posts", "editor:User:as.edited_posts"])
    (inject,) = reverse_sides(spec, "shop", {"User": "users"})
    edited = inject.edit.apply("class User(Entity):\n    name: str\n")
    assert edited.text.count("has_many(") == 2


def test_indexes_are_named_as_the_runtime_names_them() -> None:
    made = view("category:Category", "code:str:unique:index")
    assert made.sa_indexes == (
        'op.create_index("ix_product_category_id", "product", ["category_id"])',
        'op.create_index("ix_product_code", "product", ["code"], unique=True)',
    )


def test_the_field_that_names_an_entity_is_its_first_required_line_of_text() -> None:
    made = view("size:int", "nick:str:opt", "name:str", "title:str")
    assert made.shown == "product.name"
    assert [f.column for f in made.fields if f.column and "link" in f.column] == [
        "Column(sort=True, link=True)"
    ]
    assert view("size:int").shown == "product.id"
    assert view("size:int").search == ()
    assert view("name:str", "note:text:search").search == ("note",)


def test_a_chosen_plural_is_said_in_the_entity_too() -> None:
    assert view("name").options == "timestamps=True"
    assert view("name", name="Lens", plural="lenses").options == (
        'timestamps=True, plural="lenses"'
    )


def test_imports_are_what_the_fields_need_and_no_more() -> None:
    made = view("name:str.80", "day:date", "category:Category", "owner:Category:opt")
    assert made.entity_imports == (
        "from datetime import date",
        "from nitro import Entity",
        "from nitro import Field",
        "from nitro import belongs_to",
    )
    assert "from shop.categories.entity import Category" in made.view_imports
    assert [relation.name for relation in made.relations] == ["category", "owner"]
    assert len(made.needed) == 1


def test_a_reference_to_itself_imports_nothing_and_needs_nothing() -> None:
    made = view("name", "parent:ref.Product:opt")
    assert not any(
        "import Product" in line for line in made.view_imports[:-1] if "entity" not in line
    )
    assert made.needed == ()
    assert made.fields[1].example == '""'


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("name:str.3", "'ple'"),
        ("name:str:min.9", "'Examplexx'"),
        ("size:int:min.5", "'5'"),
        ("size:int:max.0", "'0'"),
        ("price:decimal.1.0", "'9'"),
        ("price:decimal.2.2", "'0.99'"),
        ("status:enum.a.b=b", "'b'"),
        ("category:Category", "make(Category).id"),
        ("tags:many.Tag", "make(Tag).id"),
        ("widths:list.int", "'1'"),
        ("words:list.str:min.2", r"'Example\nExample'"),
        ("flags:list.bool", "'true'"),
        ("photo:image", ""),
    ],
)
def test_an_example_is_a_value_that_the_field_takes(text: str, example: str) -> None:
    assert field(text).example == example


@given(st.lists(st.sampled_from(sorted(TYPES)), max_size=8))
def test_whatever_the_types_the_code_is_python(words: list[str]) -> None:
    typed = {
        "enum": "enum.a.b:opt",
        "ref": "ref.Category:opt",
        "list": "list.date:opt",
        "many": "many.Category",
    }
    made = view("x", *(f"f{i}:{typed.get(name, name + ':opt')}" for i, name in enumerate(words)))
    for one in made.fields:
        ast.parse(one.declaration)
        ast.parse(one.form_field or "")
        ast.parse(one.column or "")
        ast.parse("\n".join(one.sa_columns))
    ast.parse("\n".join((*made.entity_imports, *made.view_imports, *made.migration_imports)))
