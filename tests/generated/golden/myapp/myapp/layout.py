"""The page around every page."""

from nitro import Page
from nitro.html import H1, A, Button, Child, Div, Header, Html, Link, Nav, P

from myapp.registry import RESOURCES


def layout(*content: Child, title: str) -> Page:
    """Puts the content of one page under the menu and its heading."""
    return Page(
        H1(title),
        *content,
        header=Header(
            A("Myapp", href="/", cls="brand"),
            Nav(*menu(title), cls="nav", aria_label="Main"),
            theme_switch(),
            cls="header",
        ),
        title=title if title == "Myapp" else f"{title} · Myapp",
        head=[Link(rel="icon", href="/static/favicon.svg", type="image/svg+xml")],
    )


def home() -> Page:
    """The front page: a card for each resource, until you write your own."""
    cards = [
        A(resource.label, href=resource.url, cls="card") for resource in RESOURCES if resource.url
    ]
    empty = P("Nothing here yet. Try: nitro generate scaffold Product name:str price:float")
    return layout(Div(*cards, cls="grid") if cards else empty, title="Myapp")


def menu(title: str) -> list[Html]:
    """The links to the resources; the one whose page has this title is marked."""
    return [
        A(
            resource.label,
            href=resource.url,
            aria_current="page" if resource.label == title else None,
        )
        for resource in RESOURCES
        if resource.url
    ]


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
