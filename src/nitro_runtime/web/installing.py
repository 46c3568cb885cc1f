"""What every adapter's ``install`` does, whatever the framework, and the end of it: `shutdown`."""

from __future__ import annotations

import hmac
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, TypedDict

from nitro_runtime.brokers import use_environment
from nitro_runtime.errors import ConfigurationError, suggestion
from nitro_runtime.signing import configure_secret
from nitro_runtime.sse.shutdown import close_all
from nitro_runtime.storage import serve_below
from nitro_runtime.web.policy import policy_of
from nitro_runtime.web.request import Site, UserHook, WordsHook
from nitro_runtime.web.stream_limits import streams
from nitro_runtime.web.threads import asked_in_thread

log = logging.getLogger(__name__)

STATIC_URL = "/static"

Folder = str | PathLike[str]
"""A folder, as ``install`` takes it."""


class Options(TypedDict, total=False):
    """What ``install`` takes beside the app, on every framework; each may be left out.

    Attributes:
        static: A folder for ``/static``, unless the app has something there; None takes the folder
            ``static`` of the working directory when there is one.
        user: Takes the framework's request, returns the signed-in user or None; may be a coroutine.
            None asks the framework's own authentication.
        prefix: Stands before ``/cmds`` and ``/events``: empty, or ``/live``.
        secret_key: Signs tabs and view keys; None or empty leaves it to ``NITRO_SECRET_KEY``.
        words: Takes the neutral request, returns the words that its visitor is spoken to in, or None
            for those of `nitro.use_words`; see `nitro.by_language`.
        csp: Sends a content security policy with every page: True for Nitro's own, or a policy in
            which ``{nonce}`` stands for what `nitro.nonce` gives to scripts and styles of yours.
        compress: Compresses streams for browsers that take it: zstd where it is installed, or gzip.
            False leaves them as they are, as for a proxy that compresses.
        streams_per_user: Streams that one user may have open in a process, or one browser where
            nobody is signed in: 50. Beyond, the answer is 503.
        streams_in_process: Streams that may be open in a process: 10,000.
    """

    static: Folder | None
    user: UserHook | None
    prefix: str
    secret_key: str | None
    words: WordsHook | None
    csp: bool | str
    compress: bool
    streams_per_user: int | None
    streams_in_process: int | None


def make_site(
    *,
    static: Folder | None = None,
    user: UserHook | None = None,
    prefix: str = "",
    secret_key: str | None = None,
    fallbacks: Sequence[str] | None = None,
    words: WordsHook | None = None,
    csp: bool | str = False,
    compress: bool = True,
    streams_per_user: int | None = None,
    streams_in_process: int | None = None,
) -> Site:
    """Makes the description of an installation from the arguments of ``install``: see `Options`.

    Args:
        static: A folder.
        user: The hook into the host's authentication.
        prefix: What stands before Nitro's own routes.
        secret_key: Signs.
        fallbacks: Former keys beside a ``secret_key``; None: ``NITRO_SECRET_KEY_FALLBACKS``.
        words: The hook that chooses the words.
        csp: The content security policy.
        compress: Whether streams may be compressed.
        streams_per_user: A limit for the process; None leaves it as it is.
        streams_in_process: Likewise.

    Raises:
        ConfigurationError: The folder does not exist, the prefix or the policy cannot be one, the
            key is short, the broker's address is none.
        MissingExtra: The broker that ``NITRO_BROKER_URL`` names needs redis-py.
    """
    if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
        raise ConfigurationError("A prefix starts with a slash and does not end with one: /live.")
    if secret_key:
        configure_secret(secret_key, fallbacks)
    streams.set(per_user=streams_per_user, in_process=streams_in_process)
    serve_below(prefix)
    use_environment()
    folder = Path(static) if static is not None else Path.cwd() / "static"
    found = folder.is_dir()
    if static is not None and not found:
        raise ConfigurationError(f"The static folder {str(folder)!r} does not exist.")
    if not found:
        log.warning(
            "there is no static folder, so pages have no script and nothing is live; "
            "make one with: nitro assets static"
        )
    return Site(
        prefix=prefix,
        static_url=STATIC_URL if found else None,
        static_folder=folder.resolve() if found else None,
        user=user,
        words=words,
        csp=policy_of(csp),
        compress=compress,
    )


def site_from(
    given: Mapping[str, Any],
    *,
    user: UserHook,
    secrets: Sequence[str],
    to_thread: Callable[[UserHook], UserHook],
    static_url: str | None,
) -> Site:
    """Makes the description of an installation from the settings of a project.

    Args:
        given: What ``install`` takes, by name; each may be left out.
        user: The hook when none is given; it is asked about requests that have a ``user``.
        to_thread: Makes a coroutine function of a hook that may wait for a database.
        static_url: Where the host serves static files itself; None when it does not.
        secrets: What the key is derived from when none is given, nor ``NITRO_SECRET_KEY``; then what
            former keys were derived from.

    Raises:
        ConfigurationError: One of them is unknown, or cannot be.
    """
    known = tuple(Options.__annotations__)
    if unknown := [name for name in given if name not in known]:
        raise ConfigurationError(
            f"Nitro has no setting {unknown[0]!r}.{suggestion(unknown[0], known)}"
            f" It takes {', '.join(known)}."
        )
    in_thread = asked_in_thread(user, to_thread)

    def asked(native: Any) -> Any:  # noqa: ANN401 # the host's request; its user
        return in_thread(native) if hasattr(native, "user") else None  # without a way to a thread

    purpose = b"the key with which Nitro signs"
    key, *former = [hmac.digest(one.encode(), purpose, "sha256").hex() for one in secrets]
    is_derived = not (given.get("secret_key") or os.environ.get("NITRO_SECRET_KEY"))
    site = make_site(
        static=given.get("static"),
        user=asked_in_thread(given["user"], to_thread) if given.get("user") else asked,
        prefix=given.get("prefix", ""),
        secret_key=key if is_derived else given.get("secret_key"),
        words=given.get("words"),
        csp=given.get("csp", False),
        streams_per_user=given.get("streams_per_user"),
        streams_in_process=given.get("streams_in_process"),
        compress=given.get("compress", True),
        fallbacks=former if is_derived and former else None,
    )
    return replace(site, static_url=static_url or site.static_url)


def included(
    site: Site, address_of: Callable[[str], str], missing: type[Exception], base: str
) -> Site:
    """Returns the site when its routes stand where its pages look for them.

    Args:
        site: How Nitro was installed.
        address_of: Returns the address of a route by its name.
        missing: What that raises when there is none of this name.
        base: Where the project is mounted, without a final slash.

    Raises:
        ConfigurationError: The routes are not there, or elsewhere.
    """
    with suppress(missing):
        if address_of("nitro_events") == f"{base}{site.prefix}/events":
            return site
    raise ConfigurationError(
        "Nitro's addresses are not where pages look for them: write path('', include('nitro.urls')) "
        "last in urlpatterns, and what is to stand before them as NITRO = {'prefix': '/live'}."
    )


def already_installed() -> ConfigurationError:
    """Returns the error for a second ``install`` on one app."""
    return ConfigurationError("Nitro is installed on this app already; call install(app) once.")


def expect_app(app: object, kind: type, *, installed: Callable[[], bool] = lambda: False) -> None:
    """Refuses an app of another framework, and a second ``install`` on one app.

    Args:
        app: What was given; perhaps an ASGI app where a WSGI framework's is expected.
        kind: What it must be.
        installed: Says whether Nitro is installed on it already.

    Raises:
        ConfigurationError: It is not of this kind, or Nitro is there.
    """
    if not isinstance(app, kind):
        given = type(app)
        raise ConfigurationError(
            f"This adapter is for an app of type {kind.__name__} and was given a {given.__name__} "
            f"of {given.__module__.partition('.')[0]}; nitro.install(app) finds the right adapter."
        )
    if installed():
        raise already_installed()


def shutdown() -> None:
    """Ends Nitro's open streams in this process, and refuses new ones.

    A server that stops by a signal has this done for it (`nitro_runtime.sse.shutdown`); an adapter
    calls it from a hook of its framework's that runs before open requests are waited for.
    """
    close_all()


def act_before(owner: Any, method: str, act: Callable[[], object]) -> None:  # noqa: ANN401 # any object
    """Has something done before each call of an object's method, where a framework has no hook."""
    then = getattr(owner, method)

    def act_first(*args: Any, **options: Any) -> Any:  # noqa: ANN401 # the method's
        act()
        return then(*args, **options)

    setattr(owner, method, act_first)
