"""What goes wrong far inside, or has no end, is one sentence; and nothing is kept of what was rendered."""

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nitro_runtime.errors import ViewError
from nitro_runtime.html import (
    Button,
    CustomTag,
    Div,
    Html,
    Li,
    OptionEl,
    P,
    Signal,
    Ul,
    element,
    js,
    post,
    unless,
    when,
)

DEPTH = 100_000


def lists() -> object:
    nested: object = "x"
    for _ in range(DEPTH):
        nested = [nested]
    return nested


def generators() -> object:
    def one(inside: object) -> Iterator[object]:
        yield inside

    nested: object = "x"
    for _ in range(5_000):  # enough; Python itself could not free many more
        nested = one(nested)
    return nested


def functions() -> object:
    def one(inside: object) -> Callable[[], object]:
        return lambda: inside

    nested: object = "x"
    for _ in range(DEPTH):
        nested = one(nested)
    return nested


@pytest.mark.parametrize("make", [lists, generators, functions])
def test_a_depth_that_no_page_has_is_one_sentence(make: Callable[[], object]) -> None:
    nested = make()
    before = time.monotonic()
    with pytest.raises(ViewError, match="nested too deeply"):
        str(Div.stream(nested))
    nested = nested if make is lists else make()
    with pytest.raises(ViewError, match="nested too deeply") as caught:
        Div(nested)
    assert caught.value.__suppress_context__
    assert time.monotonic() - before < 20
    while isinstance(nested, list) and nested:  # taken apart: freeing it at once would be as deep
        nested = nested.pop()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]


def test_values_that_are_too_deep_are_one_sentence() -> None:
    nested: Any = []
    for _ in range(DEPTH):
        nested = [nested]
    for give in (
        lambda: Div(cls=nested),
        lambda: Div(signals={"a": nested}),
        lambda: Div(data_x=nested),
        lambda: js(nested),
        lambda: Signal("a", nested),
        lambda: post("/x", payload=nested),
    ):
        with pytest.raises(ViewError, match="nested too deeply"):
            give()
    while nested:
        nested = nested.pop()


def test_an_element_in_an_element_in_a_loop_is_as_long_as_its_text() -> None:
    nested = Html("x")
    for _ in range(2_000):
        nested = Div(nested)
    assert len(nested) == 2_000 * len("<div></div>") + 1


def test_what_a_generator_raises_half_way_leaves_as_it_is() -> None:
    def rows() -> Iterator[object]:
        yield Li("a")
        raise LookupError("the database went away")

    with pytest.raises(LookupError, match="the database went away"):
        Ul(rows())


def test_what_dunder_html_raises_leaves_as_it_is() -> None:
    class Broken:
        def __html__(self) -> str:
            raise LookupError("no markup")

    with pytest.raises(LookupError, match="no markup"):
        Div([Broken()])


@pytest.mark.parametrize("name", [5, None, ["div"], b"div", "xmp", "plaintext", "NOFRAMES"])
def test_what_is_no_tag_is_refused_by_name(name: Any) -> None:
    shown = name if isinstance(name, str) else repr(name).replace("[", r"\[")
    with pytest.raises(ViewError, match=shown):
        element(name)


def test_tags_by_the_names_of_rusty_tags() -> None:
    import nitro.html

    assert CustomTag("sl-button", "x", size="small") == element("sl-button")("x", size="small")
    assert OptionEl("x") == "<option>x</option>"
    assert P(when(5, "a"), when(0, "b"), unless(5, "c"), unless("", "d")) == "<p>ad</p>"
    for name in ("Safe", "DS", "Signals", "Page", "HtmlString"):
        with pytest.raises(ViewError, match=f"nitro.html has no {name}: "):
            getattr(nitro.html, name)
    assert not hasattr(nitro.html, "Nonsense")


def test_upper_case_names_keep_the_rules_of_their_element() -> None:
    assert element("BR")() == "<br>"
    with pytest.raises(ViewError, match="would end the element early"):
        element("SCRIPT")("</script>")


def growth(renders: int) -> int:
    """Returns the bytes that so many renders, each with names and values of its own, leave behind."""

    def render(number: int) -> None:
        count = Signal("count", number)
        Div(
            P(f"text {number}", id=f"p{number}", **{f"data-n{number % 9000}": number}),
            Button("x", on_click=count.add(number), cls={f"c{number}": True, "d": count > 3}),
            signals=count,
        )

    for number in range(5_000):
        render(number)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(renders):
            render(number)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_memory_is_flat_over_thousands_of_renders() -> None:
    assert growth(5_000) < 20_000


@pytest.mark.soak
def test_memory_is_flat_over_a_million_renders() -> None:
    assert growth(1_000_000) < 20_000
