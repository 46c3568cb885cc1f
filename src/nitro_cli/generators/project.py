"""The generator of a new project: `nitro new shop --framework fastapi`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nitro_cli.frameworks import APP, Framework
from nitro_cli.generators.databases import Database, embedded
from nitro_cli.grammar.names import package_name
from nitro_cli.plan.memory import PROJECT, record_path
from nitro_cli.plan.plan import Create, Plan
from nitro_cli.project import title_of
from nitro_cli.rendering import Renderer
from nitro_runtime import __version__

DISTRIBUTION = "nitro-kit"

MANIFEST = (
    # template                                   destination
    ("shared/project/pyproject.toml.jinja", "pyproject.toml"),
    ("shared/project/README.md.jinja", "README.md"),
    ("shared/project/gitignore.jinja", ".gitignore"),
    ("shared/project/env.example.jinja", ".env.example"),
    ("shared/project/seeds.py.jinja", "seeds.py"),
    ("shared/project/package.py.jinja", "{package}/__init__.py"),
    ("shared/project/settings.py.jinja", "{package}/settings.py"),
    ("shared/project/registry.py.jinja", "{package}/registry.py"),
    ("shared/project/styles/app.css.jinja", "{package}/styles/app.css"),
    ("shared/project/styles/components.css.jinja", "{package}/styles/components.css"),
    ("shared/project/static/favicon.svg.jinja", "{package}/static/favicon.svg"),
    ("shared/project/migrations/env.py.jinja", "migrations/env.py"),
    ("shared/project/migrations/script.py.mako.jinja", "migrations/script.py.mako"),
    ("shared/project/tests/conftest.py.jinja", "tests/conftest.py"),
)
"""Every file of a new project that its memory tracks, but those of its views and its framework."""

VIEWS = {
    "tags": (("shared/project/layout.py.jinja", "{package}/layout.py"),),
    "jinja": (
        ("shared/jinja/layout.py.jinja", "{package}/layout.py"),
        ("shared/jinja/layout.html.jinja", "{package}/templates/layout.html"),
        ("shared/jinja/components.html.jinja", "{package}/templates/components.html"),
        ("shared/jinja/home.html.jinja", "{package}/templates/home.html"),
    ),
}
"""The files of each way to write pages: tags in Python, or Jinja2 templates."""

LOCAL = (
    # template                                      destination                 mode
    ("shared/project/env.jinja", ".env", 0o600),
    ("shared/project/styles/components.css.jinja", "{package}/static/app.css", 0o644),
)
"""Files of one machine, neither in version control nor in the memory: its secrets, and the
stylesheet, which looks finished before Tailwind ever built it."""


@dataclass(frozen=True, slots=True)
class ProjectView:
    """What a template sees of the project.

    Attributes:
        name: As typed: ``my-shop``.
        package: The import name: ``my_shop``.
        title: What people call it: ``My Shop``.
        framework: The framework's name, ``fastapi``.
        nitro_requirement: The requirement line for the Nitro that makes it.
        views: How its pages are written: ``tags`` or ``jinja``.
        direct_reference: Whether that line points to a folder or repository (hatchling must be told).
        python: The versions of Python, ``>=3.11``.
    """

    name: str
    package: str
    title: str
    framework: str
    nitro_requirement: str
    views: str
    direct_reference: bool
    python: str = ">=3.11"


def project_view(
    name: str, package: str, framework: Framework, requirement: str, views: str
) -> ProjectView:
    """Returns what templates see of a project."""
    return ProjectView(
        name=name,
        package=package,
        title=title_of(name),
        framework=framework.name,
        nitro_requirement=requirement,
        views=views,
        direct_reference=" @ " in requirement,
    )


def framework_values(framework: Framework, package: str) -> dict[str, Any]:
    """Returns what templates see of a framework, its command lines filled for a package."""
    return {
        "name": framework.name,
        "title": framework.title,
        "extra": framework.extra,
        "sync": framework.sync,
        "start": framework.start.format(package=package),
        "env": framework.env,
        "ignore": framework.ignore,
        "app_file": dict(framework.files)[APP].format(package=package),
        "scripts": [target for _, target in framework.files if "/" not in target],
        "serve_text": framework.serve_text(package),
        "requirements": framework.requirements,
        "dev_requirements": framework.dev_requirements,
    }


def plan_project(
    name: str,
    framework: Framework,
    secret: str,
    requirement: str,
    database: Database | None = None,
    views: str = "tags",
) -> Plan:
    """Returns the plan of a new project.

    Args:
        name: As typed, and checked.
        framework: What it is built on.
        secret: A fresh secret for this machine's ``.env``.
        requirement: The requirement line for Nitro itself; see `nitro_requirement`.
        database: Where it keeps its data; a SQLite file in its folder when left out.
        views: How its pages are written, a name of `VIEWS`.
    """
    package = package_name(name)
    project = project_view(name, package, framework, requirement, views)
    values = {
        "project": project,
        "framework": framework_values(framework, package),
        "database": database or embedded(package),
    }
    renderer = Renderer(framework, None, values)
    tracked = [
        Create(path, renderer.render(template, {"target": Path(path)}))
        for path, template in project_files(framework, package, views).items()
    ]
    local = [
        Create(
            target.format(package=package),
            renderer.render(template, {"secret_key": secret}),
            tracked=False,
            mode=mode,
        )
        for template, target, mode in LOCAL
    ]
    return Plan(
        resource=PROJECT,
        generator=PROJECT,
        actions=(*tracked, *local),
        record={
            "nitro": __version__,
            "name": name,
            "package": package,
            "framework": framework.name,
            "options": {"views": views},
        },
    )


def project_files(framework: Framework, package: str, views: str = "tags") -> dict[str, str]:
    """Returns the template of every tracked file of a new project, by the file's path."""
    own = [(f"framework/{template}", target) for template, target in framework.files]
    return {
        target.format(package=package): template
        for template, target in (*MANIFEST, *VIEWS[views], *own)
    }


def memory_file() -> str:
    """Returns the path of the file by which a folder is known as a project."""
    return record_path(PROJECT)


def nitro_requirement(framework: Framework, database: Database | None = None) -> str:
    """Returns the requirement line of a new project on a framework, with its database's driver."""
    driver = database.extra if database is not None else ""
    return requirement(*filter(None, (framework.extra, driver, "tailwind")))


def requirement(*extras: str) -> str:
    """Returns the requirement line for the Nitro that is running, with some of its extras.

    One that was installed from a folder or a repository is asked for from there (PEP 610), since
    the index may not have it.
    """
    package = f"{DISTRIBUTION}[{','.join(extras)}]" if extras else DISTRIBUTION
    source = _origin()
    major_minor = ".".join(__version__.split(".")[:2])
    return f"{package} @ {source}" if source else f"{package}>={major_minor}"


def _origin() -> str:
    """Returns where Nitro was installed from; empty when it was an index."""
    from importlib import metadata  # other generators do without

    try:
        text = metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return _source_tree()
    return _reference(json.loads(text)) if text else ""


def _source_tree() -> str:
    """Returns the address of the source tree that Nitro runs in without being installed."""
    root = Path(__file__).resolve().parents[3]
    return root.as_uri() if (root / "pyproject.toml").is_file() else ""


def _reference(direct: dict[str, Any]) -> str:
    url = str(direct["url"])
    repository = direct.get("vcs_info")
    if repository:
        return f"{repository['vcs']}+{url}@{repository['commit_id']}"
    return url
