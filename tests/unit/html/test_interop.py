"""Elements of other libraries in ours, and ours in theirs: escaped once, and never twice."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import django  # pyright: ignore[reportMissingTypeStubs]
import fasthtml.common as fasthtml  # pyright: ignore[reportMissingTypeStubs]
import htpy
import jinja2
import pytest
import rusty_tags
from dominate import tags as dominate  # pyright: ignore[reportMissingTypeStubs]
from dominate.util import raw as dominate_raw  # pyright: ignore[reportMissingTypeStubs]
from mako.template import Template as MakoTemplate  # pyright: ignore[reportMissingTypeStubs]
from markupsafe import Markup

from nitro_runtime.html import Div, Html, Lazy, P, Ul, chunks, escape

TEXT = "<b> & 'c'"
OURS = "<p>&lt;b&gt; &amp; &#39;c&#39;</p>"


class Plain:
    """Any object with ``__html__``."""

    def __html__(self) -> str:
        return "<i>plain</i>"


@pytest.fixture(autouse=True)
def loop() -> Iterator[None]:
    """The thread's event loop: each element of dominate's asks for it, and nobody closes one that it made."""
    made = asyncio.new_event_loop()
    asyncio.set_event_loop(made)
    yield
    asyncio.set_event_loop(None)
    made.close()


THEIRS: dict[str, tuple[Callable[[], object], str]] = {
    "rusty_tags": (lambda: rusty_tags.B("x", id="y"), '<b id="y">x</b>'),
    "htpy": (lambda: htpy.b(id="y")[TEXT], '<b id="y">&lt;b&gt; &amp; &#39;c&#39;</b>'),
    "fasthtml": (lambda: fasthtml.B("<"), "<b>&lt;</b>"),
    "markupsafe": (lambda: Markup("<b>{}</b>").format("<"), "<b>&lt;</b>"),
    "dominate": (lambda: dominate.b("<", id="y"), '<b id="y">&lt;</b>'),
    "any": (Plain, "<i>plain</i>"),
}


@pytest.mark.parametrize("library", THEIRS)
def test_elements_of_other_libraries_are_children(library: str) -> None:
    make, markup = THEIRS[library]
    child = make()
    for rendered in (
        Div(child),
        Div([child]),
        Div(lambda: child),
        "".join(chunks(Div.stream(child))),
    ):
        assert rendered.replace("\n", "") == f"<div>{markup}</div>"
    assert escape(child).replace("\n", "") == markup or hasattr(child, "render")


def in_jinja2(element: object) -> str:
    return jinja2.Environment(autoescape=True).from_string("{{ x }}").render(x=element)


def in_mako(element: object) -> str:
    return str(MakoTemplate("${x}", default_filters=["h"]).render(x=element))  # noqa: S702 # the filter escapes


def in_django(element: object) -> str:
    from django.conf import settings  # pyright: ignore[reportMissingTypeStubs]
    from django.template import Context, Engine  # pyright: ignore[reportMissingTypeStubs]

    if not settings.configured:
        settings.configure()
        django.setup()
    return Engine().from_string("{{ x }}").render(Context({"x": element}))


def in_fasthtml(element: object) -> str:
    return fasthtml.to_xml(fasthtml.Div(element)).strip().removeprefix("<div>")[: -len("</div>")]


def in_htpy(element: Any) -> str:
    return str(htpy.div[element]).removeprefix("<div>").removesuffix("</div>")


def in_rusty_tags(element: Any) -> str:
    return str(rusty_tags.Div(element)).removeprefix("<div>").removesuffix("</div>")


def in_dominate(element: object) -> str:
    shown: Any = dominate.div(dominate_raw(str(element)))
    return shown.render(pretty=False).removeprefix("<div>").removesuffix("</div>")


def in_markup(element: object) -> str:
    return Markup("{}").format(element)


def in_percent(element: object) -> str:
    return Markup("%s") % element


ENGINES = [
    in_jinja2,
    in_mako,
    in_django,
    in_fasthtml,
    in_htpy,
    in_rusty_tags,
    in_dominate,
    in_markup,
    in_percent,
]


@pytest.mark.parametrize("engine", ENGINES)
def test_our_elements_stay_what_they_are_in_other_engines(
    engine: Callable[[object], str],
) -> None:
    element = P(TEXT)
    assert type(element) is Html
    assert engine(element) == OURS


@pytest.mark.parametrize("engine", [*ENGINES[:3], in_htpy, in_markup, in_percent])
def test_elements_that_are_still_to_be_rendered_do_too(engine: Callable[[object], str]) -> None:
    lazy = P.stream(TEXT)
    assert isinstance(lazy, Lazy)
    assert engine(lazy) == OURS


def test_text_of_ours_is_escaped_in_other_engines() -> None:
    for engine in ENGINES[:3]:
        assert engine(f"{P('x')}{TEXT}").count("&lt;") == 3


def test_a_view_of_ours_is_a_child_of_a_component_of_theirs_and_back() -> None:
    assert Ul(htpy.li[P(TEXT)], fasthtml.Li(P("x")), rusty_tags.Li(P("y"))).replace("\n", "") == (
        f"<ul><li>{OURS}</li><li><p>x</p></li><li><p>y</p></li></ul>"
    )
