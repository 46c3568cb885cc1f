"""Pages: a whole document around views, the notices, and the one stream that keeps it live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, cast
from urllib.parse import quote

from nitro_runtime.errors import ViewError
from nitro_runtime.html import (
    Body,
    Button,
    Child,
    Div,
    Fragment,
    Head,
    Html,
    HtmlTag,
    Link,
    Main,
    Meta,
    P,
    Script,
    Title,
    doctype,
    escape,
    expr,
    js,
    raw,
)
from nitro_runtime.views.browser_storage import browser_html
from nitro_runtime.views.page_query import page_query
from nitro_runtime.views.schemes import Scheme
from nitro_runtime.views.theme import Theme, current_theme
from nitro_runtime.views.words import say

NoticeKind = Literal["success", "error", "info"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A short message to the visitor, shown once.

    Attributes:
        text: The message, plain text.
        kind: What it is about.
    """

    text: str
    kind: NoticeKind = "success"


@dataclass(slots=True)  # not frozen, which takes twice as long to make, for every page
class PageState:
    """What the web layer knows about the page that it renders; nobody changes it.

    Attributes:
        tab: The signed id of the tab; None for a page without a stream.
        notices: What to tell the visitor.
        events_url: The address of the stream.
        datastar_url: The address of Datastar's file; None leaves it out.
        stylesheet_url: The address of the style sheet; None leaves it out.
        query: The query of the page, for views that were not given a request.
        scheme: Light or dark, when the visitor chose one; None leaves it to their system.
        browser_key: Where the browser keeps entities for the visitor, in its localStorage; None: not.
    """

    tab: str | None = None
    notices: Sequence[Notice] = ()
    events_url: str = "/events"
    datastar_url: str | None = None
    stylesheet_url: str | None = None
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    scheme: Scheme | None = None
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
        lang: str = "en",
        head: Iterable[Child] = (),
        header: Child = None,
        footer: Child = None,
        body_class: str | None = None,
        status: int | None = None,
        live: bool = True,
        theme: Theme | None = None,
    ) -> None:
        """Makes a page.

        Args:
            children: What stands in ``<main>``: views, tags, text.
            title: The document's title, plain text.
            lang: The language of its words, as in BCP 47.
            head: Further elements of ``<head>``.
            header: What stands before ``<main>``: navigation.
            footer: What stands after it.
            body_class: Classes of ``<body>``.
            status: The status to answer with; a child form's, or 200, when left out.
            live: Whether it opens a stream.
            theme: The classes of the page's own parts; the current theme when left out.

        Raises:
            ViewError: A child is a ``<main>``: the page makes that one itself.
        """
        for child in children:
            if isinstance(child, Html) and child.startswith("<main"):
                raise ViewError(
                    "A Page puts its children into <main> itself: pass the content as it is, and"
                    " what stands around it as header= and footer=."
                )
        self.children = children
        self.title = title
        self.live = live
        self._lang = lang
        self._head = tuple(head)
        self._header = header
        self._footer = footer
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
        theme = self._theme or current_theme()
        opening, closing = _main_frame(theme["main"])
        with page_query({} if state is None else state.query):
            return raw(f"{opening}{Fragment(*self.children)}{closing}")

    def render(self, state: PageState) -> Html:
        """Returns the whole document."""
        theme = self._theme or current_theme()
        opening, titled, headed, closing = _frame(
            self._lang,
            state.stylesheet_url,
            state.datastar_url,
            self._body_class or theme["page"],
            state.scheme,
        )
        body = Fragment(
            browser_html(state.browser_key, state.tab) if state.browser_key else None,
            self._header,
            notices_html(state.notices, self._theme),
            self.main(state),
            self._footer,
            stream_html(state) if self.live and state.tab else None,
        )
        head = Fragment(*self._head) if self._head else ""
        return raw(f"{opening}{escape(self.title)}{titled}{head}{headed}{body}{closing}")

    def __html__(self) -> Html:
        return self.render(PageState())

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


@lru_cache
def _frame(
    lang: str, style: str | None, script: str | None, body: str, scheme: Scheme | None
) -> tuple[str, ...]:
    """Returns what is the same on page after page: the document around title, head and body."""
    here = raw("\0")  # which no text and no attribute can hold
    document = Fragment(
        doctype(),
        HtmlTag(
            Head(
                Meta(charset="utf-8"),
                Meta(name="viewport", content="width=device-width, initial-scale=1"),
                Title(here),
                Link(rel="stylesheet", href=style) if style else None,
                Script(type="module", src=script) if script else None,
                here,
            ),
            Body(here, cls=body),
            lang=lang,
            data_theme=scheme,
        ),
    )
    return tuple(document.split(here))


@lru_cache
def _main_frame(classes: str) -> tuple[str, ...]:
    here = raw("\0")
    return tuple(Main(here, id="main", cls=classes).split(here))


# -- notices ------------------------------------------------------------------------------------


def notices_html(notices: Sequence[Notice], theme: Theme | None = None) -> Html:
    """Returns ``<div id="notices">``, a live region, with the notices in it."""
    classes = theme or current_theme()
    if not notices:
        return _no_notices(classes)
    return _notice_area([_notice(notice, classes) for notice in notices], classes)


@lru_cache
def _no_notices(classes: Theme) -> Html:
    return _notice_area([], classes)


def _notice_area(notices: list[Html], classes: Theme) -> Html:
    return Div(
        notices,
        id="notices",
        cls=classes["notices"],
        role="status",
        aria_live="polite",
    )


def _notice(notice: Notice, theme: Theme) -> Html:
    return Div(
        P(notice.text),
        Button(
            say("dismiss"),
            type="button",
            # no selector by class: a theme may name the classes as it likes
            on_click="el.parentElement.remove()",
        ),
        cls=f"{theme['notice']} {theme['notice_' + notice.kind]}",
    )


# -- the stream ---------------------------------------------------------------------------------

STREAM_ID = "nitro-stream"
"""The id of the element that keeps the stream open; without it the page asks for none."""

# Seen in Chromium with Datastar 1.0.4. An effect over the keys opens the stream once at load and
# again when a morph changes a key; a morph with the same key leaves it open. Only the cancellation
# "cleanup" closes the request before: "auto" compares addresses, and the addresses differ. Retries
# are counted (ten by default) and the wait grows, so both get a limit that fits a restart. The keys
# are in the address; no signal goes with it. Hidden tabs close it and come back with the same keys.
_STREAM = (
    "@get({url} + Object.values($_views).map(key => '&view=' + encodeURIComponent(key)).join(''),"
    " {{payload: {{}}, requestCancellation: 'cleanup', retry: 'always', retryInterval: 500,"
    " retryScaler: 1.5, retryMaxWait: 5000, retryMaxCount: Infinity}})"
)


def stream_html(state: PageState) -> Html:
    """Returns the element that keeps the page's one stream open; it stands last in the body."""
    before, after = _stream_around_tab(state.events_url)
    # percent-encoded, so it means nothing to HTML nor to JavaScript
    return raw(f"{before}{quote(state.tab or '', safe='')}{after}")


@lru_cache
def _stream_around_tab(events_url: str) -> tuple[str, str]:
    """Returns the element before and after the tab's id, which alone differs between pages."""
    mark = "{tab}"
    element = Div(
        id=STREAM_ID,
        hidden=True,
        # last in the body, so the views' own keys are there before the effect first runs
        signals__ifmissing={"_views": {}},
        effect=expr(_STREAM.format(url=js(f"{events_url}?tab={mark}"))),
    )
    before, _, after = element.rpartition(mark)
    return before, after
