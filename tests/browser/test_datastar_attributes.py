"""Every attribute and modifier of Datastar does in the browser what its keyword says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from datastar_page import DatastarPage
from playwright.sync_api import Page, expect

from nitro_runtime.html import (
    A,
    Button,
    Div,
    Form,
    Input,
    Option,
    P,
    Pre,
    Select,
    Signal,
    Span,
    Textarea,
    element,
    expr,
    js,
    post,
)

pytestmark = pytest.mark.browser

count, name = Signal("count", 1), Signal("user.name", "Ann")


def noted(word: str) -> str:
    return expr("window.log.push({})", word)


@pytest.fixture
def page(tab: Page) -> DatastarPage:
    return DatastarPage(tab)


def test_values_are_bound_to_controls_of_every_kind(page: DatastarPage) -> None:
    text, number, box, kind = (
        Signal("t", "a"),
        Signal("n", 5),
        Signal("box", True),
        Signal("k", "b"),
    )
    chosen, many, long = Signal("c", "y"), Signal("m", ["x"]), Signal("long", "l")
    options = [Option(letter, value=letter) for letter in "xyz"]
    page.show(
        Input(id="text", bind=text),
        Input(id="nested", bind="user.name"),
        Input(id="number", type="number", bind=number),
        Input(id="box", type="checkbox", bind=box),
        Input(id="ra", type="radio", value="a", bind=kind),
        Input(id="rb", type="radio", value="b", bind=kind),
        Select(options, id="one", bind=chosen),
        Select(options, id="many", multiple=True, bind=many),
        Textarea(id="long", bind=long),
        Input(id="late", bind__event_change="late"),
        element("my-box")(id="prop", bind__prop_checked__event_flip="flipped"),
        signals=[text, name, number, box, kind, chosen, many, long, Signal("flipped", False)],
    )
    tab = page.tab
    assert tab.locator("#text").input_value() == "a"
    assert tab.locator("#rb").is_checked()
    assert tab.locator("#one").input_value() == "y"
    tab.locator("#text").fill("it's ${x}")
    tab.locator("#nested").fill("Bea")
    tab.locator("#number").fill("42")
    tab.locator("#box").uncheck()
    tab.locator("#ra").check()
    tab.locator("#one").select_option("z")
    tab.locator("#many").select_option(["x", "z"])
    tab.locator("#long").fill("two\nlines")
    tab.locator("#late").fill("typed")
    assert page.signals()["late"] == ""
    tab.locator("#late").dispatch_event("change")
    tab.locator("#prop").evaluate("p => { p.checked = true; p.dispatchEvent(new Event('flip')) }")
    found = page.signals()
    assert found["t"] == "it's ${x}"
    assert found["user"]["name"] == "Bea"
    assert (found["n"], found["box"], found["k"]) == (42, False, "a")
    assert (found["c"], found["m"], found["long"]) == ("z", ["x", "z"], "two\nlines")
    assert (found["late"], found["flipped"]) == ("typed", True)


def test_what_is_shown_follows_the_signals(page: DatastarPage) -> None:
    page.show(
        Div(id="attr", attr={"title": name + "!", "hidden": count > 5}, attr_lang="$user.name"),
        Div(id="class", cls="base", class_map={"one": count == 1, "md:two three": "$count > 1"}),
        Div(id="keyed", class_active="$count > 1", style_color="$count > 1 ? 'red' : ''"),
        Div(id="style", style_map={"background-color": "'blue'", "width": count + "px"}),
        P("now", id="show", show=count > 1),
        P(id="text", text="'<b>' + $user.name"),
        Div(
            P(id="computed", text="$twice + ':' + $fullName + ':' + $a_b"),
            computed={Signal("twice"): count * 2, "fullName": name + " B"},
            computed_a_b="$count + 1",
        ),
        P(id="effect", effect="window.log.push($count)"),
        Button("+", id="more", on_click=[count.add(1), name.set("Bea")]),
        signals=[count, name],
    )
    tab = page.tab
    expect(tab.locator("#attr")).to_have_attribute("title", "Ann!")
    expect(tab.locator("#attr")).to_have_attribute("lang", "Ann")
    expect(tab.locator("#class")).to_have_class("base one")
    expect(tab.locator("#show")).to_be_hidden()
    expect(tab.locator("#computed")).to_have_text("2:Ann B:2")
    tab.locator("#more").click()
    expect(tab.locator("#attr")).to_have_attribute("title", "Bea!")
    expect(tab.locator("#class")).to_have_class("base md:two three")
    expect(tab.locator("#keyed")).to_have_class("active")
    assert tab.locator("#keyed").evaluate("k => k.style.color") == "red"
    assert tab.locator("#style").evaluate("s => [s.style.backgroundColor, s.style.width]") == [
        "blue",
        "2px",
    ]
    expect(tab.locator("#show")).to_be_visible()
    expect(tab.locator("#text")).to_have_text("<b>Bea")
    expect(tab.locator("#computed")).to_have_text("4:Bea B:3")
    assert page.log() == [1, 2]


def test_signals_keep_their_case_and_those_that_are_there(page: DatastarPage) -> None:
    page.show(
        Div(signals={"kept": 1, "camelCase": 2, "snake_case": 3, "_own": 4}),
        Div(signals__ifmissing={"kept": 9, "fresh": 5}),
        Div(computed__case_snake={"someThing": "1"}, ref="here", ref__case_snake="there"),
        P(id="ref", text="$here.tagName"),
        Pre(id="some", json_signals={"include": "^(k|_o)", "exclude": "x$"}),
    )
    found = page.signals()
    assert (found["kept"], found["fresh"], found["some_thing"]) == (1, 5, 1)
    assert (found["camelCase"], found["snake_case"], found["_own"]) == (2, 3, 4)
    expect(page.tab.locator("#ref")).to_have_text("DIV")
    some = page.tab.locator("#some").text_content() or ""
    assert json.loads(some) == {"kept": 1, "_own": 4}
    assert "\n" in some
    assert "\n" not in (page.tab.locator("#all-signals").text_content() or "")


def test_datastar_leaves_alone_what_it_is_told_to(page: DatastarPage) -> None:
    page.answers["/morph"] = (
        "text/html",
        Div(
            Div("new", id="morphed", open=True),
            Div("new", id="kept", ignore_morph=True),
            element("details")("new", id="details", preserve_attr=["open"], title="new"),
            id="all",
        ),
    )
    page.show(
        Div(P("as it was", id="ignored", text="'changed'"), ignore=True),
        Div(
            P("as it was", id="inside", text="'changed'"), text="'no'", ignore__self=True, id="self"
        ),
        Div(
            Div("old", id="morphed"),
            Div("old", id="kept", ignore_morph=True),
            element("details")("old", id="details", preserve_attr="open", open=True, title="old"),
            id="all",
        ),
        Button("go", id="go", on_click="@get('/morph')"),
    )
    expect(page.tab.locator("#ignored")).to_have_text("as it was")
    expect(page.tab.locator("#inside")).to_have_text("changed")
    page.tab.locator("#go").click()
    expect(page.tab.locator("#morphed")).to_have_text("new")
    expect(page.tab.locator("#kept")).to_have_text("old")
    expect(page.tab.locator("#details")).to_have_attribute("open", "")
    expect(page.tab.locator("#details")).to_have_attribute("title", "new")


def test_init_runs_at_once_later_or_in_a_transition(page: DatastarPage) -> None:
    page.show(
        Div(init=noted("now")),
        Div(init__delay_50ms=noted("later")),
        Div(init__viewtransition="window.log.push('moved')"),
    )
    page.tab.wait_for_function("window.log.length === 3")
    assert page.log()[0] == "now"
    assert sorted(page.log()) == ["later", "moved", "now"]


def test_an_indicator_is_true_while_a_request_runs(page: DatastarPage) -> None:
    busy = Signal("busy", False)
    page.show(
        Button("go", id="go", on_click=post("/held"), indicator=busy, disabled=busy),
        Button("too", id="too", on_click=post("/held2"), indicator="loading"),
        P("wait", id="wait", show="$busy || $loading"),
        signals=busy,
    )
    for each, path in (("go", "/held"), ("too", "/held2")):
        expect(page.tab.locator("#wait")).to_be_hidden()
        with page.tab.expect_request(f"**{path}"):
            page.tab.locator(f"#{each}").click()
        expect(page.tab.locator("#wait")).to_be_visible()
        page.release(path)
        expect(page.tab.locator("#wait")).to_be_hidden()


# -- events and their modifiers -------------------------------------------------------------------


def test_events_are_heard_where_and_as_often_as_their_modifiers_say(page: DatastarPage) -> None:
    handlers: dict[str, Any] = {
        "on_click": noted("click"),
        "on_click__once": noted("once"),
        "on_my_event": expr("window.log.push('my:' + evt.detail)"),
        "on_myEvent": noted("camel"),
        "on_my_other__case_snake": noted("snake"),
    }
    page.show(
        Div(
            Button("inner", id="inner", on_click__stop=noted("stop")),
            id="outer",
            on_click__capture=noted("capture"),
        ),
        Div("x", id="x", **{"on_click__outside": noted("outside")}),
        *[Div("y", id=f"y{i}", **{key: code}) for i, (key, code) in enumerate(handlers.items())],
        A("link", id="link", href="/away", on_click__prevent=noted("prevent")),
        Div(on_resize__window=noted("window"), on_custom__document=noted("document")),
        Div(id="passive", on_turn__passive="evt.preventDefault(); window.log.push(1)"),
        Form(Button("send", id="send"), on_submit=noted("submit"), action="/sent"),
    )
    tab = page.tab
    tab.locator("#inner").click()
    assert page.log() == ["capture", "stop"]
    tab.locator("#x").click()
    assert page.log() == ["capture", "stop"]
    tab.locator("#y0").click()
    assert page.log() == ["capture", "stop", "click", "outside"]
    tab.evaluate("window.log = []")
    for _ in range(2):
        tab.locator("#y0").dispatch_event("click")
        tab.locator("#y1").dispatch_event("click")
    tab.locator("#y2").evaluate("y => y.dispatchEvent(new CustomEvent('my-event', {detail: 5}))")
    tab.locator("#y3").evaluate("y => y.dispatchEvent(new Event('myEvent'))")
    tab.locator("#y4").evaluate("y => y.dispatchEvent(new Event('my_other'))")
    found = [word for word in page.log() if word != "outside"]
    assert found == ["click", "once", "click", "my:5", "camel", "snake"]
    tab.evaluate("window.log = []")
    tab.evaluate("dispatchEvent(new Event('resize'))")
    tab.evaluate("document.dispatchEvent(new Event('custom'))")
    tab.locator("#link").dispatch_event("click")
    tab.locator("#send").dispatch_event("click")
    turned = "p => p.dispatchEvent(new Event('turn', {cancelable: true}))"
    assert tab.locator("#passive").evaluate(turned) is True  # not prevented
    found = [word for word in page.log() if word != "outside"]
    assert found == ["window", "document", "prevent", "submit", 1]
    assert tab.url.endswith("pages.test/")


def test_events_are_delayed_debounced_and_throttled(page: DatastarPage) -> None:
    keywords = [
        "on_a__delay_20ms",
        "on_a__debounce_60ms",
        "on_a__debounce_60ms_leading",
        "on_a__debounce_60ms_leading_notrailing",
        "on_a__throttle_60ms",
        "on_a__throttle_60ms_trailing",
        "on_a__throttle_60ms_noleading_trailing",
    ]
    attributes = {key: expr("window.log.push({} + ':' + evt.detail)", key) for key in keywords}
    page.show(Div(id="x", **attributes), Div(id="moved", on_click__viewtransition=noted("moved")))
    page.tab.locator("#x").evaluate(
        "async x => { for (const n of [1, 2, 3]) x.dispatchEvent(new CustomEvent('a', {detail: n}));"
        " await new Promise(done => setTimeout(done, 600)) }"
    )
    heard: dict[str, list[str]] = {key: [] for key in keywords}
    for line in page.log():
        key, _, detail = line.partition(":")
        heard[key].append(detail)
    assert list(heard.values()) == [
        ["1", "2", "3"],
        ["3"],
        ["1", "3"],
        ["1"],
        ["1"],
        ["1", "3"],
        ["3"],
    ]
    page.tab.locator("#moved").dispatch_event("click")
    page.tab.wait_for_function("window.log.includes('moved')")


def test_elements_that_come_into_view_or_leave_it_are_noticed(page: DatastarPage) -> None:
    def tall(word: str, key: str) -> object:
        return Div(word, **{key: noted(word)}, style={"height": "100px"})

    page.show(
        tall("seen", "on_intersect"),
        Div(style={"height": "3000px"}),
        tall("once", "on_intersect__once"),
        tall("half", "on_intersect__half"),
        tall("full", "on_intersect__full"),
        tall("quarter", "on_intersect__threshold_25"),
        tall("late", "on_intersect__delay_10ms"),
        tall("left", "on_intersect__exit"),
    )
    page.tab.wait_for_function("window.log.includes('seen') && window.log.includes('left')")
    assert "once" not in page.log()
    page.tab.evaluate("window.log = []; scrollTo(0, 9999)")
    words = ["once", "half", "full", "quarter", "late"]
    page.tab.wait_for_function(f"{js(words)}.every(word => window.log.includes(word))")
    page.tab.evaluate("window.log = []; scrollTo(0, 0)")
    page.tab.wait_for_function("window.log.includes('left') && window.log.includes('seen')")
    page.tab.evaluate("window.log = []; scrollTo(0, 9999)")
    page.tab.wait_for_function("window.log.includes('half')")
    assert "once" not in page.log()


def test_intervals_and_patches_of_signals_are_heard(page: DatastarPage) -> None:
    page.show(
        Div(on_interval__duration_40ms=count.add(1)),
        Div(on_interval__duration_60s_leading=noted("led")),
        Div(
            on_signal_patch="window.log.push(Object.keys(patch).join())",
            on_signal_patch_filter={"include": "^user", "exclude": "secret"},
        ),
        Div(on_signal_patch__debounce_30ms="window.some = patch"),
        Span(id="count", text=count),
        Button("set", id="set", on_click=[name.set("Bea"), Signal("user.secret").set(1)]),
        signals=[count, name],
    )
    page.tab.wait_for_function("+document.querySelector('#count').textContent > 3")
    page.tab.evaluate("window.led = window.log.includes('led'); window.log = []")
    assert page.tab.evaluate("window.led")
    page.tab.locator("#set").click()
    page.tab.wait_for_function("window.log.length > 0")
    assert set(page.log()) == {"user"}
    page.tab.wait_for_function("window.some !== undefined")
