"""The routes that are compared: each framework's own way, and Nitro's, doing the same work.

A module ``on_<framework>`` has two apps: ``hand``, without Nitro, and ``nitro``. Both answer a page, a
command and a JSON route with the same bytes.
"""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
