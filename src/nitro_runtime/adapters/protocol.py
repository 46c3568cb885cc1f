"""What every adapter module offers, whatever its framework: written down once, as a Protocol.

An adapter is a module. It has the four operations of the web core (routes are mounted, a native
request becomes a neutral one, a neutral reply a native one, streams end at shutdown) and the names
that applications call. A plugin's adapter is a module with the same names, found by an entry point
of the group ``nitro.adapters``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, Unpack

from nitro_runtime.views import Notice
from nitro_runtime.web import Reply, Request, Route
from nitro_runtime.web.installing import Options

NAMES = (
    "install", "mount", "neutral", "native", "shutdown",
    "reply", "redirect", "html", "page", "gate", "ReadSignals",
)  # fmt: skip
"""The names that every adapter module offers."""


class Adapter(Protocol):
    """An adapter module. ``Any`` stands where each framework has a type of its own."""

    # -- the four operations ---------------------------------------------------------------------

    def install(
        self,
        app: Any,  # noqa: ANN401 # the framework's app
        **options: Unpack[Options],
    ) -> None:
        """Adds Nitro to an app: ``/cmds``, ``/events``, static files, and answers to Nitro's errors.

        The app's own routes stay as they are, cost nothing more than before, and win over Nitro's
        wherever they are registered. A framework without an app object (Django) raises here and
        names the settings to write.

        Args:
            app: The app.
            **options: See `nitro_runtime.web.installing.Options`.

        Raises:
            ConfigurationError: One of these cannot be, the app is another framework's, or Nitro is
                installed on it already.
        """

    def mount(self, app: Any, routes: Iterable[Route], prefix: str = "") -> None:  # noqa: ANN401 # the framework's app
        """Mounts neutral routes; they yield to the app's own, wherever those are registered."""

    def neutral(self, request: Any) -> Request:  # noqa: ANN401 # the framework's request
        """Returns the neutral request of a native one, always the same for the same request."""
        ...

    def native(self, request: Any, reply: Reply) -> Any:  # noqa: ANN401 # the framework's request and response
        """Returns the native response of a neutral reply; each chunk of a stream is flushed by itself."""

    def shutdown(self) -> None:
        """Ends Nitro's open streams in this process, and refuses new ones.

        A server waits for its open requests before it stops, and a stream never ends by itself. A
        server that stops by a signal has this done for it; where a framework has a hook that runs
        before that wait, the adapter calls it from there.
        """

    # -- what applications call ------------------------------------------------------------------

    def reply(self, request: Any, view: Any, *, status: int | None = None) -> Any:  # noqa: ANN401 # the framework's types; any view
        """Answers with a view: a whole page, or patches when Datastar asks.

        Args:
            request: The native request.
            view: A `Page`, or any view or element, which is put into one.
            status: The status of a plain reply; by default the page's own (422 for an invalid form).
        """

    def redirect(self, request: Any, url: str, *, notice: Notice | str | None = None) -> Any:  # noqa: ANN401 # the framework's types
        """Sends the browser to another page of this site, where it is shown the notice.

        Raises:
            ConfigurationError: The target is not a path of this site.
        """

    def html(self, view: Any, *, status: int = 200) -> Any:  # noqa: ANN401 # any view; the framework's response
        """Makes a response of a view as it stands: no tab, no notices, no stream."""

    def page(self, function: Callable[..., Any], /) -> Callable[..., Any]:
        """Lets a handler, sync or async, return a `Page`, a view or an element.

        Anything else that the handler returns passes through.
        """
        ...

    @property
    def gate(self) -> Callable[..., Any]:
        """Guards what it is put on, in the form that the framework has for guards.

        Raises:
            Refused: When called with a request: 403, one that changes something did not come from
                this site's own pages.
        """
        ...

    @property
    def ReadSignals(self) -> Any:  # noqa: ANN401 # the same name in every adapter
        """The signals of the request, in the form that the framework has for such values."""
