"""The gate: what stands between the outside and whatever changes something.

A request that changes something must come from this site's own pages. Browsers say so themselves:
``Sec-Fetch-Site`` (W3C Fetch Metadata) and ``Origin`` (RFC 6454) cannot be set by a page's script.
A client that sends neither is no browser, carries nobody's cookies by accident, and must send
``Datastar-Request``, which a foreign page could send only after a CORS preflight that nobody answers.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Lock
from urllib.parse import urlsplit

from nitro_runtime import context
from nitro_runtime.errors import Refused
from nitro_runtime.web.request import Request

COMMAND_NAME = re.compile(r"[a-z][a-z0-9_.]{0,63}")
"""What the name of a command or query looks like."""


def check(request: Request) -> None:
    """Lets a request pass that changes nothing, or that this site's own pages sent.

    Raises:
        Refused: 403.
    """
    context.remember_request(request)  # signals may be read in a task of their own
    if not request.is_safe:
        check_sender(request)


def check_sender(request: Request) -> None:
    """Lets a request pass that this site's own pages sent, whatever its method.

    Raises:
        Refused: 403.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        own = site in {"same-origin", "none"}
    elif origin is not None:
        own = _same_host(origin, request)
    else:
        own = request.is_datastar
    if not own:
        raise Refused(403, "This request did not come from a page of this site.")


def _same_host(origin: str, request: Request) -> bool:
    """Compares hosts, not schemes: behind a proxy that ends TLS the app sees http."""
    try:
        parts = urlsplit(origin)
        ports = {"http": 80, "https": 443}
        named = parts.hostname, parts.port or ports.get(parts.scheme)
        own = urlsplit(f"{parts.scheme}://{request.host}")
        return bool(named[0]) and named == (own.hostname, own.port or ports.get(own.scheme))
    except ValueError:  # a port that is none
        return False


def check_command_name(name: str) -> str:
    """Returns the name of a command when it can be one.

    Raises:
        Refused: 404.
    """
    if not COMMAND_NAME.fullmatch(name):
        raise Refused(404, "There is no such command.")
    return name


def check_method(request: Request, *allowed: str) -> None:
    """Lets a request pass whose method is one of these.

    Raises:
        Refused: 405, with the header ``allow``.
    """
    if request.method not in allowed:
        raise Refused(
            405, f"Use {' or '.join(allowed)} here.", headers=[("allow", ", ".join(allowed))]
        )


class RateLimit:
    """A token bucket for each client: bursts are fine, floods are not. Safe across threads.

    Args:
        per_second: Requests a second that a client may send for ever.
        burst: Requests that it may send at once.
        clock: Seconds, never going back.
        remembered: Clients that are remembered; the one seen longest ago is forgotten first.
    """

    def __init__(
        self,
        per_second: float = 50,
        burst: float = 200,
        clock: Callable[[], float] = time.monotonic,
        remembered: int = 10_000,
    ) -> None:
        self.per_second = per_second
        self.burst = burst
        self._clock = clock
        self._remembered = remembered
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def spend(self, client: str) -> None:
        """Counts one request of a client.

        Raises:
            Refused: 429; ``retry-after`` says in how many seconds there is room again.
        """
        now = self._clock()
        with self._lock:
            tokens, since = self._buckets.pop(client, (self.burst, now))
            tokens = min(self.burst, tokens + (now - since) * self.per_second)
            allowed = tokens >= 1
            self._buckets[client] = (tokens - allowed, now)
            if len(self._buckets) > self._remembered:
                self._buckets.popitem(last=False)
        if not allowed:
            raise Refused(429, "Too many requests; wait a moment.", headers=[("retry-after", "1")])


commands = RateLimit()
"""The limit for commands, by session."""

addresses = RateLimit(per_second=500, burst=2_000)
"""The limit for commands and streams, by the network that they come from: see `check_rate`."""


def check_rate(request: Request) -> None:
    """Counts a request of a network, so that no client escapes its own limit by dropping its cookies.

    A network is a public IPv4 address, or the first 64 bits of a public IPv6 address. Many visitors may
    share one (an office, a mobile carrier), so it may send as much as ten busy browsers. An address that
    is not public is a proxy's that hides its visitors: all of them would be held back for one, so there
    it is the proxy that must limit, or the server must be told to trust its ``X-Forwarded-For``.

    Raises:
        Refused: 429.
    """
    address = request.address
    if address and len(address) <= _LONGEST_ADDRESS and (network := network_of(address)):
        addresses.spend(network)


_LONGEST_ADDRESS = 64


@lru_cache(maxsize=1024)
def network_of(address: str) -> str | None:
    """Returns the network of a public IP address; None of any other, and of what is none."""
    try:
        ip = ip_address(address)
    except ValueError:  # a socket's path, a name that a proxy made up
        return None
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if not ip.is_global:
        return None
    return str(ip) if isinstance(ip, IPv4Address) else str(IPv6Network((int(ip) >> 64 << 64, 64)))
