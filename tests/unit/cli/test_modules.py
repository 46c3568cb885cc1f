"""Adding definitions to a module that is there: all else stays, nothing stands twice."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_cli.plan.modules import MergeModule, join_modules, same_definitions

FORM = '''"""How products look: their form."""

from nitro import Form, TextField

from shop.products.entity import Product


class ProductForm(Form[Product]):
    name = TextField()
'''
TABLE = '''"""How products look: their table."""

from nitro import Column, Table

from shop.products.entity import Product


class ProductTable(Table[Product]):
    name = Column()
'''
HANDLER = '''"""Handlers."""

import logging

from nitro import on

log = logging.getLogger(__name__)


# Runs first.
@on("product.created")
def notify_stock() -> None:
    log.info("created")
'''


def merge(source: str, module: str, *, replace: bool = False) -> str:
    edited = MergeModule(module, replace=replace).apply(source)
    assert edited.status == "done", edited.snippet
    again = MergeModule(module, replace=replace).apply(edited.text)
    assert (again.status, again.text) == ("there", edited.text)
    return edited.text


def test_a_class_is_added_with_the_imports_that_it_needs() -> None:
    assert (
        merge(FORM, TABLE)
        == '''"""How products look: their form."""

from nitro import Form, TextField, Column, Table

from shop.products.entity import Product


class ProductForm(Form[Product]):
    name = TextField()


class ProductTable(Table[Product]):
    name = Column()
'''
    )


def test_two_modules_of_generators_become_one_that_says_both() -> None:
    joined = join_modules(FORM, TABLE)
    assert joined.startswith('"""How products look: their form and their table."""\n')
    card = TABLE.replace("table", "card").replace("Table", "Card")
    joined = join_modules(joined, card)
    assert joined.startswith('"""How products look: their form, their table and their card."""\n')
    assert join_modules(joined, TABLE) == joined


def test_what_is_there_already_stays_whoever_wrote_it() -> None:
    mine = "from shop.forms import ProductForm\n\nX = 1\n"
    assert MergeModule(FORM).apply(mine).status == "there"
    mine = "class ProductForm:\n    mine = True\n"
    assert MergeModule(FORM).apply(mine).status == "there"
    mine = "try:\n    from a import ProductForm\nexcept ImportError:\n    ProductForm = None\n"
    assert MergeModule(FORM).apply(mine).status == "there"


def test_a_pristine_definition_is_written_anew_with_the_comment_above_it() -> None:
    new = HANDLER.replace("Runs first", "Runs last").replace('info("created")', 'warning("new")')
    assert merge(HANDLER, new, replace=True) == new


def test_an_import_that_only_the_old_definition_used_goes_with_it() -> None:
    old = "from nitro import DateField, Form, Q, TextField\nfrom a import b\n\n\nX = 'Q'\n\n\n"
    old += "class ProductForm(Form):\n    on = DateField()\n    b = b\n    q = Q\n"
    new = (
        "from nitro import Form, TextField\n\n\nclass ProductForm(Form):\n    name = TextField()\n"
    )
    assert merge(old, new, replace=True) == (
        "from nitro import Form, Q, TextField\n\n\nX = 'Q'\n\n\n"
        "class ProductForm(Form):\n    name = TextField()\n"
    )


def test_the_definitions_of_two_modules_that_are_the_same_are_named() -> None:
    assert same_definitions(FORM, FORM.replace("TextField()", "TextField(max_length=3)")) == set()
    assert same_definitions(join_modules(FORM, TABLE), TABLE) == {"ProductTable"}
    assert same_definitions(HANDLER, HANDLER.replace("Runs first", "Runs")) == {"log"}
    assert same_definitions(FORM, "class (") == set()


def test_assignments_go_below_the_imports() -> None:
    source = '"""Mine."""\n# licence\nimport os\n\n\ndef mine() -> str:\n    return os.sep\n'
    assert merge(source, HANDLER) == (
        '"""Mine."""\n# licence\nimport os\nimport logging\nfrom nitro import on\n\n'
        "log = logging.getLogger(__name__)\n\n\ndef mine() -> str:\n    return os.sep\n\n\n"
        '# Runs first.\n@on("product.created")\ndef notify_stock() -> None:\n'
        '    log.info("created")\n'
    )


@pytest.mark.parametrize(
    ("source", "begins"),
    [
        ("", "from nitro import Form, TextField\n"),
        ("# licence\n", "# licence\n"),
        ('"""Doc."""', '"""Doc."""\nfrom nitro import Form'),
        ("#!/usr/bin/env python\nx = 1\n", "#!/usr/bin/env python\nfrom nitro import Form"),
        ("@a\nclass X: ...\n", "from nitro import Form"),
        (
            "from nitro import (\n    Form,  # mine\n)\n",
            "from nitro import (\n    Form,  # mine\n)\n",
        ),
        ("import nitro; x = 1\n", "import nitro; x = 1\nfrom nitro import"),
        ("from nitro import *\n", "from nitro import *\nfrom nitro import"),
        ("\ufeff".strip("\ufeff") + "x = '''\nimport a\n'''\n", "from nitro import Form"),
    ],
)
def test_imports_go_where_imports_go(source: str, begins: str) -> None:
    text = merge(source, FORM)
    assert text.startswith(begins)
    names = {
        a.name for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ImportFrom) for a in n.names
    }
    assert {"Form", "TextField", "Product"} <= names


def test_a_name_that_means_something_else_stops_the_edit_and_is_shown() -> None:
    source = "from sqlalchemy import Column\n\nX = Column()\n"
    edited = MergeModule(TABLE).apply(source)
    assert (edited.status, edited.text) == ("cannot", source)
    assert "The name Column is taken: it comes from sqlalchemy." in edited.snippet
    assert "class ProductTable(Table[Product]):" in edited.snippet


def test_a_relative_import_of_the_same_name_is_the_same() -> None:
    text = merge("from .entity import Product\n", FORM)
    assert text.count("import Product") == 1


def test_windows_line_ends_and_tabs_are_kept() -> None:
    source = "class A:\r\n\tdef f(self):\r\n\t\treturn 1\r\n"
    text = merge(source, HANDLER)
    assert "\n" not in text.replace("\r\n", "")
    assert '\r\n\tlog.info("created")\r\n' in text


def test_what_is_no_python_is_left_alone() -> None:
    edited = MergeModule(FORM).apply("def (\n")
    assert (edited.status, edited.text) == ("cannot", "def (\n")


LINES = st.sampled_from(
    [
        "import os",
        "from nitro import Form",
        "from nitro import (\n    Table,\n    on,\n)",
        "from nitro import on  # mine",
        "X = 1  # ünïcode \u2028 ok",
        "def f():\n    return '''\n# no comment\n'''",
        "# a comment",
        "class A:\n\tx = 1",
        "if True:\n    import json\nelse:\n    json = None",
        "",
        "async def g(): ...",
        "y = [\n    1,\n]",
    ]
)


@given(st.lists(LINES, max_size=8), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_module_keeps_what_it_says_and_gains_the_rest(
    lines: list[str], newline: str, end: bool
) -> None:
    source = "\n".join(lines) + ("\n" if end else "")
    source = source.replace("\n", newline)
    for module in (FORM, TABLE, HANDLER):
        edited = MergeModule(module).apply(source)
        assert edited.status == "done", edited.snippet
        tree, old = ast.parse(edited.text), ast.parse(source)
        kept = [ast.dump(n) for n in old.body if not isinstance(n, ast.Import | ast.ImportFrom)]
        now = [ast.dump(n) for n in tree.body]
        assert [one for one in now if one in kept] == kept
        defined = {getattr(node, "name", "") for node in tree.body}
        assert set(MergeModule(module).names()) - {"log"} <= defined
        assert MergeModule(module).apply(edited.text).status == "there"
        source = edited.text
