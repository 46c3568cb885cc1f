"""What keeps a page live: the element that holds its one stream open, and says when it is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from nitro_runtime.errors import ViewError
from nitro_runtime.html import Div, Fragment, Html, P, expr, js, raw
from nitro_runtime.views.theme import Theme, current_theme
from nitro_runtime.views.words import Words, current_words, say

STREAM_ID = "nitro-stream"
"""The id of the element that keeps the stream open; without it the page asks for none."""

MOST_TOPICS = 32
"""Topics of one page."""

CONNECTED: Mapping[str, Any] = {"_stream": {"lost": False, "told": False, "refused": False}}
"""The signals by which a page is told that its stream is there; each stream begins with them."""

REFUSED: Mapping[str, Any] = {"_stream": {"lost": False, "told": False, "refused": True}}
"""The same where the stream is without some of the page's topics."""

# Seen in Chromium with Datastar 1.0.4. An effect over the keys opens the stream once at load and
# again when a morph changes a key; a morph with the same key leaves it open. Only the cancellation
# "cleanup" closes the request before: "auto" compares addresses, and the addresses differ. Retries
# are counted (ten by default) and the wait grows, so both get a limit that fits a restart; answers
# such as 503 are tried again too. The keys are in the address; no signal goes with it. Hidden tabs
# close it and come back with the same keys. A browser that shows a page twice, from its cache, gives
# both the same tab: the moment of loading tells them apart.
_STREAM = (
    "@get({url} + '&load=' + performance.timeOrigin + Object.values($_views).map(key => '&view=' + encodeURIComponent(key)).join(''),"
    " {{payload: {{}}, requestCancellation: 'cleanup', retry: 'always', retryInterval: 500,"
    " retryScaler: 1.5, retryMaxWait: 5000, retryMaxCount: Infinity}})"
)

# Longer than the longest wait before the first reconnect (1.2 s): what is back by then was nothing.
# Of what the page's other elements ask for, Datastar shows nothing when it is refused.
_HEARD = expr(
    "const {type, el: asker} = evt.detail;"
    f" if (asker?.id === '{STREAM_ID}') {{ if (type === 'retrying' && !$_stream.lost) {{"
    " $_stream.lost = true; setTimeout(() => $_stream.told = $_stream.lost, 1500) } }"
    " else if (['started', 'error', 'retries-failed'].includes(type))"
    " $_stream.failed = type !== 'started'"
)


def check_topics(topics: Sequence[str] | str) -> tuple[str, ...]:
    """Returns the names of topics, each once.

    Raises:
        ViewError: They are no names, or too many for one page.
    """
    names = (topics,) if isinstance(topics, str) else tuple(dict.fromkeys(topics))
    if isinstance(topics, str) or not all(names):
        raise ViewError('The topics of a page are a list of names: topics=["room:7"].')
    if len(names) > MOST_TOPICS:
        raise ViewError(f"A page may listen to at most {MOST_TOPICS} topics.")
    return names


def stream_html(
    tab: str, events_url: str, topics: Sequence[str] = (), theme: Theme | None = None
) -> Html:
    """Returns the elements that keep the page's one stream open; they stand last in the body.

    Args:
        tab: The signed id of the tab.
        events_url: The address of the stream.
        topics: What else than its live views the page listens to.
        theme: The classes of what says that the stream is lost; the current theme when left out.
    """
    before, after = _stream_around_tab(
        events_url, tuple(topics), theme or current_theme(), current_words()
    )
    # percent-encoded, so it means nothing to HTML nor to JavaScript
    return raw(f"{before}{quote(tab, safe='')}{after}")


@lru_cache
def _stream_around_tab(
    events_url: str, topics: tuple[str, ...], theme: Theme, words: Words
) -> tuple[str, str]:
    """Returns the elements before and after the tab's id, which alone differs between pages."""
    del words  # which `say` speaks
    mark = "{tab}"
    named = "".join([f"&topic={quote(name, safe='')}" for name in topics])
    element = Div(
        id=STREAM_ID,
        hidden=True,
        # last in the body, so the views' own keys are there before the effect first runs
        signals__ifmissing={"_views": {}},
        effect=expr(_STREAM.format(url=js(f"{events_url}?tab={mark}{named}"))),
    )
    before, _, after = Fragment(_status(theme, bool(topics)), element).rpartition(mark)
    return before, after


def _status(theme: Theme, has_topics: bool) -> Html:
    """A live region that is there from the beginning, or nobody would be told what appears in it."""
    css = theme["reconnecting"]
    lost = P(say("reconnecting"), cls=css, hidden=True, attr_hidden="!$_stream.told")
    failed = P(
        say("not_done"), cls=css, hidden=True, attr_hidden="!$_stream.failed || $_stream.told"
    )
    refused = P(
        say("topic_refused"),
        cls=css,
        hidden=True,
        attr_hidden="!$_stream.refused || $_stream.told || $_stream.failed",
    )
    return Div(
        lost,
        failed,
        refused if has_topics else None,
        role="status",
        signals__ifmissing={"_stream": {**CONNECTED["_stream"], "failed": False}},
        **{"data-on:datastar-fetch": _HEARD},
    )
