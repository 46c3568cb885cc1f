"""Ends open streams before a server waits for them.

A server that is asked to stop waits for its open requests, and a stream never ends by itself:
uvicorn (also under ``--reload``), gunicorn and others hang. Frameworks' own shutdown hooks run after
that wait, which is too late. So the hub is closed by a signal handler that then calls the handler
which stood there before: the server's.

uvicorn installs its handlers after the application was imported, so the place is checked again
whenever a stream begins. Only the main thread may do that: WSGI servers install theirs before they
import the application, so an adapter calls `install` at import.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import weakref
from collections.abc import Callable
from types import FrameType

log = logging.getLogger(__name__)

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGQUIT") if hasattr(signal, name)
)
"""What servers are stopped with; gunicorn passes a Ctrl-C on to its workers as SIGQUIT."""

_Handler = Callable[[int, FrameType | None], object]

_closers: list[weakref.WeakMethod[Callable[[], None]]] = []


class _CloseFirst:
    """A signal handler: closes what was registered, then does what was done before."""

    def __init__(self, previous: _Handler | int) -> None:
        self.previous = previous

    def __call__(self, number: int, at: FrameType | None) -> None:
        close_all()
        if callable(self.previous):
            self.previous(number, at)
        else:  # SIG_DFL: the process is to end by this signal
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)


def watch(closer: Callable[[], None]) -> None:
    """Has a bound method called when the process is asked to stop; its object is held weakly.

    Cheap when all is in place, so every new stream calls it.
    """
    if not any(known() == closer for known in _closers):
        _closers[:] = [known for known in _closers if known() is not None]
        _closers.append(weakref.WeakMethod(closer))
    install()


def install() -> bool:
    """Puts the handlers in place, or back in front when a server has replaced them since.

    Returns:
        Whether they are in place now: False outside the main thread, where no handler can be
        set, and where a signal is ignored or handled outside Python.
    """
    done = True
    for number in SIGNALS:
        current = signal.getsignal(number)
        if isinstance(current, _CloseFirst):
            continue
        if (
            threading.current_thread() is not threading.main_thread()
            or current is None  # not set from Python: it could not be called afterwards
            or current == signal.SIG_IGN
        ):
            done = False
            continue
        signal.signal(number, _CloseFirst(current))
    return done


def close_all() -> None:
    """Calls everything that `watch` was given; one that raises stops none of the others."""
    for known in tuple(_closers):
        closer = known()
        if closer is None:
            continue
        try:
            closer()
        except Exception:  # a failure here must not keep the server from stopping
            log.exception("streams could not be closed")
