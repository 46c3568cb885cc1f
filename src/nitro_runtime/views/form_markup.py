"""How a form looks: tags once for each form, then compiled markup with places for the texts.

A form without errors is one compiled function over its texts; errors, and themes that change, go
through the tags.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from nitro_runtime.html import (
    A,
    Button,
    Div,
    Fieldset,
    Fragment,
    Html,
    Input,
    Label,
    Legend,
    Li,
    P,
    Span,
    Ul,
    expr,
    raw,
)
from nitro_runtime.html import Form as FormTag
from nitro_runtime.html.compiled import CompiledRow
from nitro_runtime.views.choices import Choices
from nitro_runtime.views.csrf import csrf_field, csrf_option, current_csrf
from nitro_runtime.views.fields import (
    CheckboxField,
    FileField,
    FormField,
    HiddenField,
    ListField,
    ManyField,
    SelectField,
    TextArea,
)
from nitro_runtime.views.form_definition import FormDefinition
from nitro_runtime.views.marks import Marks
from nitro_runtime.views.nested_fields import RowsField
from nitro_runtime.views.theme import Theme
from nitro_runtime.views.words import current_words, say

VERSION = "version"
"""The name of the hidden field that carries the version of what is edited."""


class RowsView(Protocol):
    """The rows of one field, as they are shown."""

    @property
    def id(self) -> str:
        """The id of the element that holds them."""
        ...

    @property
    def stem(self) -> str:
        """What the ids of their controls begin with."""
        ...

    def html(self, theme: Theme) -> Html:
        """Returns them as markup."""
        ...

    def label_of(self, name: str) -> str | None:
        """Returns what people call a control in a row; None when it is in none."""
        ...


@dataclass(frozen=True, slots=True)
class FormState:
    """What one form shows.

    Attributes:
        action: Where it posts to.
        cancel: Where its cancel link leads.
        submit: The text of its button.
        version: The version of what is edited, or None for something new.
        shown: The text in each field's control.
        choices: The choices of each select.
        errors: Sentences by field.
        form_errors: Sentences about the whole.
        rows: The rows of each field that has some.
        focus: The id of the control that has the focus when the page is loaded.
    """

    action: str
    cancel: str
    submit: str
    version: str | None
    shown: Mapping[str, str]
    choices: Mapping[str, Choices]
    errors: Mapping[str, Sequence[str]]
    form_errors: Sequence[str]
    rows: Mapping[str, RowsView] = field(default_factory=dict[str, "RowsView"])
    focus: str = ""


def render_form(form: FormDefinition, state: FormState, theme: Theme) -> Html:
    """Returns the whole form element."""
    if state.errors or state.form_errors:
        blocks = [render_block(form, each, state, theme) for each in form.fields.values()]
        return _frame(form, state, theme, _summary(form, state, theme), blocks)
    key = (theme, current_words(), state.version is None, current_csrf())
    compiled: CompiledRow[FormState] | None = form.compiled.get(key)
    if compiled is None:
        compiled = form.compiled[key] = _compile(form, state, theme)
    return compiled(state)


# -- the parts ----------------------------------------------------------------------------------

# the address is read from the element, so no text of the page is ever part of the code; a second
# submit while the first is on its way would save twice
_SUBMIT = "${busy} || @post(el.getAttribute('action'), {{contentType: 'form'{csrf}}})"


def _frame(
    form: FormDefinition, state: FormState, theme: Theme, summary: Html | None, blocks: list[Html]
) -> Html:
    busy = f"_{form.dom_id.replace('-', '_')}_busy"
    csrf = current_csrf()
    version = None
    if state.version is not None:
        version = Input(type="hidden", name=VERSION, value=state.version)
    return FormTag(
        csrf_field(csrf),
        summary,
        version,
        blocks,
        Div(
            Button(state.submit, type="submit", cls=theme["button_primary"]),
            A(say("cancel"), href=state.cancel, cls=theme["button"]),
            cls=theme["buttons"],
        ),
        id=form.dom_id,
        cls=theme["form"],
        method="post",
        action=state.action,
        enctype="multipart/form-data" if form.uploads else None,
        # the server's sentences at the fields are for everyone; bubbles of the browser are not
        novalidate=True,
        indicator=busy,
        on_submit=expr(_SUBMIT.format(busy=busy, csrf=csrf_option(csrf))),
        attr={"aria-busy": expr(f"${busy}")},
    )


def _summary(form: FormDefinition, state: FormState, theme: Theme) -> Html:
    links = [
        Li(A(f"{label}: {text}", href=f"#{place}"))
        for name, texts in state.errors.items()
        for label, place in (_place(form, state, name),)
        for text in texts
    ]
    items = [*(Li(text) for text in state.form_errors), *links]
    count = len(items)
    title = say("summary_one") if count == 1 else say("summary_many", count=count)
    # data-init moves the focus when the summary appears; later morphs leave the focus alone
    return Div(
        P(title),
        Ul(items),
        id=f"{form.dom_id}-errors",
        cls=theme["errors"],
        role="alert",
        tabindex="-1",
        init="el.focus()",
    )


def _place(form: FormDefinition, state: FormState, name: str) -> tuple[str, str]:
    """Returns what people call a control, and its id; also of one in a row."""
    if name in state.rows:
        return form.fields[name].label or name, state.rows[name].id
    for rows in state.rows.values():
        label = rows.label_of(name)
        if label is not None:
            return label, f"{rows.stem}-{name}"
    return form.fields[name].label or name, f"{form.stem}-{name}"


def render_block(form: FormDefinition, each: FormField, state: FormState, theme: Theme) -> Html:
    """A field with its label, help and errors."""
    if isinstance(each, RowsField):
        return state.rows[each.name].html(theme)
    control_id = f"{form.stem}-{each.name}"
    texts = state.errors.get(each.name, ())
    choices = state.choices.get(each.name, Choices())
    help_text = _help(each, choices)
    help_id = f"{control_id}-help" if help_text else None
    error_id = f"{control_id}-error" if texts else None
    control = each.control(
        {
            "id": control_id,
            "name": each.name,
            "class": theme[each.part],
            "required": each.required,
            "autofocus": control_id == state.focus or None,
            "aria-invalid": "true" if texts else None,
            "aria-describedby": " ".join(filter(None, (help_id, error_id))) or None,
        },
        state.shown.get(each.name, ""),
        choices,
    )
    if isinstance(each, HiddenField):
        return control
    below = (
        P(help_text, id=help_id, cls=theme["help"]) if help_text else None,
        P(" ".join(texts), id=error_id, cls=theme["error"]) if texts else None,
    )
    if isinstance(each, ManyField):
        described = " ".join(filter(None, (help_id, error_id))) or None
        return Fieldset(
            Legend(each.label, None if each.required else _optional(theme), cls=theme["label"]),
            control,
            below,
            id=control_id,
            tabindex="-1",  # the summary of what is wrong leads here
            cls=theme["field_group"],
            aria_describedby=described,
        )
    label = Label(
        each.label,
        None if each.required or isinstance(each, CheckboxField) else _optional(theme),
        for_=control_id,
        cls=theme["label"],
    )
    check = isinstance(each, CheckboxField)
    return Div(
        [control, label] if check else [label, control],
        below,
        cls=theme["field_check" if check else "field"],
    )


def _optional(theme: Theme) -> Html:
    return Fragment(" ", Span(f"({say('optional')})", cls=theme["optional"]))


def _help(each: FormField, choices: Choices) -> str:
    more = say("more_choices", count=len(choices.items)) if choices.cut else ""
    lines = say("one_a_line") if isinstance(each, ListField) else ""
    empty = isinstance(each, ManyField) and not choices.items
    nothing = say("nothing_to_choose") if empty else ""
    limits = each.limits if isinstance(each, FileField) else ""
    return " ".join(filter(None, (each.help, lines, more, nothing, limits)))


# -- compiled -----------------------------------------------------------------------------------


def _compile(form: FormDefinition, state: FormState, theme: Theme) -> CompiledRow[FormState]:
    """Renders the form once with a mark for each text, and compiles what lies between."""
    marks = Marks[FormState]()
    blocks = [_mark_block(form, each, theme, marks) for each in form.fields.values()]
    marked = FormState(
        action=marks.place(lambda s: s.action),
        cancel=marks.place(lambda s: s.cancel),
        submit=marks.place(lambda s: s.submit),
        version=None if state.version is None else marks.place(lambda s: s.version),
        shown={},
        choices={},
        errors={},
        form_errors=(),
    )
    return marks.compile(_frame(form, marked, theme, None, blocks))


def _mark_block(
    form: FormDefinition, each: FormField, theme: Theme, marks: Marks[FormState]
) -> Html:
    """A field with a mark for its text, or one mark for all of it when its markup varies."""
    name = each.name
    if isinstance(each, RowsField):
        return raw(marks.place(lambda s: s.rows[name].html(theme)))
    if not each.slot:
        return raw(marks.place(_varying(form, each, theme)))

    def text(state: FormState) -> str:
        return state.shown.get(name, "")

    mark = marks.place(text)
    block = render_block(form, each, _only(name, mark), theme)
    # a parser drops one newline after <textarea>; with one there always, the text keeps its own
    return raw(block.replace(mark, f"\n{mark}")) if isinstance(each, TextArea) else block


def _only(name: str, shown: str, choices: Choices | None = None) -> FormState:
    offered = {name: choices} if choices is not None else {}
    return FormState("", "", "", None, {name: shown}, offered, {}, ())


def _varying(form: FormDefinition, each: FormField, theme: Theme) -> Callable[[FormState], Html]:
    """Returns what renders a box or a select; one whose choices never change is kept by choice."""
    fixed = each.offered if isinstance(each, SelectField) else Choices()
    kept: dict[str, Html] = {}

    def render(state: FormState) -> Html:
        shown = state.shown.get(each.name, "")
        found = kept.get(shown)
        if found is not None:
            return found
        choices = state.choices.get(each.name, Choices())
        block = render_block(form, each, _only(each.name, shown, choices), theme)
        if (
            choices == fixed
            and not isinstance(each, ManyField)
            and (choices.find(shown) is not None or shown in ("", "on"))
        ):
            kept[shown] = block
        return block

    return render
