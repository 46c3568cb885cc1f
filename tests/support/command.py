"""The type of the fixture `nitro`: the command, called in the test's own process."""

from collections.abc import Callable

Nitro = Callable[..., tuple[int, str, str]]
"""Takes the words; returns the exit code, what was said, and what was complained of."""
