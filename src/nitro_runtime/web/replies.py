"""Replies: a view becomes a whole page for a browser, or patches for Datastar.

Datastar applies bodies of status 200 only, so what a plain request is told by its status (an
invalid form: 422) a Datastar request is told by the patched view.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any

from nitro_runtime.addresses import local
from nitro_runtime.errors import Answered, Download, NitroError, Refused
from nitro_runtime.html import H1, A, Div, Html, P, expr
from nitro_runtime.manifest import file_for
from nitro_runtime.sse import emit_elements, emit_redirect
from nitro_runtime.views import STREAM_ID, Notice, Page, PageState, notices_html
from nitro_runtime.views.csrf import Csrf, with_token
from nitro_runtime.views.nonces import with_nonce
from nitro_runtime.views.page_query import page_query
from nitro_runtime.views.page_stream import CONNECTED
from nitro_runtime.views.schemes import chosen_scheme
from nitro_runtime.views.words import say, speaking
from nitro_runtime.web import browser_storage, session
from nitro_runtime.web.event_stream import STREAM_HEADERS
from nitro_runtime.web.policy import nonce_of, policy_headers
from nitro_runtime.web.request import Reply, Request
from nitro_runtime.web.steps import Steps, is_steps, last_views, step_events
from nitro_runtime.web.streaming import encoded, in_threads

log = logging.getLogger(__name__)

# A back button must not show a page's patches for the page: the two share an address.
_PAGE_HEADERS = (
    ("content-type", "text/html; charset=utf-8"),
    ("cache-control", "private, no-cache"),
    ("vary", "datastar-request"),
)


def respond(request: Request, view: Any, *, status: int | None = None) -> Reply:  # noqa: ANN401 # any view
    """Makes a reply of a view: a `Page`, or anything with ``__html__``, which is put into one.

    Args:
        request: The request to answer.
        view: What to show; or a generator, plain or async, of what to patch into the page as the
            deed goes on: see `nitro_runtime.web.steps`.
        status: The status of a plain reply; by default the page's own (422 for an invalid form).
    """
    with speaking(request.words):
        return _stepwise(request, view) if is_steps(view) else _respond(request, view, status)


def _respond(request: Request, view: Any, status: int | None) -> Reply:  # noqa: ANN401 # any view
    page = view if isinstance(view, Page) else Page(view, title=_title(view))
    state = page_state(request, live=page.live)
    if request.is_datastar:
        parts = [_finished(request, part, None) for part in page.patches(state)]
        return patches(request, [emit_elements(part).encode() for part in parts])
    if browser_storage.is_used():
        state.browser_key = browser_storage.storage_key(request)
    nonce = nonce_of(request)
    body: bytes | AsyncIterator[bytes]
    if page.stream:
        body = encoded(in_threads(lambda: _pieces(request, page, state, nonce)))
    else:
        body = _finished(request, page.render(state), nonce).encode()
    session.clear_notices(request)
    headers = [*_PAGE_HEADERS, *policy_headers(request), *session.set_cookies(request)]
    return Reply(status or page.status, headers, body)


def _stepwise(request: Request, steps: Steps) -> Reply:
    if request.is_datastar:
        headers = [*STREAM_HEADERS, ("vary", "datastar-request"), *session.set_cookies(request)]
        return Reply(200, headers, step_events(request, steps))
    state = page_state(request)
    session.clear_notices(request)
    headers = [*_PAGE_HEADERS, *policy_headers(request), *session.set_cookies(request)]
    return Reply(200, headers, _after_all(request, steps, state))


async def _after_all(request: Request, steps: Steps, state: PageState) -> AsyncIterator[bytes]:
    shown = await last_views(request, steps)
    with speaking(request.words):
        title = next((text for view in shown if (text := _title(view))), request.host)
        markup = Page(*shown, title=title).render(state)
    yield _finished(request, markup, nonce_of(request)).encode()


def alone(view: Any, csrf: Csrf | None = None) -> Html:  # noqa: ANN401 # any view
    """Returns the markup of a view that is sent as it stands, under no policy."""
    return with_nonce(with_token(str(view), csrf), None)


def _finished(request: Request, markup: str, nonce: str | None) -> Html:
    """Returns markup with what belongs to this one answer alone."""
    return with_nonce(with_token(markup, request.csrf), nonce)


def _pieces(request: Request, page: Page, state: PageState, nonce: str | None) -> Iterator[str]:
    with speaking(request.words), page_query(state.query):
        for piece in page.chunks(state):
            yield _finished(request, piece, nonce)


async def load(request: Request, view: Any) -> None:  # noqa: ANN401 # any view
    """Reads what the views of a page need, so that rendering it reads nothing."""
    if browser_storage.is_used():
        await request.load_user()
    if isinstance(view, Page):
        await view.load(request)


def page_state(request: Request, *, live: bool = True) -> PageState:
    """Returns what a page needs to know of its request: its tab, its notices, its addresses."""
    site = request.site
    static = None if site.static_url is None else f"{request.base}{site.static_url}"
    return PageState(
        tab=session.new_tab(request) if live else None,
        notices=list(session.take_notices(request)),
        events_url=f"{request.base}{site.prefix}/events",
        commands_url=f"{request.base}{site.prefix}/cmds/",
        datastar_url=f"{static}/datastar.js" if static else None,
        stylesheet_url=f"{static}/{file_for(site.static_folder, 'app.css')}" if static else None,
        query=request.query,
        has_policy=site.csp is not None,
        scheme=chosen_scheme(request.cookies),
    )


def patches(request: Request, events: Iterable[bytes]) -> Reply:
    """Makes a reply of patches for Datastar, with the notices that wait for this browser."""
    sent = [*events, *browser_storage.release(request)]
    if notices := session.take_notices(request):
        with speaking(request.words):
            sent.extend(emit_elements(notice).encode() for notice in notices)
    session.clear_notices(request)
    headers = [*STREAM_HEADERS, ("vary", "datastar-request"), *session.set_cookies(request)]
    return Reply(200, headers, b"".join(sent))


def redirect(request: Request, url: str, *, notice: Notice | str | None = None) -> Reply:
    """Sends the browser to another page of this site.

    A plain request gets a 303; Datastar a patch that navigates, or, when the browser is on that
    page already, that has it refreshed in place.

    Args:
        request: The request to answer.
        url: A path of this site, with a query if need be: ``/products``.
        notice: A sentence to show on arrival.

    Raises:
        ConfigurationError: The target is not a path of this site.
    """
    target = local(url)
    if notice is not None:
        session.add_notice(request, notice)
    cookies = session.set_cookies(request)
    if not request.is_datastar:
        return Reply(303, [("location", target), *cookies])
    events = [*browser_storage.release(request), emit_redirect(target).encode()]
    return Reply(200, [*STREAM_HEADERS, *cookies], b"".join(events))


# A page that was loaded again a moment ago and is refused again would go round for ever, as in a
# browser that keeps no cookies.
_RELOAD = expr(
    "performance.now() < 10000 && performance.getEntriesByType('navigation')[0]?.type === 'reload'"
    " || location.reload()"
)


def reload_patch() -> bytes:
    """Returns the event that has the page loaded again, as when its keys are from an old secret.

    A page that does not get better by it is left alone.
    """
    element = Div(init=_RELOAD, hidden=True)
    return emit_elements(element, selector="body", mode="append").encode()


def stale_tab(error: Refused, *, has_views: bool) -> Reply:
    """Answers the stream of a tab that is no longer good, so that its page asks no more.

    Datastar would repeat a refused stream for ever, and one that ends too; an answer that is HTML it
    takes for the last one. The page says what is the matter. One with live views is loaded again;
    one without keeps what somebody is typing into it.
    """
    told = notices_html([Notice(str(error), kind="error")])
    still = Div(id=STREAM_ID, hidden=True, signals=CONNECTED, init=_RELOAD if has_views else None)
    headers = [("content-type", "text/html; charset=utf-8"), ("cache-control", "no-store")]
    return Reply(200, headers, f"{told}{still}".encode())


def refusal(request: Request, error: NitroError) -> Reply:
    """Makes the reply of an error: its status and its sentence, as a page for a browser.

    Datastar ignores a body whose status is not 200, so it gets the sentence as a notice, unless the
    gate refused: that is no page of this site, and needs the status. An error that has no meaning
    for a visitor (status 500) is not answered here.
    """
    if isinstance(error, Answered):
        return _answered(request, error)
    if error.status > 500 and error.told != str(error):
        log.warning(
            "%s", error
        )  # what failed behind the site, of which the visitor is told nothing
    if request.is_datastar and not isinstance(error, Refused):
        browser_storage.forget(request)
        session.add_notice(request, Notice(error.told, kind="error"))
        return patches(request, [])
    extra = list(error.headers) if isinstance(error, Refused) else []
    headers = [("cache-control", "no-store"), *extra]
    sentence = error.told
    if request.is_datastar or "text/html" not in request.headers.get("accept", ""):
        headers.append(("content-type", "text/plain; charset=utf-8"))
        return Reply(error.status, headers, sentence.encode())
    title = HTTPStatus(error.status).phrase
    with speaking(request.words):
        home = A(say("front_page"), href=f"{request.base}/")
        page = Page(H1(title), P(sentence), P(home), title=title, live=False)
        markup = page.render(page_state(request, live=False))
    headers += [("content-type", "text/html; charset=utf-8"), *policy_headers(request)]
    return Reply(error.status, headers, with_nonce(markup, nonce_of(request)).encode())


def _answered(request: Request, answer: Answered) -> Reply:
    if answer.download is not None:
        return _download(answer.download)
    parts = [_finished(request, part, None) for part in answer.patches]
    return patches(request, [emit_elements(part).encode() for part in parts])


def _download(file: Download) -> Reply:
    headers = [
        ("content-type", file.media_type),
        ("content-disposition", f'attachment; filename="{file.filename}"'),
        ("cache-control", "private, no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-accel-buffering", "no"),
    ]
    return Reply(200, headers, file.content)


def refusal_of(
    error: NitroError, request: Callable[[], Request], without_query: Callable[[], Request]
) -> Reply:
    """Makes the reply of an error that left a route; see `refusal`.

    Args:
        error: What was raised.
        request: Makes the request; it raises when its query is the very thing that was refused.
        without_query: Makes the same request with an empty query.

    Raises:
        NitroError: The error itself, when it has no meaning for a visitor.
    """
    if error.status == 500:
        raise error
    try:
        asked = request()
    except Refused:
        asked = without_query()
    return refusal(asked, error)


def _title(view: Any) -> str:  # noqa: ANN401 # any view
    """The title of a page that was made around a view: its own, or its entity's name."""
    for name in ("title", "label"):
        title = getattr(view, name, None)
        if isinstance(title, str):
            return title
    info = getattr(getattr(view, "entity", None), "__entity__", None)
    return info.plural if info else ""
