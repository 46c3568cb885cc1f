"""The header ``Idempotency-Key``: a command that is sent again with its key runs once.

As in the IETF draft draft-ietf-httpapi-idempotency-key-header-07: a repeat gets the first answer again;
one that comes while the first still runs waits for it, and is told 409 when that takes too long; the
same key with another input is 422. A key belongs to its session and user. A command that failed or was
refused does not use it up. A connection that is lost does not end the command, so that what comes
again finds its answer.

A server that is killed in the middle leaves a key taken until its lease ends; what the command had
committed by then stays, and a later repeat runs it again. So does one that comes after the lease of a
command that takes longer than that.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain, repeat
from threading import Lock
from typing import Any, Protocol

from nitro_runtime.errors import ConfigurationError, Refused
from nitro_runtime.events import signed_in
from nitro_runtime.web import session
from nitro_runtime.web.closing import user_id
from nitro_runtime.web.request import Reply, Request

log = logging.getLogger(__name__)

HEADER = "idempotency-key"
FAILED = "command_failed"
"""What a request keeps whose command failed after the reply had begun, too late for a status."""

_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_PAUSES = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Seconds between two looks at a command that still runs; the last one is used from then on."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What is known of a key.

    Attributes:
        fingerprint: Of the command and its input.
        owner: Who runs it.
        answer: What it was answered; None while it runs.
    """

    fingerprint: str
    owner: str
    answer: bytes | None = None


class IdempotencyStore(Protocol):
    """Keeps keys and answers. It must be safe across threads, and what it does atomic."""

    async def claim(self, key: str, claim: Claim, seconds: float) -> Claim | None:
        """Takes a key, unless somebody has it.

        Args:
            key: At most 64 letters and digits.
            claim: Who takes it, for what.
            seconds: How long at most it is held without an answer.

        Returns:
            None, it is taken; else what was known of it.
        """
        ...

    async def keep(self, key: str, claim: Claim, seconds: float) -> None:
        """Keeps the answer for so many seconds, unless the key is another owner's by now."""
        ...

    async def release(self, key: str, claim: Claim) -> None:
        """Gives a key back whose command did not succeed, unless it is another owner's."""
        ...


class MemoryIdempotency:
    """Keys of one process.

    Args:
        most: Keys at most.
        most_bytes: Bytes of all answers at most. What is oldest is forgotten first.
        clock: Seconds, never going back.
    """

    def __init__(
        self,
        most: int = 10_000,
        most_bytes: int = 16 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._clock = clock
        self._claims: OrderedDict[str, tuple[float, Claim]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    async def claim(self, key: str, claim: Claim, seconds: float) -> Claim | None:
        """Takes a key, unless somebody has it.

        Raises:
            Refused: 503, there is no room: that many commands run.
        """
        with self._lock:
            known = self._known(key)
            if known is None:
                if not self._make_room(1, 0):
                    raise Refused(503, "Too much is going on; try again in a moment.")
                self._claims[key] = self._clock() + seconds, claim
            return known

    async def keep(self, key: str, claim: Claim, seconds: float) -> None:
        """Keeps the answer, unless the key is another owner's by now."""
        with self._lock:
            known = self._known(key)
            if known is not None and known.owner == claim.owner:
                self._forget(key)
                if not self._make_room(1, len(claim.answer or b"")):
                    claim = replace(
                        claim, answer=b""
                    )  # that it was done is remembered nevertheless
                self._claims[key] = self._clock() + seconds, claim
                self._bytes += len(claim.answer or b"")

    async def release(self, key: str, claim: Claim) -> None:
        """Gives a key back, unless it is another owner's."""
        with self._lock:
            known = self._known(key)
            if known is not None and known.owner == claim.owner:
                self._forget(key)

    def _known(self, key: str) -> Claim | None:
        expires, claim = self._claims.get(key, (0.0, None))
        if claim is not None and expires <= self._clock():
            self._forget(key)
            return None
        return claim

    def _forget(self, key: str) -> None:
        _, claim = self._claims.pop(key)
        self._bytes -= len(claim.answer or b"")

    def _make_room(self, keys: int, size: int) -> bool:
        """Forgets the oldest answers until there is room; what still runs is never forgotten."""
        if len(self._claims) + keys <= self._most and self._bytes + size <= self._most_bytes:
            return True
        for key, (expires, claim) in list(self._claims.items()):
            if claim.answer is not None or expires <= self._clock():
                self._forget(key)
                if (
                    len(self._claims) + keys <= self._most
                    and self._bytes + size <= self._most_bytes
                ):
                    return True
        return False


@dataclass(frozen=True, slots=True)
class Idempotency:
    """How keys are treated.

    Attributes:
        store: Where they are kept.
        kept: Seconds that an answer is kept.
        lease: Seconds that a command may take; a key whose command neither ends nor fails, as when the
            process was killed, is free after them.
        patience: Seconds that a repeat waits for the first one's answer before it is told 409.
        most_bytes: Bytes of an answer that is kept; of a longer one a repeat is told that it was done.
    """

    store: IdempotencyStore
    kept: float = 24 * 3600
    lease: float = 300
    patience: float = 10
    most_bytes: int = 256 * 1024


_used = [Idempotency(MemoryIdempotency())]


def use_idempotency(
    store: IdempotencyStore | None = None,
    *,
    kept: float = 24 * 3600,
    lease: float = 300,
    patience: float = 10,
) -> None:
    """Says where keys are kept; without, it is the memory of the process, which several do not share.

    Args:
        store: A `nitro_runtime.web.idempotency_rows.EntityIdempotency`, or one of your own; None for
            memory.
        kept: Seconds that an answer is kept.
        lease: Seconds that a command may take at most.
        patience: Seconds that a repeat waits for the first one's answer.

    Raises:
        ConfigurationError: A number is not above zero.
    """
    if min(kept, lease, patience) <= 0:
        raise ConfigurationError("kept, lease and patience are seconds, and more than none.")
    _used[:] = [Idempotency(store or MemoryIdempotency(), kept, lease, patience)]


def key_of(request: Request) -> str | None:
    """Returns the key that a request came with; None for none.

    Raises:
        Refused: 400, it is not 1 to 128 visible characters of ASCII.
    """
    given = request.headers.get(HEADER)
    if given is None:
        return None
    bare = given[1:-1] if len(given) > 1 and given[0] == given[-1] == '"' else given
    if not _KEY.fullmatch(bare):
        raise Refused(400, "An Idempotency-Key has 1 to 128 visible characters.")
    return bare


async def once(
    request: Request,
    command: str,
    data: Mapping[str, Any],
    key: str,
    run: Callable[[], Awaitable[Reply]],
) -> Reply:
    """Has a command answered once for a key; whatever comes again gets that answer.

    Args:
        request: The request.
        command: Its name.
        data: Its input, as it came from outside.
        key: The key.
        run: Runs it; the reply is good when its status is below 400.

    Raises:
        Refused: 409 it still runs, or its answer was too long to be kept; 422 the key was used for
            something else.
    """
    using = _used[0]
    place = _place(request, key)
    claim = Claim(_fingerprint(command, data), secrets.token_hex(16))
    known = await _claimed(using, place, claim)
    if known is None:
        return await _first(using, place, claim, run, request)
    if known.answer is None:
        again = [("retry-after", "1")]
        raise Refused(409, "This is being done already; wait for its answer.", headers=again)
    if not known.answer:
        raise Refused(409, "This was done already; its answer was too long to be kept.")
    return _unpacked(known.answer)


async def _claimed(using: Idempotency, place: str, claim: Claim) -> Claim | None:
    """Takes a key, or waits until its answer is there, or the time is up."""
    until = time.monotonic() + using.patience
    pauses = chain(_PAUSES, repeat(_PAUSES[-1]))
    while True:
        known = await _asked(using, place, claim)
        if known is None:
            return None
        if known.fingerprint != claim.fingerprint:
            raise Refused(422, "This Idempotency-Key was used for something else.")
        if known.answer is not None or time.monotonic() >= until:
            return known
        await asyncio.sleep(next(pauses))


async def _asked(using: Idempotency, place: str, claim: Claim) -> Claim | None:
    """Takes a key unless somebody has it; of one that nobody will use nothing is left."""
    try:
        return await using.store.claim(place, claim, using.lease)
    except asyncio.CancelledError:
        # The connection is lost, and it is not told whether the key was taken.
        _go_on(_release(using, place, claim))
        raise


async def _release(using: Idempotency, place: str, claim: Claim) -> None:
    """Gives a key back; one that cannot be given back is free when its lease ends."""
    try:
        await using.store.release(place, claim)
    except Exception:
        log.exception("the key of a command that did not succeed could not be given back")


def _place(request: Request, key: str) -> str:
    """Whose key it is: the session's, and the user's in it."""
    user = user_id(request.user) if signed_in(request.user) else ""
    parts = [session.session_id(request), user, key]
    return sha256(json.dumps(parts).encode()).hexdigest()


def _fingerprint(command: str, data: Mapping[str, Any]) -> str:
    text = json.dumps([command, data], sort_keys=True, default=str)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# -- the first one ------------------------------------------------------------------------------

_running: set[asyncio.Task[Any]] = set()
"""What runs though nobody may listen any more; a loop holds its tasks weakly."""


def _go_on(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Has something run to its end, also when whoever began it is cancelled."""
    task = asyncio.create_task(work)
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task


async def _first(
    using: Idempotency,
    place: str,
    claim: Claim,
    run: Callable[[], Awaitable[Reply]],
    request: Request,
) -> Reply:
    """Runs a command in a task of its own, which goes on when the connection is lost."""
    first = _First(using, place, claim, request)
    task = _go_on(first.work(run))
    reply = await asyncio.shield(first.begun)
    if isinstance(reply.body, bytes):
        await asyncio.shield(task)  # until its answer is kept
        return reply
    return replace(reply, body=first.follow())


class _First:
    """The one call of a command with a key that runs.

    Attributes:
        begun: The reply, once it is known that there will be one.
    """

    def __init__(self, using: Idempotency, place: str, claim: Claim, request: Request) -> None:
        self.begun: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._using = using
        self._place = place
        self._claim = claim
        self._request = request  # which is known weakly while it is answered
        self._chunks: asyncio.Queue[bytes | None] | None = asyncio.Queue()

    async def work(self, run: Callable[[], Awaitable[Reply]]) -> None:
        """Runs the command to its end, and keeps the answer of one that succeeded."""
        try:
            reply = await run()
            self.begun.set_result(reply)
            body = await self._collected(reply)
        except BaseException as error:
            waited_for = not self.begun.done()
            try:
                await _release(self._using, self._place, self._claim)
            finally:
                if waited_for:  # told also when this task is cancelled meanwhile
                    self.begun.set_exception(error)
            if not waited_for:
                raise
        else:
            await self._end(Reply(reply.status, reply.headers, body))
        finally:
            self._pass_on(None)

    async def follow(self) -> AsyncIterator[bytes]:
        """Yields the body as it comes, for as long as the connection lasts."""
        chunks = self._chunks
        try:
            while chunks is not None and (chunk := await chunks.get()) is not None:
                yield chunk
        finally:
            self._chunks = None

    async def _collected(self, reply: Reply) -> bytes:
        """Returns the body, and passes it on as it comes; of one that is too long only a part."""
        if isinstance(reply.body, bytes):
            return reply.body
        body = bytearray()
        async for chunk in reply.body:
            self._pass_on(chunk)
            if len(body) <= self._using.most_bytes:
                body += chunk
        return bytes(body)

    def _pass_on(self, chunk: bytes | None) -> None:
        if self._chunks is not None:
            self._chunks.put_nowait(chunk)

    async def _end(self, reply: Reply) -> None:
        using = self._using
        if reply.status >= 400 or FAILED in self._request.kept:
            await _release(using, self._place, self._claim)
            return
        packed = _packed(reply)
        answer = packed if len(packed) <= using.most_bytes else b""
        try:
            await using.store.keep(self._place, replace(self._claim, answer=answer), using.kept)
        except Exception:
            # It is done, and must not be done again: the key stays taken until its lease ends.
            log.exception("the answer of a command could not be kept with its key")


def _packed(reply: Reply) -> bytes:
    """A reply as bytes, without its cookies: they were for that moment."""
    headers = [[name, value] for name, value in reply.headers if name != "set-cookie"]
    head = json.dumps([reply.status, headers]).encode()
    return head + b"\n" + (reply.body if isinstance(reply.body, bytes) else b"")


def _unpacked(packed: bytes) -> Reply:
    head, _, body = packed.partition(b"\n")
    status, headers = json.loads(head)
    return Reply(status, [(name, value) for name, value in headers], body)
