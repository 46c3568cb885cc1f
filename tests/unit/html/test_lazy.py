import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime.errors import ViewError
from nitro_runtime.html import (
    Body,
    Br,
    Div,
    Html,
    HtmlTag,
    Lazy,
    Li,
    P,
    Pre,
    Script,
    Table,
    Tbody,
    Td,
    Textarea,
    Tr,
    Ul,
    achunks,
    chunks,
    doctype,
    raw,
)


def gathered(*children: object, size: int = 16_384) -> str:
    async def gather() -> str:
        return "".join([chunk async for chunk in achunks(*children, size=size)])

    return finished(gather())


def finished(work: Coroutine[Any, Any, Any]) -> Any:
    # asyncio.run would drop the loop that pytest-asyncio keeps for this thread
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(work)


def test_a_stream_is_the_element_that_the_tag_renders() -> None:
    children = ("a <", [P("b"), iter("cd")], 5, None, lambda: Br, {"id": "x"})
    lazy = Div.stream(*children, cls="y")
    assert isinstance(lazy, Lazy)
    assert str(lazy) == '<div class="y" id="x">a &lt;<p>b</p>cd5<br></div>'


def test_a_whole_document_comes_in_chunks_of_about_the_size_that_was_asked_for() -> None:
    rows = (Tr(Td(n), Td("<")) for n in range(200))
    parts = list(
        chunks(doctype, HtmlTag.stream(Body.stream(Table.stream(Tbody.stream(rows)))), size=500)
    )
    expected = HtmlTag(Body(Table(Tbody(Tr(Td(n), Td("<")) for n in range(200)))))
    assert "".join(parts) == f"<!DOCTYPE html>{expected}"
    assert all(500 <= len(part) < 600 for part in parts[:-1])
    assert all(type(part) is Html for part in parts)


def test_nothing_is_asked_for_before_it_is_due() -> None:
    asked: list[int] = []

    def rows() -> Iterator[Html]:
        for n in range(100):
            asked.append(n)
            yield Li("x" * 50)

    def later() -> str:
        asked.append(-1)
        return "later"

    stream = chunks(Ul.stream(rows()), later, size=100)
    assert asked == []
    next(stream)
    assert len(asked) == 2
    next(stream)
    assert len(asked) == 4
    assert -1 not in asked
    assert "".join(stream).endswith("</ul>later")


def test_a_million_rows_pass_in_flat_memory() -> None:
    def rows(many: int) -> Iterator[Html]:
        row = Tr(Td("text"))
        return (row for _ in range(many))

    def peak(many: int) -> int:
        tracemalloc.reset_peak()
        length = sum(map(len, chunks(Table.stream(rows(many)))))
        assert length == 22 * many + len("<table></table>")
        return tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    try:
        few, many = peak(10_000), peak(1_000_000)
    finally:
        tracemalloc.stop()
    assert many < few + 20_000


def test_an_error_half_way_is_raised_as_it_is_and_closes_the_generators_around_it() -> None:
    closed: list[str] = []

    def inner() -> Iterator[str]:
        yield "a" * 200
        raise LookupError("the database went away")

    def outer() -> Iterator[object]:
        try:
            yield "start"
            yield P.stream(inner())
        finally:
            closed.append("outer")

    stream = chunks(Div.stream(outer()), size=100)
    assert next(stream).startswith("<div>start<p>aaa")
    with pytest.raises(LookupError, match="the database went away"):
        next(stream)
    assert closed == ["outer"]
    assert list(stream) == []


def test_a_visitor_who_leaves_closes_the_generators() -> None:
    closed: list[str] = []

    def rows() -> Iterator[str]:
        try:
            while True:
                yield "a" * 100
        finally:
            closed.append("rows")

    stream: Any = chunks(Div.stream(rows()), size=100)
    next(stream)
    stream.close()
    assert closed == ["rows"]


def test_a_file_stays_open_for_its_owner(tmp_path: Any) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("a\nb\n")
    with path.open() as lines:
        with pytest.raises(ViewError, match="Bytes are not text"):
            list(chunks(Pre.stream([lines, b"x"])))
        stream: Any = chunks(lines, size=1)
        lines.seek(0)
        assert next(stream) == "a\n"
        stream.close()
        assert not lines.closed


def test_awaitables_and_async_iterables_are_waited_for_at_any_depth() -> None:
    async def name() -> str:
        await asyncio.sleep(0)
        return "<name>"

    async def rows() -> AsyncIterator[object]:
        for n in range(3):
            await asyncio.sleep(0)
            yield Li.stream(n, name())

    assert gathered(doctype, Ul.stream(rows(), [name], cls="x"), size=10) == (
        '<!DOCTYPE html><ul class="x">'
        "<li>0&lt;name&gt;</li><li>1&lt;name&gt;</li><li>2&lt;name&gt;</li>&lt;name&gt;</ul>"
    )


def test_async_generators_are_closed_when_one_raises_and_when_the_visitor_leaves() -> None:
    closed: list[str] = []

    async def rows(raises: bool) -> AsyncIterator[object]:
        try:
            yield "a" * 100
            if raises:
                raise LookupError("gone")
            yield "b" * 100
        finally:
            await asyncio.sleep(0)
            closed.append(f"rows {raises}")

    async def around(raises: bool) -> AsyncIterator[object]:
        try:
            yield rows(raises)
        finally:
            closed.append("around")

    async def leave() -> None:
        stream: Any = achunks(Div.stream(around(raises=False)), size=100)
        assert await anext(stream) == f"<div>{'a' * 100}"
        await stream.aclose()

    with pytest.raises(LookupError, match="gone"):
        gathered(around(raises=True))
    assert closed == ["rows True", "around"]
    closed.clear()
    finished(leave())
    assert closed == ["rows False", "around"]


def test_what_must_be_waited_for_is_refused_without_async() -> None:
    async def rows() -> AsyncIterator[str]:
        yield "a"

    with pytest.raises(ViewError, match=r"use achunks\(\)"):
        list(chunks(Div.stream(rows())))
    with pytest.raises(ViewError, match=r"use achunks\(\)"):
        str(Div.stream([rows]))


def endless() -> Iterator[object]:
    yield endless()


def itself() -> object:
    return itself


@pytest.mark.parametrize("child", [endless, itself])
def test_children_that_hold_themselves_end_in_one_sentence(child: object) -> None:
    circle: list[object] = [child]
    for each in (circle, Div.stream(child)):
        with pytest.raises(ViewError, match="hold themselves"):
            list(chunks(each))
        with pytest.raises(ViewError, match="hold themselves"):
            gathered(each)
    circle.append(circle)
    with pytest.raises(ViewError, match="hold themselves"):
        list(chunks(circle))


@pytest.mark.parametrize("child", [b"x", [{"a": 1}], object(), Div, int])
def test_a_child_is_refused_as_in_an_element(child: object) -> None:
    def sentence(render: Any) -> str:
        try:
            return render()
        except ViewError as error:
            return str(error)

    assert sentence(lambda: str(Div.stream(child))) == sentence(lambda: Div(child))


@pytest.mark.parametrize("size", [0, -1, 1.5, "8", None])
def test_a_size_that_is_none_is_refused_at_once(size: Any) -> None:
    with pytest.raises(ViewError, match="size of a chunk is a number of characters"):
        chunks("a", size=size)
    with pytest.raises(ViewError, match="size of a chunk is a number of characters"):
        achunks("a", size=size)


def test_elements_with_rules_of_their_own_keep_them() -> None:
    assert str(Pre.stream(iter(["\na", "b"]))) == "<pre>\n\nab</pre>"
    assert str(Br.stream({"id": "a"})) == '<br id="a">'
    assert str(Script.stream("let a = 1 < 2")) == "<script>let a = 1 < 2</script>"
    with pytest.raises(ViewError, match="holds text only"):
        str(Textarea.stream(raw("<b>")))


def test_a_stream_in_an_ordinary_element_is_rendered_whole() -> None:
    assert Div(Ul.stream(Li(n) for n in range(2))) == "<div><ul><li>0</li><li>1</li></ul></div>"


tree: st.SearchStrategy[Any] = st.recursive(
    st.text(max_size=5) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(st.just("div"), inner, inner),
    max_leaves=20,
)


@given(tree, st.integers(1, 50))
def test_chunks_are_what_tags_render_however_they_are_cut(child: Any, size: int) -> None:
    def built(child: Any, lazy: bool) -> Any:
        if isinstance(child, tuple):
            inside = [built(one, lazy) for one in child[1:]]  # pyright: ignore
            return Div.stream(*inside) if lazy else Div(*inside)
        if isinstance(child, list):
            return (built(one, lazy) for one in child)  # pyright: ignore
        return child

    whole = Div(built(child, lazy=False))
    assert "".join(chunks(Div.stream(built(child, lazy=True)), size=size)) == whole
    assert gathered(Div.stream(built(child, lazy=True)), size=size) == whole
