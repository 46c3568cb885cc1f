"""The type of a tag function: its attributes by name, for editors and type checkers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AnySet

from nitro_runtime.html.annotations import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from nitro_runtime.html.attributes import Attribute
    from nitro_runtime.html.children import Child
    from nitro_runtime.html.lazy import Lazy
    from nitro_runtime.html.markup import Html
    from nitro_runtime.html.signals import Expression, Signal

# Each of them takes plain values as well: an unpacked dict, as in P(**{"data-x": 1}), is checked against
# all of these keywords, whatever its keys are.
Plain: TypeAlias = "str | int | float | bool | None"

Flag: TypeAlias = "bool | Expression | Plain"
"""True for the bare attribute, False and None for none, an expression for one that Datastar sets."""

Code: TypeAlias = "Expression | Sequence[str | Expression] | Plain"
"""A developer's expression: ``"$count++"``, ``count.add(1)``, ``post("/x")``, or several in a list."""

Classes: TypeAlias = "Mapping[str, object] | Sequence[object] | AnySet[str] | Expression | Plain"
"""Names, ``{"active": condition}``, or a list of those; a condition may be an expression."""

Styles: TypeAlias = "Mapping[str, object] | Expression | Plain"
"""A text, or a mapping of property to value; a value may be an expression."""

Signals: TypeAlias = (
    "Mapping[str, object] | Signal | Sequence[Signal | Mapping[str, object]] | Plain"
)
"""Names with their first values."""

SignalName: TypeAlias = "Signal | Plain"
"""A signal, itself or by name."""

Expressions: TypeAlias = "Mapping[str, Code] | Plain"
"""Names with an expression each."""

Computed: TypeAlias = (
    "Mapping[str, Code] | Mapping[Signal, Code] | Mapping[str | Signal, Code] | Plain"
)
"""Signals with an expression each."""

Filter: TypeAlias = 'Mapping[Literal["include", "exclude"], str] | Plain'
"""Regular expressions of names of signals."""


class Tag(Protocol):
    """A tag function: ``Div("text", P("more"), cls="card", id="x")``."""

    def __call__(
        self,
        *children: Child,
        id: Attribute = None,
        cls: Classes = None,
        class_: Classes = None,
        style: Styles = None,
        title: Attribute = None,
        lang: Attribute = None,
        dir: Literal["ltr", "rtl", "auto"] | Plain = None,
        hidden: Literal["until-found"] | Flag = None,
        inert: Flag = None,
        tabindex: Attribute = None,
        autofocus: Flag = None,
        draggable: Literal["true", "false"] | Plain = None,
        contenteditable: Literal["true", "false", "plaintext-only"] | Plain = None,
        popover: Literal["auto", "manual", "hint"] | Plain = None,
        slot: Attribute = None,
        role: Attribute = None,
        href: Attribute = None,
        src: Attribute = None,
        alt: Attribute = None,
        name: Attribute = None,
        value: Attribute = None,
        type: Attribute = None,
        for_: Attribute = None,
        action: Attribute = None,
        method: Literal["get", "post", "dialog"] | Plain = None,
        placeholder: Attribute = None,
        required: Flag = None,
        disabled: Flag = None,
        checked: Flag = None,
        selected: Flag = None,
        readonly: Flag = None,
        multiple: Flag = None,
        open: Flag = None,
        aria_label: Attribute = None,
        aria_labelledby: Attribute = None,
        aria_describedby: Attribute = None,
        aria_controls: Attribute = None,
        aria_live: Literal["off", "polite", "assertive"] | Plain = None,
        aria_hidden: Attribute = None,
        aria_expanded: Attribute = None,
        aria_current: Attribute = None,
        aria_invalid: Attribute = None,
        aria_busy: Attribute = None,
        on_click: Code = None,
        on_input: Code = None,
        on_change: Code = None,
        on_submit: Code = None,
        on_keydown: Code = None,
        on_focus: Code = None,
        on_blur: Code = None,
        on_load: Code = None,
        on_intersect: Code = None,
        on_interval: Code = None,
        on_signal_patch: Code = None,
        on_signal_patch_filter: Filter = None,
        attr: Expressions = None,
        bind: SignalName = None,
        class_map: Expressions = None,
        computed: Computed = None,
        effect: Code = None,
        ignore: Plain = None,
        ignore_morph: Plain = None,
        indicator: SignalName = None,
        init: Code = None,
        json_signals: Filter = None,
        preserve_attr: Sequence[str] | Plain = None,
        ref: SignalName = None,
        show: Code = None,
        signals: Signals = None,
        style_map: Expressions = None,
        text: Code = None,
        **attributes: Attribute,
    ) -> Html:
        """Renders the element at once.

        Every other attribute is a keyword too: ``aria_*``, ``data_*``, ``on_*`` for any event, with
        Datastar's modifiers after two underscores (``on_input__debounce_200ms``), and what custom
        elements have. A trailing underscore is dropped, other underscores are dashes.

        Args:
            *children: What stands inside, in order; a dict among them is attributes.
            id: The name of this element in the page.
            cls: Names of classes: a text, a list, or ``{"active": condition}``; where the condition is
                an expression of signals, Datastar keeps the class in step.
            class_: The same as ``cls``.
            style: A text, or a mapping such as ``{"font_size": "2em"}``.
            title: What is shown on hovering.
            lang: The language of the text inside, such as ``"de"``.
            dir: The direction of the text.
            hidden: Whether it is not shown.
            inert: Whether it cannot be used or reached.
            tabindex: Its place in the order of the Tab key; 0 for the natural one, -1 for none.
            autofocus: Whether it has the focus when the page opens.
            draggable: Whether it can be dragged.
            contenteditable: Whether its text can be edited.
            popover: Whether it is a popover, and which kind.
            slot: The slot of a custom element that it goes into.
            role: What it is to assistive technology.
            href: The address of a link; ``javascript:`` is refused.
            src: The address of what is shown or loaded.
            alt: What stands for an image.
            name: The name under which a control is sent.
            value: The value of a control.
            type: The kind of a control, button or script.
            for_: The id of the control that a label belongs to.
            action: Where a form is sent.
            method: How a form is sent.
            placeholder: An example, shown in an empty control.
            required: Whether a control must be filled.
            disabled: Whether a control cannot be used, and is not sent.
            checked: Whether a box is checked.
            selected: Whether an option is chosen.
            readonly: Whether a control cannot be changed.
            multiple: Whether several can be chosen.
            open: Whether details or a dialog are open.
            aria_label: Its name to assistive technology.
            aria_labelledby: The ids of the elements that name it.
            aria_describedby: The ids of the elements that describe it.
            aria_controls: The ids of the elements that it controls.
            aria_live: Whether changes inside are read out.
            aria_hidden: Whether assistive technology passes over it.
            aria_expanded: Whether what it controls is open.
            aria_current: Which of several it is, such as ``"page"``.
            aria_invalid: Whether the value of a control is wrong.
            aria_busy: Whether it is being loaded.
            on_click: Runs when it is clicked.
            on_input: Runs at each change as it is typed.
            on_change: Runs when a control was changed.
            on_submit: Runs instead of sending the form.
            on_keydown: Runs when a key goes down; ``evt.key`` is the key.
            on_focus: Runs when it gets the focus.
            on_blur: Runs when it loses the focus.
            on_load: Runs when an image, a frame or a script was loaded; ``init`` is for elements.
            on_intersect: Runs when it comes into view.
            on_interval: Runs each second, or as ``on_interval__duration_5s`` says.
            on_signal_patch: Runs when signals changed; ``patch`` holds them.
            on_signal_patch_filter: For which signals that is so: regular expressions of names.
            attr: Attributes that follow expressions: ``{"title": name + "!"}``.
            bind: The signal that a control's value and itself keep in step.
            class_map: Classes that follow expressions: ``{"active": count > 3}``.
            computed: Signals that are computed from others: ``{"total": price * number}``.
            effect: Runs at once, and again whenever a signal in it changes.
            ignore: Whether Datastar leaves it and what is inside alone.
            ignore_morph: Whether patches leave it and what is inside as they are.
            indicator: The signal that is true while a request of this element runs.
            init: Runs when the element comes into the page.
            json_signals: Shows all signals, or those that a filter includes; for finding errors.
            preserve_attr: The attributes that patches leave as they are.
            ref: The signal that holds this element.
            show: Whether it is shown.
            signals: Signals with their first values; values, not code.
            style_map: Properties of its style that follow expressions.
            text: The text inside, following an expression.
            **attributes: Any others, in order.

        Raises:
            ViewError: A child or an attribute cannot be rendered.
        """
        ...

    def stream(self, *children: Child, **attributes: Attribute) -> Lazy:
        """Returns the same element, still to be rendered, for `nitro_runtime.html.chunks`.

        The attributes are rendered at once; the children when they are due.

        Raises:
            ViewError: An attribute cannot be rendered.
        """
        ...
