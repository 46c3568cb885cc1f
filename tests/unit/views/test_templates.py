"""Pages from Jinja2 templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nitro_runtime.errors import ViewError
from nitro_runtime.views import Form, Notice, PageState, Table, Templates

LAYOUT = """\
<!doctype html>
<html{{ page.attributes }}>
<head>{{ page.head }}</head>
<body{{ page.body_attributes }}>
{{ page.notices }}
<main id="main" class="own">{% block content %}{% endblock %}</main>
{{ page.end }}
</body>
</html>
"""
INDEX = '{% extends "layout.html" %}{% block content %}{{ view }}<p>{{ text }}</p>{% endblock %}'


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    (tmp_path / "layout.html").write_text(LAYOUT)
    (tmp_path / "index.html").write_text(INDEX)
    return Templates(tmp_path, site="Shop & co")


def test_values_are_escaped_and_views_are_markup(templates: Templates, Product: Any) -> None:
    table = Table.from_entity(Product)
    html = str(templates.page("index.html", title="A <b>", view=table, text="<script>"))
    assert "<title>A &lt;b&gt;</title>" in html
    assert "<p>&lt;script&gt;</p>" in html
    assert str(table) in html


def test_a_layout_gets_what_makes_the_page_live(templates: Templates) -> None:
    state = PageState(
        tab="t1",
        notices=[Notice("Saved")],
        datastar_url="/static/datastar.js",
        stylesheet_url="/static/app.css",
        scheme="dark",
    )
    html = templates.page("index.html", title="T", view="", text="").render(state)
    assert '<html lang="en" data-theme="dark">' in html
    assert '<link rel="stylesheet" href="/static/app.css">' in html
    assert '<body class="page">' in html
    assert html.index("Saved") < html.index("<main")
    assert html.index("</main>") < html.index('id="nitro-stream"')


def test_a_patch_is_the_main_part_as_the_layout_writes_it(templates: Templates) -> None:
    page = templates.page("index.html", title="T", view="", text="</main> & more")
    assert page.patches(PageState()) == [
        '<main id="main" class="own"><p>&lt;/main&gt; &amp; more</p></main>'
    ]


@pytest.mark.parametrize("attributes", ["id=main", "class=x id='main'", 'id="main" class="x"'])
def test_the_main_part_is_found_however_it_is_written(
    templates: Templates, tmp_path: Path, attributes: str
) -> None:
    whole = (
        f"<html><body><main-menu></main-menu><main {attributes}>{{{{ x }}}}</main></body></html>"
    )
    (tmp_path / "a.html").write_text(whole)
    page = templates.page("a.html", title="T", x="<main id=main>")
    assert page.patches(PageState()) == [f"<main {attributes}>&lt;main id=main&gt;</main>"]


def test_views_among_the_values_are_the_parts_of_the_page(
    templates: Templates, Product: Any
) -> None:
    form = Form.from_entity(Product)
    page = templates.page("index.html", title="T", view=[form], text=None)
    assert page.parts == [form]
    assert page.status == 200


def test_mistakes_are_told_with_their_place(templates: Templates, tmp_path: Path) -> None:
    with pytest.raises(ViewError, match=r"no template 'indx\.html' in .*mean 'index\.html'\?"):
        str(templates.page("indx.html", title="T"))
    (tmp_path / "a.html").write_text("\n\n{{ nothing }}")
    with pytest.raises(ViewError, match=r"a\.html, line 3: 'nothing' is undefined\."):
        templates.render("a.html")
    (tmp_path / "b.html").write_text("\n{% iff %}")
    with pytest.raises(ViewError, match=r"b\.html, line 2: Encountered unknown tag 'iff'\."):
        templates.render("b.html")
    (tmp_path / "c.html").write_text("<p>no main</p>")
    with pytest.raises(ViewError, match=r'c\.html has no <main id="main">'):
        templates.page("c.html", title="T").patches(PageState())


def test_a_template_that_another_misses_or_that_is_no_text_is_told(
    templates: Templates, tmp_path: Path
) -> None:
    (tmp_path / "a.html").write_text('\n{% extends "layuot.html" %}')
    with pytest.raises(
        ViewError, match=r"^a\.html, line 2: There is no template .*'layout\.html'\?"
    ):
        templates.render("a.html")
    (tmp_path / "b.html").write_bytes(b"\xff")
    with pytest.raises(ViewError, match=r"^b\.html, .* is not UTF-8"):
        templates.render("b.html")


def test_a_changed_template_is_read_again(templates: Templates, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("one")
    assert templates.render("a.html") == "one"
    (tmp_path / "a.html").write_text("two, which is longer")
    assert templates.render("a.html") == "two, which is longer"


def test_every_template_may_name_what_the_folder_was_given(
    templates: Templates, tmp_path: Path
) -> None:
    (tmp_path / "a.html").write_text("{{ site }}{{ scheme_switch() }}")
    html = templates.render("a.html")
    assert html.startswith("Shop &amp; co<fieldset")
