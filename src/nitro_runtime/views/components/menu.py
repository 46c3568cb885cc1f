"""Menus: a button that shows a list of links and deeds, as the browser's own disclosure."""

from __future__ import annotations

from nitro_runtime.html import A, Attribute, Button, Child, Details, Html, Li, Summary, Ul, expr
from nitro_runtime.html import Form as FormTag
from nitro_runtime.views.components.component import Component, element_id
from nitro_runtime.views.components.confirm import confirm_attributes
from nitro_runtime.views.csrf import POST, csrf_field, csrf_option, current_csrf
from nitro_runtime.views.theme import Theme

_KEYS = (
    "const list = [...el.querySelectorAll('a[href], button:not(:disabled)')],"
    " at = list.indexOf(document.activeElement), last = list.length - 1,"
    " step = {ArrowDown: 1, ArrowUp: -1}[evt.key];"
    " if (evt.key === 'Escape' && el.open) { evt.preventDefault(); evt.stopPropagation();"
    " el.open = false; el.querySelector('summary').focus() }"
    " else if (step && list.length) { evt.preventDefault(); el.open = true;"
    " list[at < 0 ? (step > 0 ? 0 : last) : (at + step + list.length) % list.length].focus() }"
    " else if (at >= 0 && (evt.key === 'Home' || evt.key === 'End')) { evt.preventDefault();"
    " list[evt.key === 'Home' ? 0 : last].focus() }"
)
# the focus must not be lost with what had it, and a question that follows gives it back to there
_CHOSEN = (
    "if (evt.target.closest('a, button')) { el.querySelector('summary').focus(); el.open = false }"
)
_LEFT = "if (evt.relatedTarget && !el.contains(evt.relatedTarget)) el.open = false"


class Menu(Component):
    """A button that shows a list: links, forms with one button, or anything else.

    ```python
    Menu(
        "More",
        MenuLink("Edit", href="/products/7/edit"),
        MenuPost("Delete", action="/products/7/delete", confirm="Delete Lamp?", danger=True),
    )
    ```

    It opens by a click, Enter or the arrow keys, which go through the list too; Escape, a click
    elsewhere and a choice close it. Without JavaScript the button opens and closes it.

    Attributes:
        dom_id: The id of the element.
        label: What the button says.
    """

    def __init__(
        self, label: str, *items: Child, id: str | None = None, theme: Theme | None = None
    ) -> None:
        """Makes a menu.

        Args:
            label: What the button says.
            items: What is listed; None leaves a place out.
            id: The id of the element; made of the label when left out.
            theme: The classes of its parts; the current theme when left out.

        Raises:
            ViewError: The id can be none.
        """
        super().__init__(*items, theme=theme)
        self.label = label
        self.dom_id: str = element_id(id, f"menu {label}" if id is None else label, "menu")

    def render(self, theme: Theme) -> Html:
        """Returns the menu's markup."""
        return Details(
            Summary(self.label, cls=theme["menu_button"]),
            Ul(
                [Li(item) for item in self.children if item is not None and item is not False],
                cls=theme["menu_list"],
            ),
            id=self.dom_id,
            cls=theme["menu"],
            on_keydown=expr(_KEYS),
            on_click=expr(_CHOSEN),
            on_click__outside=expr("el.open = false"),
            on_focusout=expr(_LEFT),
            preserve_attr="open",
        )


class MenuLink(Component):
    """One line of a menu that leads to a page."""

    def __init__(
        self, *children: Child, href: str, theme: Theme | None = None, **attributes: Attribute
    ) -> None:
        """Makes a link.

        Args:
            children: What it says.
            href: Where it leads.
            theme: The classes of its parts; the current theme when left out.
            attributes: Further attributes of the link.
        """
        super().__init__(*children, theme=theme)
        self._attributes = {"href": href, **attributes}

    def render(self, theme: Theme) -> Html:
        """Returns the link's markup."""
        return A(*self.children, {"cls": theme["menu_item"], **self._attributes})


class MenuPost(Component):
    """One line of a menu that does something: a form with one button."""

    def __init__(
        self,
        *children: Child,
        action: str,
        confirm: str | None = None,
        danger: bool = False,
        theme: Theme | None = None,
        **attributes: Attribute,
    ) -> None:
        """Makes a form with one button.

        Args:
            children: What the button says.
            action: The address that it posts to.
            confirm: What is asked first; nothing when left out.
            danger: Whether its colour warns.
            theme: The classes of its parts; the current theme when left out.
            attributes: Further attributes of the button.
        """
        super().__init__(*children, theme=theme)
        self._action = action
        self._confirm = confirm
        self._danger = danger
        self._attributes = attributes

    def render(self, theme: Theme) -> Html:
        """Returns the form's markup."""
        csrf = current_csrf()
        post = POST.format(csrf=csrf_option(csrf))
        css = [theme["menu_item"], theme["menu_danger"] if self._danger else None]
        return FormTag(
            csrf_field(csrf),
            Button(*self.children, {"type": "submit", "cls": css, **self._attributes}),
            confirm_attributes(self._confirm) if self._confirm else None,
            method="post",
            action=self._action,
            on_submit=expr(post),
        )
