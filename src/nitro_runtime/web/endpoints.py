"""Nitro's own routes, which every adapter mounts."""

from __future__ import annotations

from nitro_runtime.web.command_endpoint import commands, needs_no_loop
from nitro_runtime.web.event_endpoint import events
from nitro_runtime.web.request import Route
from nitro_runtime.web.stored import uploads


def routes() -> list[Route]:
    """Returns the routes that every adapter mounts."""
    return [
        Route("/cmds/{command}/{sender}", ("GET", "POST"), commands, "commands", needs_no_loop),
        Route("/events", ("GET",), events, "events"),
        Route("/uploads/{name}", ("GET",), uploads, "uploads"),
    ]
