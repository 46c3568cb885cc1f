"""Renders templates: Jinja2 over a project's own templates, plugins, then what Nitro brings.

Template names are paths in a ``templates`` folder: ``shared/resource/entity.py.jinja``. A project
overrides one by a file of the same path under ``.nitro/templates``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from traceback import extract_tb
from types import SimpleNamespace
from typing import Any

import jinja2
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nitro_cli.compiled import CompiledTemplates
from nitro_cli.frameworks import BUNDLED, PROJECT_TEMPLATES, Framework
from nitro_cli.grammar.names import variable_name
from nitro_runtime import __version__
from nitro_runtime.errors import UsageError

DIALECTS = ("shared/dialect.jinja", "framework/dialect.jinja")
"""Where the macros ``d`` come from; the framework's own come last and win."""

CLIENT = "framework/client.py.jinja"


_BEGINS_WITH_VOWEL = re.compile(r"(?!eu|one|uni|us[aeu]|ut[ei]|ur[il]|uuid)[aeiou]|hour|hono|heir")
"""As it is spoken: a user, an hour."""


def article(word: str) -> str:
    """Returns ``a product`` for ``Product``, and for a name in source, ``product``, ``a_product``."""
    kind = "an" if _BEGINS_WITH_VOWEL.match(word.lower()) else "a"
    return f"{kind}_{word}" if word[:1].islower() else f"{kind} {word.lower()}"


def by_path(rules: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Returns the paths of one handler, each with its methods: ``[("/{id}", ["POST", "PUT"])]``."""
    found: dict[str, list[str]] = {}
    for method, path in rules:
        found.setdefault(path, []).append(method.upper())
    return list(found.items())


def addresses(
    rules: Mapping[str, Iterable[tuple[str, str]]],
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Returns all paths of some handlers, each with what answers its methods: ``("post", "create")``."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, ways in rules.items():
        for method, path in ways:
            found.setdefault(path, []).append((method, name))
    return list(found.items())


_WRONG = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError)
"""What an expression in a template raises."""


_COMPILED_BY = f"nitro-{__version__}-jinja-{jinja2.__version__}"
"""What else than its source decides about a compiled template."""


class Renderer:
    """Renders templates for one framework.

    Args:
        framework: Its folder is what ``framework/...`` stands for in template names.
        project: The root of the project whose own templates come first, or None for a new one.
        shared: What every template may name.
    """

    def __init__(
        self, framework: Framework, project: Path | None, shared: Mapping[str, Any]
    ) -> None:
        self._framework = framework
        self._project = project
        self._own = None if project is None else project / PROJECT_TEMPLATES
        self._shared = {**shared, "client_template": CLIENT}

    @cached_property
    def _environment(self) -> Environment:
        # What is rendered is Python, TOML and CSS source, so HTML escaping would break it; names
        # are checked by the grammar before they get here. A project's own templates may be anybody's:
        # in the sandbox they reach nothing but the values that they are given.
        environment = ImmutableSandboxedEnvironment(
            loader=self._loader(),
            autoescape=False,  # see above
            undefined=StrictUndefined,
            bytecode_cache=CompiledTemplates(_COMPILED_BY, self._own),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        filters: dict[str, Any] = environment.filters
        filters |= {"article": article, "by_path": by_path, "addresses": addresses}
        filters["variable"] = variable_name
        return environment

    def _loader(self) -> BaseLoader:
        return ChoiceLoader(
            [
                *([FileSystemLoader(self._own)] if self._own else []),
                _FrameworkLoader(self._framework.folder),
                FileSystemLoader(BUNDLED),
            ]
        )

    def render(self, name: str, values: Mapping[str, Any] | None = None) -> str:
        """Returns the text of a template.

        Args:
            name: Its path; ``framework/app.py.jinja`` is the one of the framework.
            values: What it may name besides the shared values. The macros of the framework's
                dialect are ``d``.

        Raises:
            UsageError: A template of the project's own is wrong, or asks for what is not given.
            jinja2.TemplateError: One of Nitro's own is; never the user's words.
        """
        context = {**self._shared, **(values or {})}
        try:
            template = self._environment.get_template(name)
            return template.render(context, d=self._dialect(context))
        except (TemplateError, *_WRONG) as error:
            place = self._place(error)
            if place is None:  # a template of Nitro's own: a bug
                raise
            sentence = f"{place} is wrong: {error}. Correct it, or delete it to get Nitro's own."
            raise UsageError(sentence) from error

    def _place(self, error: Exception) -> str | None:
        """Returns the file and line of the project's own template that an error comes from."""
        own = self._own
        places = [(frame.filename, frame.lineno) for frame in extract_tb(error.__traceback__)]
        if isinstance(error, TemplateSyntaxError):
            places.append((error.filename or "", error.lineno))
        for file, line in reversed(places):
            if own is not None and self._project is not None and Path(file).is_relative_to(own):
                return f"{Path(file).relative_to(self._project)}, line {line},"
        return None

    def _dialect(self, context: dict[str, Any]) -> SimpleNamespace:
        modules = [self._environment.get_template(name).make_module(context) for name in DIALECTS]
        shared, own = map(vars, modules)
        return SimpleNamespace(**shared | own)


class _FrameworkLoader(FileSystemLoader):
    """Finds ``framework/<file>`` in the folder of one framework."""

    def get_source(self, environment: Environment, template: str) -> Any:  # noqa: ANN401 # Jinja's
        prefix, _, rest = template.partition("/")
        return super().get_source(environment, rest if prefix == "framework" else template)
