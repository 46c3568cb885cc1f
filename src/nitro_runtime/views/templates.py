"""Pages from Jinja2 templates: a page like any other, whose markup stands in files of your own.

```python
templates = Templates(Path(__file__).parent / "templates", site="Shop")


def page(template: str, *, title: str, **values: object) -> Page:
    return templates.page(template, title=title, **values)


page("products/index.html", title="Products", table=await ProductTable.read(request))
```

A template may name what it is given, ``title``, and ``page``: `PageParts`, from which a layout makes
the document. Values are escaped; views and tags are markup already. Jinja2 is imported when the first
page is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Any, NoReturn, cast

from typing_extensions import override

from nitro_runtime.errors import ViewError, suggestion
from nitro_runtime.html import Html, escape, raw
from nitro_runtime.views.nonces import nonce
from nitro_runtime.views.page_query import page_query
from nitro_runtime.views.pages import Page, PageState
from nitro_runtime.views.schemes import scheme_switch

if TYPE_CHECKING:
    from jinja2 import Environment

_MAIN = re.compile(r"""<main\s(?:[^>]*\s)?id=(["']?)main\1[\s>]""")


@dataclass(frozen=True, slots=True)
class PageParts:
    """What a layout puts into the document, ``page`` in templates.

    Attributes:
        attributes: Of ``<html>``: the language, the colours that the visitor chose.
        head: The beginning of ``<head>``: title, style sheet, Datastar's file.
        body_attributes: Of ``<body>``.
        notices: What the visitor is told; it stands before ``<main id="main">``.
        end: What stands last in ``<body>``: the live stream.
    """

    attributes: Html
    head: Html
    body_attributes: Html
    notices: Html
    end: Html


class Templates:
    """A folder of Jinja2 templates. Safe to share between threads."""

    def __init__(self, folder: str | Path, **names: Any) -> None:  # noqa: ANN401 # what templates take
        """Takes a folder; the templates in it are read when they are first used.

        A template that was changed is read again, so no restart is needed.

        Args:
            folder: Where they are.
            **names: What every template may name.
        """
        self.folder: Path = Path(folder)
        self._names = names

    @cached_property
    def environment(self) -> Environment:
        """Jinja2's own environment, for filters and tests of yours."""
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        environment = Environment(
            loader=FileSystemLoader(self.folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        own = {"scheme_switch": scheme_switch, "nonce": nonce}
        cast("dict[str, Any]", environment.globals).update(own | self._names)
        return environment

    def page(
        self,
        template: str,
        /,
        *,
        title: str,
        lang: str | None = None,
        status: int | None = None,
        live: bool = True,
        topics: Sequence[str] = (),
        **values: Any,  # noqa: ANN401 # what templates take
    ) -> TemplatePage:
        """Returns a page that a template makes.

        Args:
            template: Its path in the folder: ``"products/index.html"``.
            title: The document's title.
            lang: The language of its words; see `Page`.
            status: The status to answer with; that of a form among the values when left out.
            live: Whether it opens a live stream.
            topics: What its stream listens to beside its live views; see `Page`.
            **values: What the template may name. Views among them are read before it is rendered.
        """
        return TemplatePage(
            self, template, values, title=title, lang=lang, status=status, live=live, topics=topics
        )

    def render(self, template: str, /, **values: Any) -> Html:  # noqa: ANN401 # what templates take
        """Renders a template that is no whole page.

        Raises:
            ViewError: It does not exist, cannot be read, or names what it was not given.
        """
        from jinja2 import TemplateNotFound, TemplateSyntaxError, UndefinedError

        try:
            return raw(self.environment.get_template(template).render(values))
        except TemplateNotFound as error:
            self._missing(str(error.name or template), self._place(error))
        except UnicodeDecodeError as error:
            sentence = f"{template}, or a template that it names, is not UTF-8 ({error.reason})"
        except TemplateSyntaxError as error:
            sentence = f"{error.name or template}, line {error.lineno}: {error.message}"
        except UndefinedError as error:
            sentence = f"{self._place(error) or template}: {error.message}"
        raise ViewError(f"{sentence.rstrip('.')}.")

    def _missing(self, name: str, place: str | None) -> NoReturn:
        near = suggestion(name, self.environment.list_templates())
        asked = "" if place is None else f"{place}: "
        raise ViewError(f"{asked}There is no template {name!r} in {self.folder}.{near}")

    def _place(self, error: Exception) -> str | None:
        for frame in reversed(extract_tb(error.__traceback__)):
            if Path(frame.filename).is_relative_to(self.folder):
                name = Path(frame.filename).relative_to(self.folder).as_posix()
                return f"{name}, line {frame.lineno}"
        return None


class TemplatePage(Page):
    """A page that a template makes; see `Templates.page`."""

    def __init__(
        self,
        templates: Templates,
        template: str,
        values: Mapping[str, Any],
        *,
        title: str,
        lang: str | None,
        status: int | None,
        live: bool,
        topics: Sequence[str],
    ) -> None:
        super().__init__(
            *_children(values.values()),
            title=title,
            lang=lang,
            status=status,
            live=live,
            topics=topics,
        )
        self._templates = templates
        self._template = template
        self._values = values

    @property
    @override
    def is_made_of_parts(self) -> bool:
        return False  # what stands around the views is the template's

    @override
    def main(self, state: PageState | None = None) -> Html:
        whole = self.render(PageState() if state is None else state)
        # texts are escaped, so these are the layout's own
        start, end = _MAIN.search(whole), whole.rfind("</main>")
        if start is None or end < start.end():
            raise ViewError(
                f'The page of {self._template} has no <main id="main">, which is what can be patched.'
            )
        return raw(whole[start.start() : end + len("</main>")])

    @override
    def render(self, state: PageState) -> Html:
        opening, titled, headed, _ = self._frame(state)
        attributes, _, start = opening.partition("><head>")
        notices, end = self._around_main(state)
        page = PageParts(
            attributes=raw(attributes.partition("<html")[2]),
            head=raw(f"{start}{escape(self.title)}{titled}"),
            body_attributes=raw(headed.partition("<body")[2].removesuffix(">")),
            notices=notices,
            end=end,
        )
        values = {"title": self.title, **self._values, "page": page}
        with page_query(state.query):
            return self._templates.render(self._template, **values)

    @override
    def chunks(self, state: PageState) -> Iterator[Html]:
        yield self.render(state)


def _children(values: Iterable[Any]) -> Iterator[Any]:
    """Returns the views among the values, also in lists."""
    for value in values:
        if isinstance(value, list | tuple):
            yield from _children(cast("Iterable[Any]", value))
        elif hasattr(value, "dom_id") and hasattr(value, "__html__"):
            yield value
