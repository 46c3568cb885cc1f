"""Dialogs: the browser's own, which keep the focus inside, close by Escape and give the focus back."""

from __future__ import annotations

from nitro_runtime.html import H2, A, Attribute, Button, Child, Html, JsExpr, expr
from nitro_runtime.html import Dialog as DialogTag
from nitro_runtime.html import Form as FormTag
from nitro_runtime.views.components.component import Component, element_id, signal_name
from nitro_runtime.views.theme import Theme
from nitro_runtime.views.words import say

# The signal is the truth: the page's buttons and the server's patches set it, and the dialog follows.
# One that the server sent open stands in the page; with a script it is brought before it.
_FOLLOW = (
    "${signal} ? el.matches(':modal') || (el.removeAttribute('open'), el.showModal())"
    " : el.open && el.close()"
)
_PLAIN = "!(evt.ctrlKey || evt.metaKey || evt.shiftKey || evt.altKey)"


class Dialog(Component):
    """A dialog before the page, with a title and a way out.

    ```python
    dialog = Dialog(await ProductForm.new(), title="New product")
    Page(dialog.button("New product"), dialog, title="Products")
    ```

    It is opened by `button` or `link`, by ``on_click=dialog.opening`` anywhere, or by the server:
    ``emit_signals({dialog.signal: True})``; False closes it. Without JavaScript `button` works in
    browsers that know ``commandfor``, and `link` leads to a page in all of them.

    Attributes:
        dom_id: The id of the element.
        title: What stands at its top and names it.
        signal: The signal that is true while it is open; the page keeps it to itself.
    """

    def __init__(
        self,
        *children: Child,
        title: str,
        id: str | None = None,
        open: bool = False,
        theme: Theme | None = None,
    ) -> None:
        """Makes a dialog.

        Args:
            children: What it holds. The first control in it gets the focus.
            title: What stands at its top and names it.
            id: The id of the element; made of the title when left out.
            open: Whether it is open when the page comes.
            theme: The classes of its parts; the current theme when left out.

        Raises:
            ViewError: The id can be none.
        """
        super().__init__(*children, theme=theme)
        self.dom_id: str = element_id(id, title, "dialog")
        self.title = title
        self.signal: str = signal_name("dialog", self.dom_id)
        self._open = open

    @property
    def opening(self) -> JsExpr:
        """What opens it: ``on_click=dialog.opening``."""
        return expr(f"${self.signal} = true")

    @property
    def closing(self) -> JsExpr:
        """What closes it."""
        return expr(f"${self.signal} = false")

    def button(self, *children: Child, **attributes: Attribute) -> Html:
        """Returns the button that opens it; its text is the title when there are no children."""
        return Button(
            *(children or (self.title,)),
            {
                "type": "button",
                "cls": "btn",
                "aria_haspopup": "dialog",
                "command": "show-modal",  # for browsers without a script
                "commandfor": self.dom_id,
                "on_click": self.opening,
                **attributes,
            },
        )

    def link(self, *children: Child, href: str, **attributes: Attribute) -> Html:
        """Returns a link that opens it, and without JavaScript leads to a page with the same content."""
        opens = f"if ({_PLAIN}) {{ evt.preventDefault(); {self.opening} }}"
        return A(
            *(children or (self.title,)),
            {"href": href, "aria_haspopup": "dialog", "on_click": expr(opens), **attributes},
        )

    def render(self, theme: Theme) -> Html:
        """Returns the dialog's markup."""
        title_id = f"{self.dom_id}-title"
        return DialogTag(
            H2(self.title, id=title_id, cls=theme["dialog_title"]),
            *self.children,
            # last, so that the focus goes to the content first; a form needs no script for it
            FormTag(
                Button("\N{MULTIPLICATION SIGN}", aria_label=say("close"), title=say("close")),
                method="dialog",
                cls=theme["dialog_close"],
            ),
            id=self.dom_id,
            cls=theme["dialog"],
            open=self._open,
            aria_labelledby=title_id,
            signals__ifmissing={self.signal: self._open},
            effect=expr(_FOLLOW.replace("{signal}", self.signal)),
            on_close=self.closing,
            on_toggle=expr(f"${self.signal} = el.open"),
            preserve_attr="open",  # a live update closes nothing
        )
