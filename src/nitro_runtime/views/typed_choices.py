"""What was typed into the search box of a relation, where no JavaScript made a key of it.

A page without JavaScript posts the text of each combobox beside the key that it had. Where they differ
the text is what the visitor means: the one row that it fits is taken, and of several the visitor is
asked to choose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from nitro_runtime.errors import InvalidQuery
from nitro_runtime.views.choices import MOST_CHOICES, Choices, Target, choice_of_row, search_rows
from nitro_runtime.views.combobox import text_name
from nitro_runtime.views.form_reading import Posted
from nitro_runtime.views.words import say

MOST_SEARCHES = 50
"""How many texts of one post are looked for; what is beyond is told to be none of the list."""

_TEXT = text_name("")


@dataclass(frozen=True, slots=True)
class Unclear:
    """A text that no single row fits.

    Attributes:
        sentence: What to tell.
        choices: What there is to choose from.
    """

    sentence: str
    choices: Choices


@dataclass(slots=True)
class TypedPost:
    """A post with the keys of what was typed in it.

    Attributes:
        unclear: The texts that no single row fits, by the name of their field.
    """

    posted: Posted
    keys: dict[str, str] = field(default_factory=dict[str, str])
    unclear: dict[str, Unclear] = field(default_factory=dict[str, Unclear])

    def __iter__(self) -> Iterator[str]:
        yield from self.posted
        yield from (name for name in self.keys if not self.posted.getlist(name))

    def getlist(self, name: str, /) -> list[str]:
        """Returns every text posted under the name, or the key that was found for it."""
        return [self.keys[name]] if name in self.keys else self.posted.getlist(name)


async def with_keys(posted: Posted, target_of: Callable[[str], Target | None]) -> TypedPost:
    """Looks for what was typed.

    Args:
        posted: What was posted.
        target_of: Returns the related rows of the field that is posted under a name, if it has some.
    """
    found = TypedPost(posted)
    searches = 0
    typed = list(_typed(posted, target_of))
    labels = await _labels(posted, typed)
    for name, target, text in typed:
        if not text:
            found.keys[name] = ""
        elif labels.get(name) != text:
            searches += 1
            await _look_for(found, name, target, text, given_up=searches > MOST_SEARCHES)
    return found


def _typed(
    posted: Posted, target_of: Callable[[str], Target | None]
) -> Iterator[tuple[str, Target, str]]:
    for text_field in posted:
        if text_field.endswith(_TEXT):
            name = text_field.removesuffix(_TEXT)
            target = target_of(name)
            if target is not None:
                yield name, target, posted.getlist(text_field)[-1].strip()


async def _labels(posted: Posted, typed: list[tuple[str, Target, str]]) -> dict[str, str]:
    """Reads what the rows are called whose keys were posted, by field; one query for each target."""
    keys = {name: (posted.getlist(name) or [""])[-1] for name, _, _ in typed}
    targets = {id(target): target for _, target, _ in typed}
    rows: dict[tuple[int, str], str] = {}
    for place, target in targets.items():
        own = {keys[name] for name, each, _ in typed if each is target and keys[name]}
        try:
            found = await target.chosen(sorted(own)).aall() if own else ()
        except InvalidQuery:  # a text that cannot be a key of this entity
            found = ()
        for choice in map(choice_of_row, found):
            rows[place, choice.text] = choice.label.strip()
    present = say("present_choice")  # a key that may not be chosen: kept, or refused when it is new
    labels = {
        name: rows.get((id(target), keys[name]), present if keys[name] else None)
        for name, target, _ in typed
    }
    return {name: label for name, label in labels.items() if label is not None}


async def _look_for(
    found: TypedPost, name: str, target: Target, text: str, *, given_up: bool
) -> None:
    rows = Choices() if given_up else await search_rows(target, text, MOST_CHOICES)
    exact = [each for each in rows.items if each.label.strip().casefold() == text.casefold()]
    fitting = exact if len(exact) == 1 else rows.items
    if len(fitting) == 1:
        found.keys[name] = fitting[0].text
        return
    found.keys[name] = ""
    if rows.items:
        offered = Choices(rows.items)
        found.unclear[name] = Unclear(say("which_one", text=text), offered)
    else:
        offered = Choices(cut=True, typed=text)
        found.unclear[name] = Unclear(say("found_nothing", text=text), offered)
