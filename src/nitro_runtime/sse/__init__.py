"""Server-sent events: patches for Datastar, and the hub that carries them to open streams.

Stands alone: it needs neither entities, events nor views, and names no web framework.
"""

from nitro_runtime.sse.encoder import (
    Namespace,
    PatchMode,
    allow_scripts,
    execute_script,
    patch_elements,
    patch_signals,
)
from nitro_runtime.sse.frames import Frame, Position
from nitro_runtime.sse.hub import HEARTBEAT_SECONDS, Hub, Message, broadcast, hub
from nitro_runtime.sse.patches import (
    ElementsPatch,
    SignalsPatch,
    emit_elements,
    emit_redirect,
    emit_script,
    emit_signals,
    patch_of,
    remove_elements,
)
from nitro_runtime.sse.relay import Relay, Topics
from nitro_runtime.sse.shutdown import install as install_shutdown
from nitro_runtime.sse.subscription import HEARTBEAT, Subscription

__all__ = [
    "HEARTBEAT",
    "HEARTBEAT_SECONDS",
    "ElementsPatch",
    "Frame",
    "Hub",
    "Message",
    "Namespace",
    "PatchMode",
    "Position",
    "Relay",
    "SignalsPatch",
    "Subscription",
    "Topics",
    "allow_scripts",
    "broadcast",
    "emit_elements",
    "emit_redirect",
    "emit_script",
    "emit_signals",
    "execute_script",
    "hub",
    "install_shutdown",
    "patch_elements",
    "patch_of",
    "patch_signals",
    "remove_elements",
]
