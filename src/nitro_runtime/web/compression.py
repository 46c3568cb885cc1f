"""Which coding a stream is sent in, by its request's ``Accept-Encoding`` (RFC 9110, 12.5.3).

Only streams are compressed here. Pages and the answers to commands are not: they hold the page's own
token beside what a visitor sent, and their lengths would give the one away by the other (BREACH).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from nitro_runtime.sse.compression import Coder, GzipCoder, ZstdCoder, has_zstd
from nitro_runtime.web.request import Request

_CODERS: dict[str, Callable[[], Coder]] = {"zstd": ZstdCoder, "gzip": GzipCoder}
"""The best comes first."""


def for_stream(request: Request) -> tuple[Coder | None, list[tuple[str, str]]]:
    """Returns what compresses a stream, and the headers that say so.

    Args:
        request: The request for the stream.

    Returns:
        The coder, or None where the client takes none, asked that nothing be transformed, or the
        site compresses nothing.
    """
    if not request.site.compress:
        return None, []
    varies = [("vary", "accept-encoding")]
    if "no-transform" in request.headers.get("cache-control", "").lower():
        return None, varies
    coding = chosen(request.headers.get("accept-encoding", ""))
    if coding is None:
        return None, varies
    return _CODERS[coding](), [("content-encoding", coding), *varies]


@lru_cache(maxsize=256)
def chosen(accepted: str) -> str | None:
    """Returns the coding that a client likes best among those at hand; None: as it is.

    Args:
        accepted: The value of ``accept-encoding``; perhaps nonsense, which accepts nothing.
    """
    weights = dict(_weight(part) for part in accepted.lower().split(",") if part.strip())
    plain = weights.get("identity", 0.0)
    best: str | None = None
    for coding in _CODERS:
        # What is not named is meant by *; of that only what everybody has is sent.
        weight = weights.get(coding, weights.get("*", 0.0) if coding == "gzip" else 0.0)
        at_hand = coding != "zstd" or has_zstd()
        if at_hand and weight > 0 and weight >= plain and weight > weights.get(best or "", 0.0):
            best = coding
    return best


def _weight(part: str) -> tuple[str, float]:
    coding, _, parameters = part.partition(";")
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return coding.strip(), 1.0
    try:
        return coding.strip(), float(value)
    except ValueError:
        return coding.strip(), 0.0
