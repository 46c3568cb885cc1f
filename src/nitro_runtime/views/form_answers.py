"""What a form answers a visitor who has not sent it yet: what is wrong with a field, what a search finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from nitro_runtime.views.bound_fields import BoundField
from nitro_runtime.views.choices import Choices, Target, arows_of, search_rows
from nitro_runtime.views.combobox import MOST_FOUND, found_patches
from nitro_runtime.views.fields import FormField, SelectField, split_keys
from nitro_runtime.views.form_definition import FormDefinition
from nitro_runtime.views.form_reading import Reading, check_choices, read_post, validate
from nitro_runtime.views.form_state import FormState
from nitro_runtime.views.theme import Theme

_UNSEEN = "\0"
"""What no control shows, so that whatever was typed counts as changed."""


class _OneField:
    """A post of one field alone."""

    def __init__(self, name: str, texts: list[str]) -> None:
        self._name, self._texts = name, texts

    def __iter__(self) -> Iterator[str]:
        return iter((self._name,))

    def getlist(self, name: str, /) -> list[str]:
        return self._texts if name == self._name else []


async def checked_field(
    form: FormDefinition, each: FormField, texts: list[str], *, editing: bool
) -> Reading:
    """Reads and validates one field alone, as the form would.

    Args:
        form: The form that the field belongs to, or the one of its row.
        each: The field.
        texts: What was posted under its name.
        editing: Whether an entity is edited.
    """
    name = each.name
    alone = replace(
        form,
        fields={name: each},
        targets={n: target for n, target in form.targets.items() if n == name},
        compiled={},
    )
    reading = read_post(alone, _OneField(name, texts), {name: _UNSEEN}, editing=editing)
    check_choices(alone, reading, {name: await _choices(alone, each, reading.shown[name])})
    validate(alone, reading, editing=editing)
    return reading


async def _choices(form: FormDefinition, each: FormField, shown: str) -> Choices:
    target = form.targets.get(each.name)
    if target is not None:
        return await arows_of(target, split_keys(shown))
    return (each.offered if isinstance(each, SelectField) else None) or Choices()


async def search_answer(target: Target, control_id: str, label: str, text: str) -> tuple[str, str]:
    """Returns the patches of the list of a combobox, with the rows that a search finds.

    Args:
        target: The related rows.
        control_id: The id of the text box.
        label: What people call the field.
        text: What was typed.
    """
    found = await search_rows(target, text, MOST_FOUND)
    return found_patches(control_id, label, found, text)


def field_answer(each: FormField, reading: Reading, theme: Theme, stem: str) -> str:
    """Returns the patch that tells what is wrong with a field, or that nothing is.

    Args:
        each: The field, under the name that it is posted with.
        reading: What was read of it, by the field's own name.
        theme: The classes.
        stem: What the id of its control begins with.
    """
    texts = [text for found in reading.errors.values() for text in found]
    state = FormState(
        action="",
        cancel="",
        submit="",
        version=None,
        shown={},
        choices={each.name: Choices()},
        errors={each.name: texts} if texts else {},
        form_errors=(),
    )
    return BoundField(each, state, theme, stem).answer()
