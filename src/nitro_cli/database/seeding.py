"""Fills a project's database with example data, by its own ``seeds.py``."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
from pathlib import Path
from typing import Any

from nitro_cli.database.environment import inside, sentences
from nitro_runtime.errors import UsageError


def seed(root: Path, count: int) -> None:
    """Runs the ``main(count)`` of the project's ``seeds.py``.

    Raises:
        UsageError: There is no such file, or no such function in it.
        DatabaseFailed: The database cannot be reached.
    """
    path = seeds_of(root)
    with inside(root), sentences(root):
        main = _main_of(path)
        result = main(count)
        if inspect.iscoroutine(result):
            asyncio.run(result)


def seeds_of(root: Path) -> Path:
    """Returns a project's ``seeds.py``.

    Raises:
        UsageError: There is none.
    """
    path = root / "seeds.py"
    if not path.is_file():
        raise UsageError(f"There is no seeds.py in {root}; write one with a function main(count)")
    return path


def _main_of(path: Path) -> Any:  # noqa: ANN401 # whatever the user's file calls main
    specification = importlib.util.spec_from_file_location("seeds", path)
    assert specification is not None  # noqa: S101 # a path that ends in .py has a loader
    assert specification.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    main = getattr(module, "main", None)
    if not callable(main):
        raise UsageError(f"{path.name} has no function main(count)")
    return main
