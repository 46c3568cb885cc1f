"""The page around every page."""

from nitro import Page, scheme_switch
from nitro.html import H1, A, Child, Div, Header, Html, Link, Meta, Nav, P

from shop.registry import RESOURCES

DARK = "(prefers-color-scheme: dark)"


def layout(*content: Child, title: str) -> Page:
    """Puts the content of one page under the menu and its heading."""
    full_title = title if title == "Shop" else f"{title} · Shop"
    return Page(
        H1(title),
        *content,
        header=[
            A("Skip to the content", href="#main", cls="skip-link"),
            Header(
                A("Shop", href="/", cls="brand"),
                Nav(*menu(title), cls="nav", aria_label="Main"),
                scheme_switch(),
                cls="header",
            ),
        ],
        title=full_title,
        head=[
            Meta(name="description", content=full_title),
            Meta(name="color-scheme", content="light dark"),
            Meta(name="theme-color", content="#ffffff"),
            Meta(name="theme-color", content="#14181f", media=DARK),
            Link(rel="icon", href="/static/favicon.svg", type="image/svg+xml"),
        ],
    )


def home() -> Page:
    """The front page: a card for each resource, until you write your own."""
    cards = [
        A(resource.label, href=resource.url, cls="card") for resource in RESOURCES if resource.url
    ]
    empty = P("Nothing here yet. Try: nitro generate scaffold Product name:str price:float")
    return layout(Div(*cards, cls="grid") if cards else empty, title="Shop")


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
