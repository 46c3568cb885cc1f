"""The generator of a page beside the resources: `nitro generate page about`."""

from __future__ import annotations

from dataclasses import dataclass

from nitro_cli.generators.addresses import check_address
from nitro_cli.generators.functions import function_problems
from nitro_cli.generators.subject import project_renderer, views_of
from nitro_cli.generators.words import Words
from nitro_cli.grammar.problems import BadWords, Problem
from nitro_cli.grammar.reserved import ADDRESSES
from nitro_cli.plan.edits import RegisterResource
from nitro_cli.plan.plan import Action, Create, Inject, Merge, Plan
from nitro_cli.project import Project
from nitro_runtime.naming import pascal_case, sentence_case

FOLDER = "pages"
NEEDED = frozenset(
    {
        "bp",
        "by_method",
        "content",
        "gate",
        "get",
        "layout",
        "page",
        "path",
        "reply",
        "request",
        "response",
        "router",
        "rt",
        "urlpatterns",
        "wait",
    }
)
"""What the module of a page, whose function has the page's name, needs itself."""


@dataclass(frozen=True, slots=True)
class PageView:
    """What templates see of a page; the names are those of an entity's, for the dialects.

    Attributes:
        class_name: ``About``.
        variable: ``about``.
        table: The same.
        package: The same.
        module: The dotted name of its module, ``shop.pages.about``.
        slug: Its address without the first slash: ``about``.
        label: ``About``.
        plural: The same.
    """

    class_name: str
    variable: str
    table: str
    package: str
    module: str
    slug: str
    label: str
    plural: str


def plan(project: Project, words: Words) -> Plan:
    """Returns the plan of a page: its module, its test, its line in the registry and so in the menu.

    Raises:
        UsageError: It cannot be called so, or its address is taken.
    """
    name = words.name.replace("-", "_")
    problems = function_problems(name, "page", "about")
    if name in NEEDED:
        sentence = f"{name!r} is what a page's module calls; choose another name: {name}_page."
        problems.append(Problem("reserved-name", sentence, words.name))
    if name in ADDRESSES:
        sentence = f"/{name} is where Nitro's own routes are; choose another name: {name}_page."
        problems.append(Problem("reserved-name", sentence, words.name))
    if problems:
        raise BadWords(problems)
    label = sentence_case(name)
    module = f"{project.package}.{FOLDER}.{name}"
    page = PageView(
        pascal_case(name), name, name, name, module, name.replace("_", "-"), label, label
    )
    check_address(project, page.slug, module)
    render = project_renderer(project, {"page": page}).render
    folder = project.placed(f"{project.package}/{FOLDER}")
    written: tuple[Action, ...] = ()
    if views_of(project) == "jinja":
        path = project.placed(f"{project.package}/templates/{FOLDER}/{name}.html")
        written = (Create(path, render("shared/page/page.html.jinja")),)
    actions = (
        Merge(f"{folder}/__init__.py", render("shared/page/__init__.py.jinja")),
        Create(f"{folder}/{name}.py", render("shared/page/page.py.jinja")),
        *written,
        Create(f"tests/test_page_{name}.py", render("shared/page/test.py.jinja")),
        Inject(f"{project.package}/registry.py", RegisterResource(label, f"/{page.slug}", module)),
    )
    steps = ("nitro dev", f"then open http://127.0.0.1:8000/{page.slug}")
    return Plan(f"page-{page.slug}", "page", actions, next_steps=steps)
