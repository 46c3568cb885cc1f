"""Which modules of a project are found to have entities, and are imported: no others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nitro_runtime.entities.discovery import import_entities
from nitro_runtime.errors import ConfigurationError

ENTITY = "from nitro import Entity\nclass {}(Entity):\n    name: str\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def found(root: Path, *packages: str, path: str = ".") -> list[str]:
    """What a fresh Python imports; a module that should not be prints, or raises."""
    source = (
        "import sys\nfrom pathlib import Path\n"
        f"sys.path.insert(0, {path!r})\n"
        "from nitro_runtime.entities.discovery import import_entities\n"
        f"print(*import_entities(*{packages!r}, folder=Path('.')))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", source], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_entities_are_found_wherever_they_stand_in_the_package(project: Path) -> None:
    write(
        project,
        {
            "shop/__init__.py": "",
            "shop/orders/models.py": ENTITY.format("Order"),  # a folder without __init__.py
            "shop/a/b/c.py": ENTITY.format("Deep"),
            "shop/a/b/__init__.py": "",
            "shop/examples/entity.py": ENTITY.format("Example"),
            "shop/views.py": "raise SystemExit('imported')",
            "other.py": "raise SystemExit('imported')\n" + ENTITY.format("Other"),
        },
    )
    assert found(project, "shop") == ["shop.a.b.c", "shop.examples.entity", "shop.orders.models"]


def test_an_entity_is_one_by_whatever_name_its_base_came(project: Path) -> None:
    write(
        project,
        {
            "shop/__init__.py": "from .bases import Dated as Base",
            "shop/bases.py": "import nitro as n\nclass Dated(n.Entity, abstract=True):\n    day: int",
            "shop/one.py": "import shop\nclass One(shop.Base):\n    a: int",
            "shop/two.py": "from . import Base\nclass Two(Base):\n    a: int",
            "shop/three.py": "from shop.bases import *\nclass Three(Dated):\n    a: int",
            "shop/four.py": (
                "try:\n    from nitro_runtime.entities import Entity as E\n"
                "except ImportError:\n    raise\nclass Four(E):\n    a: int"
            ),
            "shop/five.py": "from .one import One\nclass Mixed(object, One):\n    b: int".replace(
                "object, ", ""
            ),
            "shop/none.py": "class Entity: pass\nclass Other(Entity): pass\nraise SystemExit(1)",
            "shop/text.py": "from shop.views import Entity\nclass Page(Entity): pass\n1 / 0",
            "shop/views.py": "class Entity: pass",
        },
    )
    names = ["bases", "five", "four", "one", "three", "two"]
    assert found(project, "shop") == [f"shop.{name}" for name in names]


def test_a_base_class_of_a_library_that_knows_nitro_counts(project: Path) -> None:
    write(
        project,
        {
            "libraries/acme/__init__.py": "from acme.base import Tenant",
            "libraries/acme/base.py": "from nitro import Entity\nclass Tenant(Entity, abstract=True):\n    t: int",
            "shop.py": "import sys\nfrom acme import Tenant\nclass Order(Tenant):\n    a: int",
            "quiet.py": "from collections import OrderedDict\nclass X(OrderedDict): pass\n1 / 0",
        },
    )
    source = (
        "import sys\nfrom pathlib import Path\nsys.path[:0] = ['libraries', '.']\n"
        "from nitro_runtime.entities.discovery import import_entities\n"
        "print(*import_entities('shop', 'quiet', folder=Path('.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=project, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("shop\n", "")


def test_without_a_package_all_but_tests_scripts_and_what_is_installed_is_looked_at(
    project: Path,
) -> None:
    boom = "raise SystemExit('imported')\n" + ENTITY.format("Boom")
    write(
        project,
        {
            "main.py": ENTITY.format("Main"),
            "blog/models.py": ENTITY.format("Post"),
            "src/web/models.py": ENTITY.format("Page"),
            "tests/test_it.py": boom,
            "test_it.py": boom,
            "conftest.py": boom,
            "blog/tests/models.py": boom,
            "scripts/once.py": boom,
            "migrations/versions/0001_x.py": boom,
            ".venv/lib/x.py": boom,
            "environment/pyvenv.cfg": "",
            "environment/lib/x.py": boom,
            "not-a-name.py": boom,
        },
    )
    assert found(project, path="src") == ["blog.models", "main", "web.models"]


def test_a_module_that_cannot_be_imported_is_named_with_its_entities(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(project)
    write(project, {"broken_shop/models.py": "import no_such_thing\n" + ENTITY.format("Order")})
    with pytest.raises(ConfigurationError) as caught:
        import_entities("broken_shop", folder=project)
    assert str(caught.value) == (
        "broken_shop.models, which defines Order, cannot be imported (ModuleNotFoundError: No module "
        "named 'no_such_thing'); mend it, then run this again."
    )


def test_a_file_that_is_no_python_is_refused_where_it_may_define_an_entity(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(project)
    write(project, {"half_shop/models.py": "class A(Entity:\n", "half_shop/old.py": "print 1\n"})
    with pytest.raises(ConfigurationError, match=r"half_shop/models\.py, line 1 cannot be read"):
        import_entities("half_shop", folder=project)
    (project / "half_shop/models.py").unlink()
    assert import_entities("half_shop", folder=project) == []


def test_a_package_that_is_not_there_is_refused(project: Path) -> None:
    with pytest.raises(ConfigurationError, match="There is no package 'no_such_shop' to look for"):
        import_entities("no_such_shop", folder=project)
