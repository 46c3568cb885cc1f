"""Safe HTML tags with Datastar's attributes: `nitro_runtime.html` under its short name."""

from nitro_runtime.html import *  # noqa: F403
from nitro_runtime.html import __all__ as __all__
from nitro_runtime.html import __getattr__ as __getattr__
