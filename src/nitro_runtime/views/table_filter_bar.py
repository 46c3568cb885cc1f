"""The controls of a table's filters. Without JavaScript they are fields of the form that they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nitro_runtime.html import A, Button, Div, Html, Input, Label, Option, Select, Span
from nitro_runtime.views.choices import Choice
from nitro_runtime.views.table_filters import ChoiceFilter, Filter, RangeFilter, RelationFilter
from nitro_runtime.views.table_rendering import Rendering
from nitro_runtime.views.words import say


def filter_bar(at: Rendering) -> Html | None:
    """Returns the filters, and the link that takes them all off."""
    if not at.table.filters:
        return None
    texts = dict(at.state.filters)
    return Div(
        [_control(at, each, texts) for each in at.table.filters],
        # the button of the search sends the filters too
        Button(say("filter"), type="submit", cls=at.theme["button"])
        if at.table.options.search is None
        else None,
        _clear(at) if at.state.filters else None,
        cls=at.theme["filters"],
        role="group",
        aria_label=say("filters"),
    )


def _clear(at: Rendering) -> Html:
    return A(
        say("clear_filters"),
        id=at.element_id("clear"),
        href=at.state.address(filters=(), page=1),
        cls=at.theme["button_small"],
    )


def _control(at: Rendering, each: Filter, texts: Mapping[str, str]) -> Html:
    if isinstance(each, RangeFilter):
        return _range(at, each, texts)
    if isinstance(each, ChoiceFilter):
        return _select(at, each, each.choices, texts)
    if isinstance(each, RelationFilter):
        return _relation(at, each, texts)
    return _text(at, each, each.parameters[0], texts)


def _relation(at: Rendering, each: RelationFilter, texts: Mapping[str, str]) -> Html:
    offered = dict(at.shown.choices).get(each.name)
    if offered is None:
        return _text(at, each, each.parameters[1], texts)
    if offered.cut and each.parameters[0] not in texts:
        return _text(at, each, each.parameters[1], texts)
    return _select(at, each, offered.items, texts)


def _labelled(at: Rendering, label: str, control_id: str, control: Html) -> Html:
    return Div(
        Label(label, for_=control_id, cls=at.theme["label"]), control, cls=at.theme["filter"]
    )


def _select(
    at: Rendering, each: Filter, choices: Iterable[Choice], texts: Mapping[str, str]
) -> Html:
    name = each.parameters[0]
    chosen = texts.get(name, "")
    options = [Option(say("all"), value="", selected=not chosen)]
    options += [Option(c.shown, value=c.text, selected=c.text == chosen) for c in choices]
    if chosen and all(choice.text != chosen for choice in choices):
        options.append(Option(chosen, value=chosen, selected=True))  # a key of what is gone
    control_id = at.element_id(f"filter-{name}")
    select = Select(options, id=control_id, name=at.parameter(name), cls=at.theme["select"])
    return _labelled(at, each.label, control_id, select)


def _text(at: Rendering, each: Filter, name: str, texts: Mapping[str, str]) -> Html:
    control_id = at.element_id(f"filter-{name}")
    box = _box(at, "search", name, texts.get(name, ""), control_id)
    return _labelled(at, each.label, control_id, box)


def _box(at: Rendering, kind: str, name: str, text: str, control_id: str, **more: object) -> Html:
    return Input(
        id=control_id,
        type=kind,
        name=at.parameter(name),
        value=text,
        autocomplete="off",
        cls=at.theme["input"],
        preserve_attr="value",
        **more,  # pyright: ignore[reportArgumentType] # attributes of an input
    )


def _range(at: Rendering, each: RangeFilter, texts: Mapping[str, str]) -> Html:
    label_id = at.element_id(f"filter-{each.name}")
    boxes = [
        _box(
            at,
            each.input_type,
            name,
            texts.get(name, "")[: _DATE if each.input_type == "date" else None],
            at.element_id(f"filter-{name}"),
            step=(each.step or "any") if each.input_type == "number" else None,
            aria_label=say(f"filter_{word}", label=each.label),
            placeholder=say(f"range_{word}") if each.input_type == "number" else None,
        )
        for name, word in zip(each.parameters, ("from", "to"), strict=True)
    ]
    return Div(
        Span(each.label, id=label_id, cls=at.theme["label"]),
        Div(boxes[0], Span("\N{EN DASH}", aria_hidden="true"), boxes[1], cls=at.theme["range"]),
        cls=at.theme["filter"],
        role="group",
        aria_labelledby=label_id,
    )


_DATE = len("2026-01-01")
