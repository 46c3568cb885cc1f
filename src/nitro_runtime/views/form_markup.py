"""How a form looks: tags once for each form, then compiled markup with places for the texts.

A form without errors is one compiled function over its texts; errors, and themes that change, go
through the tags.
"""

from __future__ import annotations

from collections.abc import Callable

from nitro_runtime.html import (
    A,
    Button,
    Div,
    Fragment,
    Html,
    Input,
    Li,
    P,
    Ul,
    expr,
    raw,
)
from nitro_runtime.html import Form as FormTag
from nitro_runtime.html.compiled import CompiledRow
from nitro_runtime.views.bound_fields import BoundField
from nitro_runtime.views.choices import Choices
from nitro_runtime.views.csrf import csrf_field, current_csrf
from nitro_runtime.views.fields import (
    FormField,
    HiddenField,
    ManyField,
    RelationField,
    SelectField,
    TextArea,
)
from nitro_runtime.views.form_definition import FormDefinition
from nitro_runtime.views.form_script import UNSAVED, handlers, submitting
from nitro_runtime.views.form_state import FormState
from nitro_runtime.views.marks import Marks
from nitro_runtime.views.nested_fields import RowsField
from nitro_runtime.views.theme import Theme
from nitro_runtime.views.words import current_words, say

VERSION = "version"
"""The name of the hidden field that carries the version of what is edited."""

SUFFIX = "nitro_form"
"""The name of the hidden field that tells two forms of one kind on a page apart."""


def render_form(form: FormDefinition, state: FormState, theme: Theme) -> Html:
    """Returns the whole form element."""
    if state.errors or state.form_errors:
        blocks = [render_block(form, each, state, theme) for each in form.fields.values()]
        return _frame(form, state, theme, form_summary(form, state, theme), blocks)
    is_new = state.version is None
    key = (theme, current_words(), is_new, state.unsaved, state.keep, current_csrf())
    compiled: CompiledRow[FormState] | None = form.compiled.get(key)
    if compiled is None:
        compiled = form.compiled[key] = _compile(form, state, theme)
    return compiled(state)


# -- the parts ----------------------------------------------------------------------------------


def _frame(
    form: FormDefinition, state: FormState, theme: Theme, summary: Html | None, blocks: list[Html]
) -> Html:
    return form_tag(
        form, state, theme, hidden_fields(state), summary, blocks, form_buttons(state, theme)
    )


def hidden_fields(state: FormState) -> Html:
    """Returns what the form posts unseen: the host's token, and the version of what is edited."""
    version = None
    if state.version is not None:
        version = Input(type="hidden", name=VERSION, value=state.version)
    suffix = Input(type="hidden", name=SUFFIX, value=state.suffix) if state.suffix else None
    return Fragment(csrf_field(current_csrf()), suffix, version)


def form_buttons(state: FormState, theme: Theme) -> Html:
    """Returns the button that saves, and the link that does not."""
    return Div(
        Button(state.submit, type="submit", cls=theme["button_primary"]),
        A(say("cancel"), href=state.cancel, cls=theme["button"]),
        cls=theme["buttons"],
    )


def form_tag(form: FormDefinition, state: FormState, theme: Theme, *children: object) -> Html:
    """Returns the form element around some markup."""
    busy = f"_{form.dom_id.replace('-', '_')}_busy"
    return FormTag(
        *children,
        id=form.dom_id,
        cls=theme["form"],
        method="post",
        action=state.action,
        enctype="multipart/form-data" if form.uploads else None,
        # the server's sentences at the fields are for everyone; bubbles of the browser are not
        novalidate=True,
        indicator=busy,
        on_submit=submitting(busy),
        attr={"aria-busy": expr(f"${busy}")},
        **{UNSAVED: state.unsaved or None},
        **handlers(guarded=state.keep),
    )


def form_summary(form: FormDefinition, state: FormState, theme: Theme) -> Html:
    """Returns what is wrong, with links to the controls that can be seen."""
    links = [
        Li(A(f"{label}: {text}", href=f"#{place}") if place else f"{label}: {text}")
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
    """Returns what people call a control, also of one in a row, and its id; none if it is hidden."""
    if name in state.rows:
        return form.fields[name].label or name, state.rows[name].id
    for rows in state.rows.values():
        label = rows.label_of(name)
        if label is not None:
            hidden = isinstance(rows.field_called(name), HiddenField)
            return label, "" if hidden else f"{rows.stem}-{name}"
    each = form.fields[name]
    return each.label or name, "" if isinstance(each, HiddenField) else f"{form.stem}-{name}"


def render_block(form: FormDefinition, each: FormField, state: FormState, theme: Theme) -> Html:
    """A field with its label, help and errors."""
    return BoundField(each, state, theme, form.stem).block()


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
        unsaved=state.unsaved,
        keep=state.keep,
        suffix=state.suffix,
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
    # what a relation offers changes with its rows
    is_steady = not isinstance(each, RelationField | ManyField)
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
            is_steady
            and choices == fixed
            and (choices.find(shown) is not None or shown in ("", "on"))
        ):
            kept[shown] = block
        return block

    return render
