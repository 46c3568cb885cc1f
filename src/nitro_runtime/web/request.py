"""The neutral request and reply: what every adapter makes and takes, whatever the framework."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nitro_runtime import context
from nitro_runtime.errors import ConfigurationError, Refused
from nitro_runtime.views import BROWSER_SIGNAL
from nitro_runtime.views.csrf import Csrf
from nitro_runtime.views.words import Words
from nitro_runtime.web.forms import FORM_TYPES, Multi, parse_urlencoded
from nitro_runtime.web.multipart import MultipartReader
from nitro_runtime.web.signals import Signals, parse_signals
from nitro_runtime.web.uploads import Posted, Uploads

BODY_LIMIT = 64 * 1024
"""Bytes of a body, unless a route says otherwise."""

PIECE_BYTES = 64 * 1024
MEMORY_BODY_BYTES = 1024 * 1024
"""A longer form is read piece by piece, and not kept for the app to read once more."""

DISCARDED_BYTES = 64 * 1024 * 1024
"""A body that is refused for its length is read away up to this length."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""

UserHook = Callable[[Any], Any]
"""Takes the framework's own request, returns the signed-in user or None; may be a coroutine."""

WordsHook = Callable[["Request"], Words | None]
"""Takes the neutral request, returns the words for its visitor, or None for the app's usual ones."""

_UNKNOWN: Any = object()


@dataclass(frozen=True, slots=True)
class Site:
    """How Nitro was installed on one app.

    Attributes:
        prefix: What stands before ``/cmds`` and ``/events``.
        static_url: Where static files are, without a final slash; None when there are none.
        static_folder: The folder that they come from.
        user: The hook into the host's authentication.
        words: The hook that chooses the words in which a visitor is spoken to.
        csp: The content security policy of pages, with ``{nonce}`` in it; None sends none.
        compress: Whether streams may be compressed.
    """

    prefix: str = ""
    static_url: str | None = None
    static_folder: Path | None = None
    user: UserHook | None = None
    words: WordsHook | None = None
    csp: str | None = None
    compress: bool = True


@dataclass(slots=True, eq=False, weakref_slot=True)
class Request:
    """One HTTP request, as handlers, views and the gate see it. It belongs to one task.

    Attributes:
        method: In capitals.
        path: Percent-decoded, below the place where the app is mounted.
        headers: By lower-case name.
        query: The query string, parsed.
        cookies: By name.
        params: The parameters of the route, percent-decoded.
        scheme: ``http`` or ``https``.
        host: As the browser named it, with the port when it is not the scheme's own.
        base: Where the app is mounted, without a final slash; mostly empty.
        address: The IP address of the client as the server has it: that of a proxy, unless the server
            was told to trust what the proxy says. Empty when it is not known.
        native: The framework's own request; None in tests.
        site: How Nitro was installed on the app.
        csrf: The host's own protection against forged posts; None where it has none.
        read: Reads the body; raises `Refused` (413) beyond the given number of bytes.
        pieces: Reads the body piece by piece, for forms that are too long for the memory; None
            where the framework has read it whole by then.
        parsed: Returns the form that the framework has parsed already, so that its body cannot be
            read again; None when it has not.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Multi = field(default_factory=Multi)
    cookies: Mapping[str, str] = field(default_factory=dict[str, str])
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    scheme: str = "http"
    host: str = "localhost"
    base: str = ""
    address: str = ""
    native: Any = None
    site: Site = field(default_factory=Site)
    csrf: Csrf | None = None
    read: Callable[[int], Awaitable[bytes]] | None = None
    pieces: Callable[[], AsyncIterator[bytes]] | None = None
    parsed: Callable[[], Posted | None] | None = None
    kept: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """What belongs to this request alone: its session, its notices."""
    _body: bytes | None = field(default=None, repr=False)
    _posted: Posted | None = field(default=None, repr=False)
    _user: Any = field(default=_UNKNOWN, repr=False)

    def __post_init__(self) -> None:
        if self.native is not None:
            context.begin_serving()

    @property
    def is_safe(self) -> bool:
        """Whether the method changes nothing."""
        return self.method in SAFE_METHODS

    @property
    def is_datastar(self) -> bool:
        """Whether Datastar sent it, and so expects server-sent events back."""
        return self.headers.get("datastar-request", "").lower() == "true"

    @property
    def content_type(self) -> str:
        """The media type of the body, in small letters, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_form(self) -> bool:
        """Whether the body is a form's."""
        return self.content_type in FORM_TYPES

    @property
    def announced_bytes(self) -> int:
        """The length of the body as it was announced; 0 when there is none, or none that can be read."""
        text = self.headers.get("content-length", "").lstrip("0")
        return int(text[:20]) if text.isascii() and text.isdigit() else 0  # 20 digits: too long

    @property
    def words(self) -> Words | None:
        """The words in which the visitor is spoken to; None for the app's usual ones."""
        if self.site.words is None:
            return None
        if "words" not in self.kept:
            self.kept["words"] = self.site.words(self)
        return self.kept["words"]

    @property
    def user(self) -> Any:  # noqa: ANN401 # the host's own user class
        """The signed-in user, or None.

        Raises:
            ConfigurationError: The hook is a coroutine and `load_user` was not awaited before.
        """
        self.ask_user()
        if self._user is _UNKNOWN:
            raise ConfigurationError("Await request.load_user() before reading request.user.")
        return self._user

    def ask_user(self) -> None:
        """Asks the hook for the user in this thread, unless it was asked or is a coroutine."""
        hook = self.site.user
        if self._user is _UNKNOWN and not (hook and inspect.iscoroutinefunction(hook)):
            found = hook(self.native) if hook else None
            if inspect.iscoroutine(found):  # a hook that waits where it may, and here it may not
                found.close()
            else:
                self._user = found

    @property
    def has_async_user(self) -> bool:
        """Whether the hook for the user is a coroutine that was not awaited yet."""
        hook = self.site.user
        return self._user is _UNKNOWN and hook is not None and inspect.iscoroutinefunction(hook)

    async def load_user(self) -> Any:  # noqa: ANN401 # the host's own user class
        """Returns the signed-in user, or None; asks the hook at most once."""
        if self._user is _UNKNOWN:
            found = self.site.user(self.native) if self.site.user else None
            self._user = await found if inspect.isawaitable(found) else found
        return self._user

    async def body(self, limit: int = BODY_LIMIT) -> bytes:
        """Reads the whole body, once.

        Args:
            limit: The most bytes to accept.

        Raises:
            Refused: 413, it is longer; 415, it is compressed; 408, it came too slowly.
        """
        if self._body is None:
            await self._refuse_announced(limit)
            self._body = await self.read(limit) if self.read else b""
        refuse_longer(len(self._body), limit)
        return self._body

    async def discard(self) -> None:
        """Reads away a short body that nobody asked for, before a refusal is sent.

        Some servers close the connection of a request whose body was not read, and its client may
        then never see the answer.
        """
        if self._body is None and self.read and 0 < self.announced_bytes <= BODY_LIMIT:
            self._body = await self.read(BODY_LIMIT)

    async def form(self, limit: int = BODY_LIMIT) -> Multi:
        """Returns the text fields of a form; empty for a request that has no body by its method.

        Args:
            limit: The most bytes to accept, files and all.

        Raises:
            Refused: 413 too long or too many, 415 not a form, 422 not whole or not UTF-8.
        """
        return (await self._form(limit)).fields

    async def files(self, limit: int = BODY_LIMIT) -> Uploads:
        """Returns the files of a form; none for a form that is not ``multipart/form-data``.

        Args:
            limit: The most bytes to accept, all fields together; a route for uploads gives more.

        Raises:
            Refused: As `form`.
        """
        return (await self._form(limit)).files

    async def _form(self, limit: int) -> Posted:
        """Reads and parses the form, once."""
        if self.is_safe:
            return Posted()
        if not self.is_form:
            raise Refused(415, "Send a form as application/x-www-form-urlencoded or multipart.")
        if self._posted is None:
            known = self.parsed() if self.parsed else None
            self._posted = known or await self._parse_form(limit)
        refuse_longer(self._posted.size, limit)
        return self._posted

    async def _parse_form(self, limit: int) -> Posted:
        if self.content_type == "application/x-www-form-urlencoded":
            body = await self.body(limit)
            return Posted(parse_urlencoded(body), size=len(body))
        await self._refuse_announced(limit)
        reader = MultipartReader(self.headers["content-type"])
        pieces = self._pieces(limit)
        size = 0
        try:
            async for piece in pieces:
                size += len(piece)
                refuse_longer(size, limit)
                if size <= MEMORY_BODY_BYTES:
                    reader.feed(piece)
                else:  # a temporary file is written to by now, which may block
                    await asyncio.to_thread(reader.feed, piece)
        except Refused:
            await self._read_away(pieces, size)
            raise
        return reader.finish()

    async def _pieces(self, limit: int) -> AsyncIterator[bytes]:
        """The body in pieces: straight from the network when it is announced as a long one."""
        if self._body is None and self.pieces and self.announced_bytes > MEMORY_BODY_BYTES:
            async for piece in self.pieces():
                yield piece
            return
        body = await self.body(limit)
        for start in range(0, len(body), PIECE_BYTES):
            yield body[start : start + PIECE_BYTES]

    async def _refuse_announced(self, limit: int) -> None:
        """Refuses a body that says itself that it is too long.

        It is read away first: a proxy that is still sending it would not read the answer.
        """
        if self.headers.get("content-encoding", "identity").lower() != "identity":
            await self.discard()  # what it would unpack to, nobody knows before (RFC 9110, 15.5.16)
            plain = [("accept-encoding", "identity")]
            raise Refused(415, "Send the body as it is, not compressed.", headers=plain)
        length = self.announced_bytes
        if self._body is None and self.pieces and limit < length:
            await self._read_away(self.pieces())
        refuse_longer(length, limit)

    async def _read_away(self, pieces: AsyncIterator[bytes], read: int = 0) -> None:
        """Reads the rest of a refused body as it was announced, unless that is very long.

        Args:
            pieces: The rest.
            read: The bytes that were read before.
        """
        announced = self.announced_bytes
        if announced > DISCARDED_BYTES:
            return
        with suppress(Refused):  # the client left
            while read < announced and (piece := await anext(pieces, None)) is not None:
                read += len(piece)

    async def signals(self, limit: int = BODY_LIMIT) -> Signals:
        """Returns the signals of a Datastar request; empty for any other and for form posts.

        Raises:
            Refused: 413 too long, 415 a body that is not JSON, 422 not a plain JSON object.
        """
        if not self.is_datastar or self.is_form:
            return Signals()
        found = self.kept["signals"] = await self._read_signals(limit)
        context.remember_request(self)
        if BROWSER_SIGNAL in found and self.has_async_user and _may_wait():
            await self.load_user()  # whose storage it is, is asked by code that may not wait
        return found

    async def _read_signals(self, limit: int) -> Signals:
        # Datastar sends GET and DELETE without a body.
        if self.method in {"GET", "HEAD", "DELETE"}:
            text = self.query.get("datastar", "")
            refuse_longer(len(text), limit)
            return parse_signals(text)
        body = await self.body(limit)
        if body and self.content_type != "application/json":
            raise Refused(415, "Send signals as application/json.")
        return parse_signals(body)


context.register_request(Request, lambda request: request)


def _may_wait() -> bool:
    """Whether a loop runs here; without one a coroutine is driven by hand and waits for nothing."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def refuse_longer(length: int, limit: int) -> None:
    """Refuses a body beyond the limit.

    Raises:
        Refused: 413.
    """
    if length > limit:
        raise Refused(413, f"The body may have at most {limit} bytes.")


@dataclass(slots=True)
class Reply:
    """One HTTP reply.

    Attributes:
        status: The status code.
        headers: Name and value; a name may come twice, as ``set-cookie`` does.
        body: All of it, or an async iterator of chunks, each of which is flushed by itself.
    """

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    body: bytes | AsyncIterator[bytes] = b""


Handler = Callable[[Request], Awaitable[Reply]]
"""What a neutral route calls."""


@dataclass(frozen=True, slots=True)
class Route:
    """A neutral route.

    Attributes:
        path: ``/cmds/{command}/{sender}``; a parameter is one whole segment and never empty.
        methods: In capitals; ``HEAD`` comes with ``GET``.
        handler: Answers it.
        name: Unique within the app; adapters put ``nitro_`` before it.
        needs_no_loop: Says for a request, whose body is there, that the handler will run in one go,
            so that a thread need not hand it to an event loop; None: it never says so.
    """

    path: str
    methods: tuple[str, ...]
    handler: Handler
    name: str
    needs_no_loop: Callable[[Request], bool] | None = None
