"""Relations added to an entity's source: once, nothing else touched, or a snippet to write by hand."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_cli.plan.relation_edits import AddRelations, Relation

POSTS = AddRelations("User", (Relation("posts", "has_many", '"Post"'),))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "from nitro import Entity\n\n\nclass User(Entity):\n    name: str\n",
            "from nitro import Entity, has_many\n\n\nclass User(Entity):\n    name: str\n\n"
            '    posts = has_many("Post")\n',
        ),
        (
            "from nitro import Entity, belongs_to, has_many\n\n\nclass User(Entity):\n"
            '    boss_id: str\n\n    boss = belongs_to("User")  # the chief\n\n'
            "    def greet(self) -> str:\n        return self.name\n",
            "from nitro import Entity, belongs_to, has_many\n\n\nclass User(Entity):\n"
            '    boss_id: str\n\n    boss = belongs_to("User")  # the chief\n'
            '    posts = has_many("Post")\n\n'
            "    def greet(self) -> str:\n        return self.name\n",
        ),
        (
            'class User(Entity):\n    """Somebody."""\n',
            "from nitro import has_many\n\n\n"
            'class User(Entity):\n    """Somebody."""\n\n    posts = has_many("Post")\n',
        ),
        (
            '"""Grüße \U0001f600."""\n\nimport os\nfrom nitro import (\n    Entity,\n    Field,\n)\n\n'
            'class User(Entity):\n\tname: str = Field(label="Ä")  # ü\n',
            '"""Grüße \U0001f600."""\n\nimport os\nfrom nitro import Entity, Field, has_many\n\n'
            'class User(Entity):\n\tname: str = Field(label="Ä")  # ü\n\n\tposts = has_many("Post")\n',
        ),
        (
            "from nitro import Entity\r\n\r\nclass User(Entity):\r\n    name: str",
            "from nitro import Entity, has_many\r\n\r\nclass User(Entity):\r\n    name: str\r\n\r\n"
            '    posts = has_many("Post")',
        ),
        (
            "import nitro\n\nclass User(nitro.Entity):\n    name: str\n",
            "import nitro\nfrom nitro import has_many\n\nclass User(nitro.Entity):\n    name: str\n\n"
            '    posts = has_many("Post")\n',
        ),
    ],
)
def test_a_relation_is_added_below_the_fields_and_all_else_stays(before: str, after: str) -> None:
    edited = POSTS.apply(before)
    assert (edited.status, edited.text) == ("done", after)
    assert POSTS.apply(after).status == "there"


def test_a_relation_that_is_there_in_other_words_is_left_alone() -> None:
    source = 'class User(Entity):\n    posts = nitro.has_many(Post, field="writer_id")\n'
    edited = POSTS.apply(source)
    assert (edited.status, edited.text) == ("there", source)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "class User(Entity:\n",
        "class Person(Entity):\n    name: str\n",
        "class User(Entity):\n    posts: int\n",
        "class User(Entity):\n    def posts(self): ...\n",
        'class User(Entity):\n    posts = has_many("Letter")\n',
        "class User(Entity): pass\nclass User(Entity): pass\n",
    ],
)
def test_what_cannot_be_edited_is_left_alone_and_the_lines_are_shown(source: str) -> None:
    edited = POSTS.apply(source)
    assert (edited.status, edited.text) == ("cannot", source)
    assert edited.snippet == (
        'Add to the class User (from nitro import has_many):\n    posts = has_many("Post")'
    )


def test_only_what_is_missing_is_added() -> None:
    both = AddRelations("User", (*POSTS.relations, Relation("profile", "has_one", '"Profile"')))
    once = POSTS.apply("from nitro import Entity\n\nclass User(Entity):\n    name: str\n").text
    edited = both.apply(once)
    assert edited.text == once.replace("has_many\n", "has_many, has_one\n") + (
        '    profile = has_one("Profile")\n'
    )
    assert both.apply(edited.text).status == "there"


_bodies = st.lists(
    st.sampled_from(
        [
            "    name: str",
            "    size: int = 1  # so many, at least",
            '    text: str = """a\n    b"""',
            "    kind: str = (\n        'x'\n    )",
            '    boss = belongs_to("User")',
            "    def go(self):\n        return 1",
            "    # a remark",
            "",
        ]
    ),
    max_size=6,
)


@given(_bodies, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_whatever_the_class_the_outcome_is_python_with_the_relation(
    body: list[str], newline: str, final: bool
) -> None:
    source = newline.join(
        ["from nitro import Entity", "class User(Entity):", "    first: int", *body]
    )
    edited = POSTS.apply(source + (newline if final else ""))
    assert edited.status == "done"
    tree = ast.parse(edited.text)
    assert 'posts = has_many("Post")' in edited.text
    assert len(tree.body) == 2
    assert POSTS.apply(edited.text).status == "there"
