"""A message that stands in the page, where a toast would be gone too soon."""

from __future__ import annotations

from typing import Literal

from nitro_runtime.errors import ViewError, suggestion
from nitro_runtime.html import Child, Div, Html, Strong
from nitro_runtime.views.components.component import Component
from nitro_runtime.views.theme import Theme

AlertKind = Literal["info", "success", "warning", "error"]

_KINDS = ("info", "success", "warning", "error")


class Alert(Component):
    """A message in the page: ``Alert("Stock is low.", kind="warning")``.

    What comes into an open page by a patch is read out: an error at once, the others when there is a
    pause.
    """

    def __init__(
        self,
        *children: Child,
        title: str | None = None,
        kind: AlertKind = "info",
        theme: Theme | None = None,
    ) -> None:
        """Makes an alert.

        Args:
            children: What it says.
            title: A few words before that.
            kind: What it is about.
            theme: The classes of its parts; the current theme when left out.

        Raises:
            ViewError: There is no such kind.
        """
        if kind not in _KINDS:
            raise ViewError(f"An alert is no {kind!r}.{suggestion(kind, _KINDS)}")
        super().__init__(*children, theme=theme)
        self.title = title
        self.kind = kind

    def render(self, theme: Theme) -> Html:
        """Returns the alert's markup."""
        return Div(
            Strong(self.title) if self.title else None,
            Div(*self.children),
            cls=f"{theme['alert']} {theme['alert_' + self.kind]}",
            role="alert" if self.kind == "error" else "status",
        )
