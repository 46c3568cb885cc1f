"""The page around every page."""

from nitro import Page
from nitro.html import H1, A, Button, Div, Header, Html, Main, Nav, P

from shop.registry import RESOURCES


def layout(*content: object, title: str) -> Page:
    """Puts the content of one page between the menu and the end of the page."""
    return Page(
        Header(
            A("Shop", href="/", cls="brand"),
            Nav(*menu(), cls="nav", aria_label="Main"),
            theme_switch(),
            cls="header",
        ),
        Main(*content, id="main", cls="main"),
        title=f"{title} · Shop",
    )


def home() -> Page:
    """The front page: a card for each resource, until you write your own."""
    cards = [
        A(resource.label, href=resource.url, cls="card") for resource in RESOURCES if resource.url
    ]
    empty = P("Nothing here yet. Try: nitro generate scaffold Product name:str price:float")
    return layout(H1("Shop"), Div(*cards, cls="grid") if cards else empty, title="Home")


def menu() -> list[Html]:
    """The links to the resources."""
    return [A(resource.label, href=resource.url) for resource in RESOURCES if resource.url]


def theme_switch() -> Html:
    """Switches between light and dark, and remembers the choice in this browser."""
    return Button(
        "Light / dark",
        type="button",
        cls="btn btn-ghost theme-switch",
        init="document.documentElement.dataset.theme = localStorage.theme ?? ''",
        on_click=(
            "const dark = getComputedStyle(document.documentElement).colorScheme === 'dark';"
            "document.documentElement.dataset.theme = localStorage.theme = dark ? 'light' : 'dark'"
        ),
    )
