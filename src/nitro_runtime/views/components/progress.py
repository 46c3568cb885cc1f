"""How far something is, as a bar and in words, while the server goes on."""

from __future__ import annotations

from nitro_runtime.errors import ViewError
from nitro_runtime.html import Div, Html, Label, P
from nitro_runtime.html import Progress as ProgressTag
from nitro_runtime.schema import humanize
from nitro_runtime.views.components.component import Component, element_id
from nitro_runtime.views.theme import Theme
from nitro_runtime.views.words import say


class Progress(Component):
    """How far something is: a bar, and words that are read out as they change.

    A command, or a handler that answers with a generator, yields where it is:

    ```python
    @command("shop.import", allow=signed_in)
    async def import_products():
        progress = Progress("import", max=100)
        for number in range(1, 101):
            await import_one(number)
            yield progress.at(number, f"{number} of 100")
    ```

    Attributes:
        dom_id: The id of the element, by which it is patched.
        value: How far it is; None when nobody knows.
        max: Where it ends.
        text: What it says in words.
    """

    def __init__(
        self,
        id: str,
        value: float | None = 0,
        max: float = 100,
        *,
        text: str | None = None,
        label: str | None = None,
        theme: Theme | None = None,
    ) -> None:
        """Makes a bar.

        Args:
            id: The id of the element.
            value: How far it is, from 0 to ``max``; what lies beyond is the nearest of these. None
                when nobody knows how long it takes.
            max: Where it ends, above 0.
            text: What it says in words; so many per cent when left out.
            label: What it is about; from the id when left out.
            theme: The classes of its parts; the current theme when left out.

        Raises:
            ViewError: The id can be none, or the end is not above 0.
        """
        if not max > 0:
            raise ViewError(f"A progress ends above 0, not at {max!r}.")
        super().__init__(theme=theme)
        self.dom_id: str = element_id(id, id, "progress")
        # what is counted may turn out to be more than was known at the start; NaN is nothing
        self.value = None if value is None else min(value, max) if value > 0 else 0
        self.max = max
        self.label: str = humanize(self.dom_id.replace("-", "_")) if label is None else label
        self._text = text

    @property
    def text(self) -> str:
        """What it says in words."""
        if self._text is not None:
            return self._text
        if self.value is None:
            return ""
        return say("percent", count=int(100 * self.value / self.max))

    def at(self, value: float | None, text: str | None = None) -> Progress:
        """Returns the same bar further on, to be yielded, or broadcast by ``emit_elements``."""
        return Progress(
            self.dom_id, value, self.max, text=text, label=self.label, theme=self._theme
        )

    def render(self, theme: Theme) -> Html:
        """Returns the markup of the bar."""
        bar = f"{self.dom_id}-bar"
        return Div(
            Label(self.label, for_=bar),
            ProgressTag(self.text, id=bar, value=self.value, max=self.max),
            P(self.text, role="status", cls=theme["progress_text"]),
            id=self.dom_id,
            cls=theme["progress"],
        )
