import re
from typing import Any

import pytest
from datastar_py import attribute_generator as official

from nitro_runtime.errors import ViewError
from nitro_runtime.html import (
    Button,
    Div,
    Input,
    Signal,
    expr,
    get,
    peek,
    post,
    set_all,
    toggle_all,
)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("on_click", "data-on:click"),
        ("on_my_event", "data-on:my-event"),
        ("on_input__debounce_200ms", "data-on:input__debounce.200ms"),
        (
            "on_click__window__debounce_500ms_leading",
            "data-on:click__window__debounce.500ms.leading",
        ),
        ("on_intersect__once", "data-on-intersect__once"),
        ("on_interval__duration_1s", "data-on-interval__duration.1s"),
        ("on_signal_patch", "data-on-signal-patch"),
        ("init__delay_1s", "data-init__delay.1s"),
        ("effect", "data-effect"),
        ("show", "data-show"),
        ("text", "data-text"),
        ("onclick", "onclick"),
        ("on_myEvent", "data-on:my-event__case.camel"),
        ("on_my_event__case_snake", "data-on:my-event__case.snake"),
        ("on_resize__window__throttle_1s_noleading_trailing", None),
        ("on_intersect__threshold_25", "data-on-intersect__threshold.25"),
        ("on_interval__duration_500ms_leading", "data-on-interval__duration.500ms.leading"),
        ("on_signal_patch__debounce_1s", "data-on-signal-patch__debounce.1s"),
        ("data_on_click__once", "data-on:click__once"),
        ("ds_on_click", "data-on:click"),
        ("ds_show", "data-show"),
        ("data_class", "data-class"),
        ("attr_aria_label", "data-attr:aria-label"),
        ("class_active", "data-class:active"),
        ("style_color", "data-style:color"),
        ("computed_fullName", "data-computed:full-name"),
        ("data_row_class", "data-row-class"),
        ("data-on:click__once", "data-on:click__once"),
        ("data-attr:title", "data-attr:title"),
        ("data-signals:x", "data-signals:x"),
    ],
)
def test_datastar_attributes_have_the_names_of_version_1(given: str, name: str | None) -> None:
    name = name or "data-on:resize__window__throttle.1s.noleading.trailing"
    assert Div(**{given: "$a && $b"}) == f'<div {name}="$a &amp;&amp; $b"></div>'


@pytest.mark.parametrize("given", ["on_click", "show", "data-text", "onclick", "data-signals:x"])
def test_a_python_value_in_code_is_encoded(given: str) -> None:
    value: Any = {"a": "$b"}
    assert Div(**{given: value}).endswith('="{&#34;a&#34;: &#34;\\u0024b&#34;}"></div>')


def test_signals_are_values() -> None:
    assert Div(signals={"name": "O'Brien", "n": None}, signals__ifmissing={"a": True}) == (
        '<div data-signals="{&#34;name&#34;: &#34;O\\u0027Brien&#34;, &#34;n&#34;: null}"'
        ' data-signals__ifmissing="{&#34;a&#34;: true}"></div>'
    )
    with pytest.raises(ViewError, match="takes a dict or Signals, not int"):
        Div(signals=5)


def test_an_object_of_expressions_is_written_as_the_official_library_writes_it() -> None:
    assert (
        str(Div(attr={"disabled": "$busy"}))
        == f"<div {official.attr({'disabled': '$busy'})}></div>"
    )
    assert str(Div(class_map={"a": "$b"})) == f"<div {official.class_({'a': '$b'})}></div>"
    assert str(Div(style_map={"color": "$c"})) == f"<div {official.style({'color': '$c'})}></div>"


def test_computed_signals_are_attributes_of_their_own_and_keep_their_case() -> None:
    assert Div(computed={"total": "$a * $b", "fullName": expr("$first + {}", " x")}) == (
        '<div data-computed:total="$a * $b" data-computed:full-name="$first + &#34; x&#34;"></div>'
    )


@pytest.mark.parametrize("name", ["bind", "ref", "indicator"])
def test_a_signal_is_named_and_nothing_else(name: str) -> None:
    assert Input(**{name: "product.price"}) == f'<input data-{name}="product.price">'
    with pytest.raises(ViewError, match="is not the name of a signal"):
        Input(**{name: "a'+alert(1)+'"})
    with pytest.raises(ViewError, match="is not the name of a signal"):
        Input(**{name: 5})


def test_flags_stand_alone() -> None:
    assert Div(ignore_morph=True, ignore__self=True, preserve_attr=["open", "class"]) == (
        '<div data-ignore-morph data-ignore__self data-preserve-attr="open class"></div>'
    )


def test_actions_and_expressions_are_code() -> None:
    assert Button(on_click=post("/x?a='b'", content_type="form")) == (
        '<button data-on:click="@post(&#39;/x?a=\\u0027b\\u0027&#39;,'
        ' {&#34;contentType&#34;: &#34;form&#34;})"></button>'
    )
    assert Button(on_click=expr("$x = {}", "'")) == (
        '<button data-on:click="$x = &#34;\\u0027&#34;"></button>'
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("on_click__debouce_200ms", "has .*debounce.*not 'debouce'. Did you mean 'debounce'"),
        ("on_click__debounce_200ms_leadin", "write debounce_200ms or debounce_200ms_leading"),
        ("on_click__debounce", "write debounce_200ms"),
        ("on_click__once_5", "'once' takes nothing after it"),
        ("on_click__halff", "not 'halff'"),
        ("on_click_debounce_200ms", "two underscores before a modifier, as in 'on_click__debounce"),
        ("on_click_once", "as in 'on_click__once'"),
        ("on_intersect_once", "as in 'on_intersect__once'"),
        ("on_interval_duration_5s", "as in 'on_interval__duration_5s'"),
        ("on_intersect__threshold_0.5", "write threshold_75, in percent"),
        ("on_interval__duration_five", "write duration_5s"),
        ("init__once", "has delay, viewtransition, not 'once'"),
        ("show__once", "has no modifiers, not 'once'"),
        ("signals__ifmising", "Did you mean 'ifmissing'"),
        ("onclick__once", "is no attribute of Datastar's. Did you mean 'on_click'"),
        ("inti__delay_5s", "is no attribute of Datastar's. Did you mean 'init'"),
        ("signals_count", r"write signals=\{'count': …\}"),
        ("bind_count", "write bind='count'"),
    ],
)
def test_what_is_nearly_an_attribute_of_datastars_is_refused(given: str, sentence: str) -> None:
    with pytest.raises(ViewError, match=sentence):
        Div(**{given: "$x"})


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        ({"ignore": "yes"}, "given as True or left out"),
        ({"json_signals": {"includes": "x"}}, "takes include and exclude, not 'includes'"),
        ({"on_signal_patch_filter": {"only": "x"}}, "takes include and exclude, not 'only'"),
        ({"computed": {"a b": "1"}}, "'a b' is not the name of a signal"),
        ({"on_click": [object()]}, "A object has no JavaScript literal"),
    ],
)
def test_values_that_an_attribute_has_not_are_refused(
    attributes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ViewError, match=sentence):
        Div(**attributes)


def test_several_statements_are_a_list() -> None:
    assert Button(on_click=[Signal("n").add(1), post("/x"), "$y = 1"]) == (
        '<button data-on:click="$n = $n + 1; @post(&#39;/x&#39;); $y = 1"></button>'
    )


def test_actions_on_signals_are_written_as_datastar_reads_them() -> None:
    count = Signal("count", 0)
    assert peek(count + 1) == "@peek(() => ($count + 1))"
    assert set_all("it's", include="^a", exclude="b$") == (
        '@setAll("it\\u0027s", {"include": "^a", "exclude": "b\\u0024"})'
    )
    assert toggle_all() == "@toggleAll({})"
    assert get("/p/" + count) == '@get("/p/" + $count)'


@pytest.mark.parametrize(
    "options",
    [{"content_type": "xml"}, {"retry": "often"}, {"request_cancellation": True}],
)
def test_an_option_that_is_one_of_a_few_words_is_checked(options: dict[str, Any]) -> None:
    with pytest.raises(ViewError, match="is one of"):
        post("/x", **options)


def test_every_attribute_that_datastars_own_python_library_has_is_a_keyword() -> None:
    from nitro_runtime.html.datastar import find_rule

    names = [name for name in dir(official) if name.islower() and name[0] != "_"]
    pro = {"animate", "custom_validity", "match_media", "on_raf", "on_resize", "persist"}
    pro |= {"query_string", "replace_url", "rocket", "scroll_into_view", "view_transition"}
    named = {"class_": "class_map", "style": "style_map", "on": "on_click"}
    for name in set(names) - pro:
        assert find_rule(named.get(name, name)) is not None, name


@pytest.fixture(scope="module")
def client() -> str:
    from datastar_page import datastar_file

    return datastar_file().decode()


def test_the_attributes_and_actions_are_those_of_the_real_client(client: str) -> None:
    from nitro_runtime.html.datastar import _PLUGINS

    found = set(re.findall(r'm\(\{name:"([a-z-]+)",', client))
    watched = {"ignore", "ignore-morph", "preserve-attr", "on-signal-patch-filter"}
    assert found - {"on"} == {plugin.name for plugin in _PLUGINS.values()} - watched
    for name in watched - {"on-signal-patch-filter"}:
        assert f'"{name}"' in client
    actions = set(re.findall(r'I\(\{name:"([A-Za-z]+)"', client))
    assert actions == {"peek", "setAll", "toggleAll"}
    for method in ("get", "post", "put", "patch", "delete"):
        assert f'("{method}","{method.upper()}"' in client
