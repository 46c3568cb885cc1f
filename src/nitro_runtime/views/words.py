"""Every word that the views themselves say, in one place, and catalogues that translate them.

`WORDS` is the English one. An app in another language makes a catalogue of its own and uses it for
every page, or chooses one for each request:

```python
GERMAN = Words(language="de", save="Speichern", cancel="Abbrechen")

use_words(GERMAN)
install(app, words=by_language({"de": GERMAN}))
```

What an application says (labels, titles, help) stands in the application.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from nitro_runtime.errors import ViewError, suggestion

Word = str | Callable[..., str]
"""A text with ``{name}`` where something is filled in, or a function of what is filled in."""

WORDS: dict[str, str] = {
    # buttons and links
    "save": "Save",
    "create": "Create",
    "cancel": "Cancel",
    "new": "New {entity}",
    "edit": "Edit",
    "edit_one": "Edit {label}",
    "delete": "Delete",
    "delete_one": "Delete {label}",
    "confirm_delete": "Delete {label}? This cannot be undone.",
    "dismiss": "Dismiss",
    "close": "Close",
    "confirm": "Continue",
    "percent": "{count}%",
    "notices": "Notices",
    "front_page": "Front page",
    "reconnecting": "Connection lost. Reconnecting…",
    "not_done": "That did not work. Try again, or reload the page.",
    "topic_refused": "This page no longer shows all changes by itself. Reload it.",
    "scheme": "Colours",
    "scheme_system": "As the system",
    "scheme_light": "Light",
    "scheme_dark": "Dark",
    # tables
    "search": "Search",
    "clear_search": "Clear search",
    "actions": "Actions",
    "pages": "Pages",
    "previous": "Previous",
    "next": "Next",
    "page_of": "Page {page} of {pages}",
    "count_none": "No {plural}",
    "count_one": "1 {entity}",
    "count_many": "{count} {plural}",
    "count_range": "{first}\N{EN DASH}{last} of {count} {plural}",
    "found_none": "No matching {plural}",
    "found_one": "1 matching {entity}",
    "found_many": "{count} matching {plural}",
    "found_range": "{first}\N{EN DASH}{last} of {count} matching {plural}",
    "empty": "Nothing here yet.",
    "nothing_found": "Nothing matches “{search}”.",
    "nothing_filtered": "Nothing matches these filters.",
    "nothing_found_filtered": "Nothing matches “{search}” with these filters.",
    "show_all": "Show all {plural}",
    "filter": "Filter",
    "filters": "Filters",
    "clear_filters": "Clear filters",
    "all": "All",
    "range_from": "from",
    "range_to": "to",
    "filter_from": "{label} from",
    "filter_to": "{label} to",
    "columns": "Columns",
    "show": "Show",
    "rows_on_a_page": "Rows on a page",
    "more": "And {count} more.",
    "yes": "Yes",
    "no": "No",
    "select": "Select",
    "select_one": "Select {label}",
    "select_page": "Select all on this page",
    "select_every": "Select all {count} that match",
    "selected": "{count} selected",
    "bulk_actions": "With the selected rows",
    "confirm_delete_many": "Delete {count} {plural}? This cannot be undone.",
    "bulk_deleted": "{what} deleted.",
    "bulk_gone": "{count} of them no longer exist, or are not yours to change.",
    "bulk_partly": "{count} deleted. These could not be: {labels}.",
    "bulk_unknown": "There is no such action for these rows, so nothing was changed.",
    "bulk_nothing": "Select at least one row first.",
    "bulk_limit": "At most {count} rows at once. Select fewer.",
    "bulk_changed": "There are {count} that match now, not as many as you saw, so nothing was changed.",
    "bulk_refused": "You are not allowed to do this.",
    "bulk_in_use": "{label} is still used elsewhere, so nothing was deleted.",
    "bulk_stale": "Somebody else changed {label} meanwhile, so nothing was changed. Try again.",
    "bulk_failed": "Nothing was changed. {reason}",
    "export_csv": "Export CSV",
    "and_more": "{count} more",
    "bytes": "{count} bytes",
    # forms
    "choose": "Choose…",
    "no_choice": "None",
    "present_choice": "As it is now",
    "optional": "optional",
    "more_choices": "Only the first {count} are listed.",
    "nothing_to_choose": "There is nothing to choose yet.",
    "one_a_line": "One value on each line.",
    "found_count": "{count} found.",
    "found_more": "The first {count} are listed. Type more to find others.",
    "which_one": "Several fit “{text}”. Choose one of them.",
    "found_nothing": "Nothing fits “{text}”.",
    "row": "{entity} {number}",
    "add_row": "Add {entity}",
    "remove_row": "Remove",
    "remove_one_row": "Remove {row}",
    "row_added": "{row} added.",
    "row_removed": "{row} removed.",
    "row_gone": "This does not exist any more. Remove it, or reload the page.",
    "rows_at_least": "At least {count} {plural}.",
    "rows_at_most": "At most {count} {plural}.",
    "current_file": "The present file",
    "current_image": "The present picture",
    "remove_file": "Remove it",
    "file": "File",
    "summary_one": "There is a problem with this form.",
    "summary_many": "There are {count} problems with this form.",
    # what is wrong with a value
    "required": "This field is required.",
    "too_short": "At least {count} characters.",
    "too_long": "At most {count} characters.",
    "number": "Enter a number.",
    "whole_number": "Enter a whole number.",
    "at_least": "At least {limit}.",
    "at_most": "At most {limit}.",
    "more_than": "More than {limit}.",
    "less_than": "Less than {limit}.",
    "multiple_of": "A multiple of {limit}.",
    "decimal_places": "At most {count} digits after the point.",
    "max_digits": "At most {count} digits.",
    "whole_digits": "At most {count} digits before the point.",
    "date": "Enter a date.",
    "time": "Enter a time.",
    "date_time": "Enter a date and a time.",
    "one_of": "Choose one of the list.",
    "format": "This does not have the right format.",
    "email": "Enter an email address.",
    "url": "Enter a full address, such as https://example.org.",
    "json": "Enter valid JSON.",
    "json_deep": "Nested {count} levels deep at most.",
    "too_few": "At least {count} values.",
    "too_many": "At most {count} values.",
    "value": "Value {number}: {text}",
    "file_too_great": "The file may have at most {limit} MB.",
    "file_empty": "This file is empty.",
    "file_not_kept": "The file could not be kept. Try again later.",
    "file_content": "The content of this file is not what its name says.",
    "file_again": "Choose the file again: the form was not saved.",
    "file_limit": "Choose a file or drag it here: at most {limit} MB.",
    "file_kinds_limit": "Choose a file or drag it here: {kinds}, at most {limit} MB.",
    "file_kind": "Choose a file of another kind: {kinds}.",
    "image_kind": "Choose a picture: PNG, JPEG, GIF or WebP.",
    "unknown_field": "This field is not known.",
    "invalid": "This value is not valid.",
    "duplicate": "Another {entity} has this already.",
    "broken_reference": "What you chose does not exist any more. Choose again.",
    "stale": "Somebody else changed this while you were editing it. Reload the page and try again.",
}


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


class Words(Mapping[str, Word]):
    """A catalogue of the views' words in one language.

    Immutable and hashable by identity, so it may be shared by every thread.

    Attributes:
        language: The language as in BCP 47, which pages name in their ``lang``.
    """

    __slots__ = ("_words", "language")

    def __init__(
        self, base: Words | None = None, /, *, language: str | None = None, **words: Word
    ) -> None:
        """Makes a catalogue.

        Args:
            base: Where words come from that are not given; English when left out.
            language: The language, ``"de"``; that of the base when left out.
            **words: By the names in `WORDS`. A text has the places of the English one, or fewer. Where
                a language has more forms than one and many, a function makes the text:
                ``count_many=lambda count, plural, **_: ...``.

        Raises:
            ViewError: There is no such word, or a text has a place that nothing fills.
        """
        for name, word in words.items():
            if name not in WORDS:
                raise ViewError(f"There is no word {name!r}.{suggestion(name, WORDS)}")
            if isinstance(word, str):
                _check_places(name, word)
        self._words: dict[str, Word] = {**(WORDS if base is None else base._words), **words}
        self.language: str = language or (base.language if base is not None else "en")

    def __getitem__(self, name: str) -> Word:
        return self._words[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __repr__(self) -> str:
        return f"Words(language={self.language!r})"


def _check_places(name: str, text: str) -> None:
    try:
        unknown = _places(text) - _places(WORDS[name])
    except ValueError as error:
        raise ViewError(f"The word {name!r} is no text with places: {error}.") from None
    if unknown:
        known = ", ".join(f"{{{place}}}" for place in sorted(_places(WORDS[name]))) or "no places"
        raise ViewError(f"The word {name!r} has {known}, not {{{min(unknown)}}}.")


ENGLISH = Words()

_used: Words = ENGLISH
_spoken: ContextVar[Words | None] = ContextVar("nitro_words", default=None)


def use_words(words: Words) -> None:
    """Sets the words of every page whose request chooses none; call it once, at the start."""
    global _used
    _used = words


def current_words() -> Words:
    """Returns the words that views speak here: the request's, or those of `use_words`."""
    return _spoken.get() or _used


@contextmanager
def speaking(words: Words | None) -> Generator[None]:
    """Has every view inside the block speak these words; None leaves it to what is around."""
    if words is None:
        yield
        return
    token = _spoken.set(words)
    try:
        yield
    finally:
        _spoken.reset(token)


def say(word: str, **values: object) -> str:
    """Returns one of the current words with its places filled in, as plain text.

    Raises:
        KeyError: There is no such word.
    """
    text = current_words()[word]
    if not isinstance(text, str):
        return text(**values)
    return text.format(**values) if values else text


class _Asked(Protocol):
    """What a choice of words is made from: the neutral request."""

    @property
    def headers(self) -> Mapping[str, str]: ...


def by_language(catalogues: Mapping[str, Words]) -> Callable[[_Asked], Words | None]:
    """Returns the hook that chooses a catalogue by the visitor's browser, for ``install(words=...)``.

    Args:
        catalogues: By language, ``{"de": GERMAN, "pt-BR": BRAZILIAN}``. A browser that asks for
            ``de-AT`` is given ``de``; one that prefers English before all of these, or wants none of
            them, is given the words of `use_words`.
    """
    known = {language.lower(): words for language, words in catalogues.items()}

    def choose(request: _Asked) -> Words | None:
        for language in _preferred(request.headers.get("accept-language", "")):
            found = known.get(language) or known.get(language.partition("-")[0])
            if found is not None or language.partition("-")[0] == current_words().language:
                return found
        return None

    return choose


_MOST_LANGUAGES = 20


def _preferred(header: str) -> list[str]:
    """Returns the languages of an ``Accept-Language`` header, the best first (RFC 9110, 12.5.4)."""
    weighed: list[tuple[float, str]] = []
    for part in header.split(",")[:_MOST_LANGUAGES]:
        language, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            quality = 0.0
        if quality > 0:
            weighed.append((-quality, language.strip().lower()))
    return [language for _, language in sorted(weighed, key=lambda each: each[0])]
