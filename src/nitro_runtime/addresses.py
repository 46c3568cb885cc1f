"""Addresses of this site: where a browser may be sent."""

from __future__ import annotations

import re
from urllib.parse import quote

from nitro_runtime.errors import ConfigurationError

_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]*")


def local(url: str) -> str:
    """Returns the address, percent-encoded (RFC 3986), when it is a path of this site.

    Raises:
        ConfigurationError: It leads elsewhere, or holds characters that no address has.
    """
    if not _LOCAL.fullmatch(url):
        raise ConfigurationError("A redirect needs a path of this site, such as /products.")
    return quote(url, safe="/?#[]@!$&'()*+,;=:%-._~", errors="replace")
