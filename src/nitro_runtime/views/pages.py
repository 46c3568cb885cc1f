"""Pages: a whole document around views, the notices, and the one stream that keeps it live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from nitro_runtime.errors import ViewError
from nitro_runtime.html import Attribute, Child, Fragment, Html, chunks, escape, raw
from nitro_runtime.html.attributes import render_attributes
from nitro_runtime.views.browser_storage import browser_html
from nitro_runtime.views.components import Confirm
from nitro_runtime.views.layouts import Layout, chain
from nitro_runtime.views.nonces import with_nonce
from nitro_runtime.views.notices import Notice, notices_html
from nitro_runtime.views.page_calls import calls_html
from nitro_runtime.views.page_frame import (
    LOCALISING,
    document_attributes,
    main_frame,
    meta_html,
    page_frame,
)
from nitro_runtime.views.page_query import page_query
from nitro_runtime.views.page_stream import check_topics, stream_html
from nitro_runtime.views.schemes import Scheme
from nitro_runtime.views.theme import Theme, current_theme
from nitro_runtime.views.words import current_words


@dataclass(slots=True)  # not frozen, which takes twice as long to make, for every page
class PageState:
    """What the web layer knows about the page that it renders; nobody changes it.

    Attributes:
        tab: The signed id of the tab; None for a page without a stream.
        notices: What to tell the visitor.
        events_url: The address of the stream.
        commands_url: What the addresses of commands begin with.
        datastar_url: The address of Datastar's file; None leaves it out.
        stylesheet_url: The address of the style sheet; None leaves it out.
        query: The query of the page, for views that were not given a request.
        scheme: Light or dark, when the visitor chose one; None leaves it to their system.
        has_policy: Whether a content security policy is sent with it.
        browser_key: Where the browser keeps entities for the visitor, in its localStorage; None: not.
    """

    tab: str | None = None
    notices: Sequence[Notice] = ()
    events_url: str = "/events"
    commands_url: str = "/cmds/"
    datastar_url: str | None = None
    stylesheet_url: str | None = None
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    scheme: Scheme | None = None
    has_policy: bool = False
    browser_key: str | None = None


class Page:
    """A whole document.

    ```python
    Page(ProductTable(), title="Products")
    ```

    ``str(page)`` renders it without a stream; the web layer renders it with one. An instance
    belongs to one request.
    """

    def __init__(
        self,
        *children: Child,
        title: str,
        lang: str | None = None,
        meta: Mapping[str, str] | None = None,
        head: Iterable[Child] = (),
        header: Child = None,
        footer: Child = None,
        layout: Layout | None = None,
        attributes: Mapping[str, Attribute] | None = None,
        body_attributes: Mapping[str, Attribute] | None = None,
        body_class: str | None = None,
        status: int | None = None,
        live: bool = True,
        topics: Sequence[str] = (),
        stream: bool = False,
        theme: Theme | None = None,
    ) -> None:
        """Makes a page.

        Args:
            children: What stands in ``<main>``: views, tags, text.
            title: The document's title, plain text.
            lang: The language of its words, as in BCP 47; that of the views' words when left out.
            meta: What its ``<meta>`` elements say by name: ``description``, ``robots``,
                ``og:title``; ``canonical`` is the address of the page.
            head: Further elements of ``<head>``.
            header: What stands before ``<main>``: navigation.
            footer: What stands after it.
            layout: What stands around the content of this and other pages.
            attributes: Further attributes of ``<html>``, such as ``dir``.
            body_attributes: Further attributes of ``<body>``.
            body_class: Classes of ``<body>``.
            status: The status to answer with; a child form's, or 200, when left out.
            live: Whether it opens a live stream.
            topics: What its stream listens to beside its live views, for those whom the topics' rules
                let in (`nitro.topic`): ``["room:7"]``.
            stream: Whether it is sent piece by piece while it is rendered, for what is very long:
                iterables and callables among the children are asked when it is their turn.
            theme: The classes of the page's own parts; the current theme when left out.

        Raises:
            ViewError: A child is a ``<main>``, which the page makes itself; the layout is none; or the
                topics cannot be any.
        """
        for child in children:
            if isinstance(child, Html) and child.startswith("<main"):
                raise ViewError(
                    "A Page puts its children into <main> itself: pass the content as it is, and"
                    " what stands around it as header= and footer=."
                )
        self._layouts = chain(layout)
        for each in self._layouts:
            title = each.title(title)
        self.children = children
        self.title = title
        self.live = live
        self.topics: tuple[str, ...] = check_topics(topics)
        self.stream = stream
        self._lang = lang
        self._meta = meta or {}
        self._head = tuple(head)
        self._header = header
        self._footer = footer
        self._attributes = attributes or {}
        self._body_attributes = body_attributes or {}
        self._body_class = body_class
        self._status = status
        self._theme = theme

    @property
    def status(self) -> int:
        """The status to answer with."""
        if self._status is not None:
            return self._status
        views = self.parts
        return max(int(getattr(view, "http_status", 200)) for view in views) if views else 200

    @property
    def parts(self) -> list[Any]:
        """The views among the children, also in lists: what can be patched one by one.

        A view that was rendered inside a tag is part of that tag's markup and not among them; then
        all of ``<main id="main">`` is what can be patched: see `main`.
        """
        return list(_views(self.children))

    @property
    def is_made_of_parts(self) -> bool:
        """Whether the children are views and nothing else that could differ between two answers."""
        return bool(self.children) and all(_is_parts(child) for child in self.children)

    async def load(self, request: Any) -> None:  # noqa: ANN401 # a neutral request
        """Reads what the views among the children have not read yet, for this request."""
        for view in self.parts:
            load = getattr(view, "load_for", None)
            if load is not None:
                await load(request)

    def patches(self, state: PageState) -> list[Html]:
        """Returns what to patch into the open page: each view, or all of ``<main>``."""
        if not self.is_made_of_parts:
            return [self.main(state)]
        with page_query(state.query):
            return [view.__html__() for view in self.parts]

    def main(self, state: PageState | None = None) -> Html:
        """Returns ``<main id="main">`` with the children, the unit that can always be patched."""
        opening, closing = self._main_frame()
        with page_query({} if state is None else state.query):
            return raw(f"{opening}{Fragment(self._content())}{closing}")

    def _main_frame(self) -> tuple[str, ...]:
        return main_frame((self._theme or current_theme())["main"])

    def _content(self) -> Child:
        content: Child = self.children
        for layout in self._layouts:
            content = layout.content(content)
        return content

    def render(self, state: PageState) -> Html:
        """Returns the whole document."""
        opening, titled, headed, closing = self._frame(state)
        before, after = self._around_main(state)
        return raw(
            f"{opening}{escape(self.title)}{titled}{self._head_html()}{headed}"
            f"{before}{self.main(state)}{after}{closing}"
        )

    def chunks(self, state: PageState) -> Iterator[Html]:
        """Returns the whole document piece by piece, each rendered when it is asked for.

        The caller has the page's query and words known meanwhile.
        """
        opening, titled, headed, closing = self._frame(state)
        before, after = self._around_main(state)
        start, end = self._main_frame()
        head = f"{opening}{escape(self.title)}{titled}{self._head_html()}{headed}{before}{start}"
        return chunks(raw(head), self._content(), raw(f"{end}{after}{closing}"))

    def _frame(self, state: PageState) -> tuple[str, ...]:
        css = self._body_class or (self._theme or current_theme())["page"]
        return page_frame(
            document_attributes(
                {"lang": self._lang or current_words().language, **self._attributes},
                state.scheme,
                has_policy=state.has_policy,
            ),
            render_attributes({"class": css, **self._body_attributes}),
            state.stylesheet_url,
            state.datastar_url,
            state.has_policy,
        )

    def _head_html(self) -> Html:
        shared = [each for layout in reversed(self._layouts) for each in layout.head()]
        return Fragment(meta_html(self._meta) if self._meta else None, *shared, *self._head)

    def _around_main(self, state: PageState) -> tuple[Html, Html]:
        headers = [layout.header() for layout in reversed(self._layouts)]
        footers = [layout.footer() for layout in self._layouts]
        before = Fragment(
            browser_html(state.browser_key, state.tab) if state.browser_key else None,
            headers,
            self._header,
            # beside the notices, where a template places both
            calls_html(state.tab, state.commands_url) if self.live and state.tab else None,
            notices_html(state.notices, self._theme),
        )
        after = Fragment(
            self._footer,
            footers,
            (LOCALISING, Confirm(theme=self._theme)) if state.datastar_url else None,
            stream_html(state.tab, state.events_url, self.topics, self._theme)
            if self.live and state.tab
            else None,
        )
        return before, after

    def __html__(self) -> Html:
        return with_nonce(self.render(PageState()), None)

    def __str__(self) -> str:
        return self.__html__()


def _views(children: Iterable[object]) -> Iterable[Any]:
    for child in children:
        if isinstance(child, list | tuple):
            yield from _views(cast("Sequence[object]", child))
        elif _is_view(child):
            yield child


def _is_view(child: object) -> bool:
    return not isinstance(child, str) and hasattr(child, "dom_id") and hasattr(child, "__html__")


def _is_parts(child: object) -> bool:
    if isinstance(child, list | tuple):
        return all(_is_parts(each) for each in cast("Sequence[object]", child))
    return child is None or _is_view(child)
