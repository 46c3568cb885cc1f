"""One word that says how something is."""

from __future__ import annotations

import re

from nitro_runtime.html import Html, Span
from nitro_runtime.views.components.component import Component
from nitro_runtime.views.theme import Theme


class Badge(Component):
    """One word that says how something is: ``Badge("Sold out", tone="danger")``.

    The cells of enumerations are badges too, with the member's value for their tone.
    """

    def __init__(
        self, text: object, *, tone: str | None = None, theme: Theme | None = None
    ) -> None:
        """Makes a badge.

        Args:
            text: What it says.
            tone: The end of its class, ``badge-danger``: the style sheet knows ``good``, ``wait``,
                ``info``, ``danger`` and many usual words; from the text when left out.
            theme: The classes of its parts; the current theme when left out.
        """
        super().__init__(theme=theme)
        self.text: str = str(text)
        self.tone: str = re.sub(r"[^\w-]+", "_", str(self.text if tone is None else tone).lower())

    def render(self, theme: Theme) -> Html:
        """Returns the badge's markup."""
        return Span(self.text, cls=f"{theme['badge']} badge-{self.tone}")
