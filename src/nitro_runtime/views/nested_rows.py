"""The rows of one form: which there are, what was posted of each, what is wrong with them.

A row has a number that it keeps as long as its form is open, so that what a browser shows of it stays
where it is: ``lines-3-quantity`` is the quantity of row 3, however many rows stand before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from nitro_runtime.errors import ViewError
from nitro_runtime.html import Html
from nitro_runtime.views.bound_fields import BoundField
from nitro_runtime.views.choices import Choices, arows_of, rows_of
from nitro_runtime.views.fields import FormField, SelectField, default_of, split_keys
from nitro_runtime.views.form_definition import FormDefinition
from nitro_runtime.views.form_reading import (
    Posted,
    Reading,
    check_choices,
    keep_unoffered,
    read_post,
    validate,
)
from nitro_runtime.views.form_state import FormState
from nitro_runtime.views.model import EntityClass, Rows, info_of, key_of
from nitro_runtime.views.nested_fields import RowsField
from nitro_runtime.views.theme import Theme
from nitro_runtime.views.typed_choices import Unclear
from nitro_runtime.views.words import say

KEY, VERSION, REMOVED = "_key", "_version", "_removed"
"""What a row posts besides its fields; no field of an entity begins so."""

REMOVE = "remove"
"""The button of a row that takes it away."""

_NUMBER = "(0|[1-9][0-9]{0,14})"


class _RowPost:
    """What was posted of one row, under the names of its own fields."""

    def __init__(self, posted: Posted, prefix: str) -> None:
        self._posted, self._prefix = posted, prefix

    def __iter__(self) -> Iterator[str]:
        prefix = self._prefix
        return (name.removeprefix(prefix) for name in self._posted if name.startswith(prefix))

    def getlist(self, name: str, /) -> list[str]:
        return self._posted.getlist(f"{self._prefix}{name}")

    def last(self, name: str) -> str:
        return (self.getlist(name) or [""])[-1]


@dataclass(slots=True, eq=False)
class Row:
    """One row.

    Attributes:
        number: Its place in the names of its controls.
        reading: Its texts, values and sentences by field; those about the row as a whole stand
            under the empty name.
        original: The stored entity; None for a new row.
        key: The key of the stored entity as text, as it was posted; empty for a new row.
        version: The version of the stored entity as text, as it was posted; None without one.
        removed: Whether it is to be deleted.
        blank: Whether nothing was typed into it.
    """

    number: int
    reading: Reading
    original: Any = None
    key: str = ""
    version: str | None = None
    removed: bool = False
    blank: bool = False


@dataclass(slots=True)
class Spoken:
    """What has just been done to the rows, and where the focus goes.

    Attributes:
        text: The sentence.
        number: The number of the row that was added or removed.
        focus: The id of the element that gets the focus.
    """

    text: str
    number: int
    focus: str


class RowSet:
    """The rows of one `RowsField` in one form. It belongs to one request.

    Args:
        bound: The field.
        form_id: The id of the form's element.
        owner: The entity that the rows belong to; None for a new one.
        home: The class of the entity that the rows belong to.
    """

    def __init__(
        self,
        bound: RowsField,
        form_id: str,
        owner: Any,  # noqa: ANN401 # an entity
        home: EntityClass,
    ) -> None:
        self._home = home
        self.field = bound
        # every form is worked out to one of these; the field knows it as a protocol
        self.form = cast("FormDefinition", bound.definition)
        self.stem = form_id
        self.id = f"{form_id}-{bound.name}"
        self.owner = owner
        self.rows: list[Row] = []
        self.errors: list[str] = []
        self.stale = False
        self.spoken: Spoken | None = None
        self.choices: dict[str, Choices] | None = None
        self.offers: dict[str, Choices] = {}
        self._stored: list[Any] | None = None
        self._sent = False
        self._untouched = 0

    # -- what is stored ---------------------------------------------------------------------------

    def _query(self) -> Rows:
        info = self.form.info
        rows = self.form.entity.all().where(**{self.field.owner: self._owner_key()})
        many = self.form.many
        return (rows.include(*many) if many else rows).order_by(*info.key)

    def _owner_key(self) -> Any:  # noqa: ANN401 # of the key's type
        return getattr(self.owner, self.owner.__entity__.key[0])

    async def aload_stored(self) -> None:
        """Reads the stored rows, once."""
        if self._stored is None:
            self._start([] if self.owner is None else await self._query().aall())

    def load_stored(self) -> None:
        """Reads the stored rows, once; it blocks while it reads."""
        if self._stored is None:
            self._start([] if self.owner is None else self._query().all())

    def _start(self, stored: Iterable[Any]) -> None:
        refuse_unsafe(self._home, self)
        self._stored = list(stored)
        self.rows = [self._row_of(number, each) for number, each in enumerate(self._stored)]
        for _ in range(max(self.field.min, 1 if self.owner is None else 0) - len(self.rows)):
            self._add()

    def _row_of(self, number: int, stored: Any) -> Row:  # noqa: ANN401 # an entity
        shown = {n: each.show(getattr(stored, n, None)) for n, each in self.form.fields.items()}
        return Row(number, Reading(shown), stored, key_of(stored), _version(stored))

    def _add(self) -> Row:
        number = max((row.number for row in self.rows), default=-1) + 1
        shown = {n: default_of(each) for n, each in self.form.fields.items()}
        self.rows.append(row := Row(number, Reading(shown), blank=True))
        return row

    # -- what was posted --------------------------------------------------------------------------

    @property
    def visible(self) -> list[Row]:
        """The rows that are shown: those that are not to be deleted."""
        return [row for row in self.rows if not row.removed]

    def read(self, posted: Posted, unclear: Mapping[str, Unclear]) -> None:
        """Reads every row of a post; the stored rows must be known by now.

        Args:
            posted: The post.
            unclear: What was typed to choose a related row, and is not clear, by the control's name.
        """
        own = re.compile(rf"{re.escape(self.field.name)}-{_NUMBER}-.+", re.DOTALL)
        found = (own.fullmatch(name) for name in posted)
        numbers = sorted({int(each[1]) for each in found if each})
        self._sent = bool(numbers) or self.owner is None
        if not self._sent:  # a change of something else: the rows stay as they are
            return
        left = {key_of(stored): stored for stored in self._stored or ()}
        self.rows = [self._read_row(posted, number, left) for number in numbers]
        self._untouched = len(left)
        for name, each in unclear.items():
            if found := self.find(name):
                row, bound = found
                if bound is not None:
                    row.blank = False
                    row.reading.data.pop(bound.name, None)
                    row.reading.errors[bound.name] = [each.sentence]
                    self.offers[name] = each.choices

    def _read_row(self, posted: Posted, number: int, left: dict[str, Any]) -> Row:
        post = _RowPost(posted, f"{self.field.name}-{number}-")
        key = post.last(KEY)
        original = left.pop(key, None)
        shown = {
            n: default_of(each) if original is None else each.show(getattr(original, n, None))
            for n, each in self.form.fields.items()
        }
        reading = read_post(self.form, post, shown, editing=original is not None)
        row = Row(number, reading, original, key, None, bool(post.last(REMOVED)))
        if original is not None:
            row.version = post.last(VERSION) or _version(original)
        if not key:
            typed = reading.shown.items()
            row.blank = all(text.strip() in ("", shown[n].strip()) for n, text in typed)
        return row

    def press(self, posted: Posted) -> bool:
        """Adds or removes the row whose button was pressed; returns whether one was.

        Nothing is wrong then yet: who adds a row has not finished.
        """
        name = self.field.name
        pressed = bool(posted.getlist(f"{name}-add"))
        if pressed:
            self._press_add()
        for row in self.visible:
            if posted.getlist(f"{name}-{row.number}-{REMOVE}"):
                self._press_remove(row)
                pressed = True
        return pressed

    def clear(self) -> None:
        """Forgets what is wrong: the form is not finished yet."""
        self.errors.clear()
        for row in self.rows:
            row.reading.errors.clear()

    def _press_add(self) -> None:
        if len(self.visible) + self._untouched >= self.field.max:
            self.spoken = Spoken(self._at_most(), -1, f"{self.id}-add")
            return
        row = self._add()
        first = next(iter(self.form.fields), "")
        text = say("row_added", row=self.title(row))
        self.spoken = Spoken(text, row.number, f"{self.id}-{row.number}-{first}")

    def _press_remove(self, row: Row) -> None:
        text = say("row_removed", row=self.title(row))
        row.removed = True
        if row.original is None:
            self.rows.remove(row)
        self.spoken = Spoken(text, row.number, f"{self.id}-add")

    async def check(self) -> None:
        """Looks for what is wrong with what was posted; the choices must be known by now."""
        if not self._sent:
            return
        kept = [row for row in self.visible if not row.blank]
        if len(kept) + self._untouched > self.field.max:
            self.errors.append(self._at_most())
        elif len(kept) + self._untouched < self.field.min:
            plural = self.form.info.plural.lower()
            self.errors.append(say("rows_at_least", count=self.field.min, plural=plural))
        for row in self.rows:
            await self._check_row(row)

    async def _check_row(self, row: Row) -> None:
        if row.original is not None and row.version != _version(row.original):
            self.stale = True
        gone = bool(row.key) and row.original is None
        if row.removed or row.blank or gone:
            row.reading.errors.clear()
            if gone and not row.removed:
                row.reading.complain("", say("row_gone"))
            return
        check_choices(self.form, row.reading, self.choices or {})
        if row.original is not None:
            await keep_unoffered(self.form, row.reading, row.original, self.choices or {})
        validate(self.form, row.reading, editing=row.original is not None)

    def _at_most(self) -> str:
        return say("rows_at_most", count=self.field.max, plural=self.form.info.plural.lower())

    # -- the choices of its fields ----------------------------------------------------------------

    def _chosen(self, name: str) -> list[str]:
        """Returns what is chosen in a field, in any row."""
        keys = [key for row in self.rows for key in split_keys(row.reading.shown[name])]
        return list(dict.fromkeys(keys))

    async def aload_choices(self) -> None:
        """Reads the choices of related entities, once for all rows."""
        if self.choices is None:
            targets = self.form.targets.items()
            rows = {name: await arows_of(each, self._chosen(name)) for name, each in targets}
            self.choices = {**self._fixed(), **rows}

    def load_choices(self) -> None:
        """Reads the choices of related entities, once for all rows; it blocks while it reads."""
        if self.choices is None:
            targets = self.form.targets.items()
            rows = {name: rows_of(each, self._chosen(name)) for name, each in targets}
            self.choices = {**self._fixed(), **rows}

    def _fixed(self) -> dict[str, Choices]:
        fields = self.form.fields.items()
        selects = {name: each for name, each in fields if isinstance(each, SelectField)}
        return {name: each.offered for name, each in selects.items() if each.offered is not None}

    # -- what is told of them ---------------------------------------------------------------------

    def title(self, row: Row) -> str:
        """Returns what people call a row: ``Order line 2``."""
        return say("row", entity=self.form.info.label, number=self.visible.index(row) + 1)

    def name_of(self, row: Row, name: str) -> str:
        """Returns the name of a control, or of the row itself when the name is empty."""
        return "-".join(filter(None, (self.field.name, str(row.number), name)))

    def all_errors(self) -> dict[str, list[str]]:
        """What is wrong, as sentences by the name of the control."""
        found = {self.field.name: list(self.errors)} if self.errors else {}
        for row in self.rows:
            for name, texts in row.reading.errors.items():
                found[self.name_of(row, name)] = list(texts)
        return found

    def find(self, name: str) -> tuple[Row, FormField | None] | None:
        """Returns the row, and its field if it is one's, that a control of this name belongs to."""
        for row in self.rows:
            whole = self.name_of(row, "")
            if name == whole:
                return row, None
            if name.startswith(f"{whole}-") and name[len(whole) + 1 :] in self.form.fields:
                return row, self.form.fields[name[len(whole) + 1 :]]
        return None

    def field_called(self, name: str) -> FormField | None:
        """Returns the field of a row that is posted under a name, whether there is such a row or not."""
        own = re.compile(rf"{re.escape(self.field.name)}-{_NUMBER}-(.+)", re.DOTALL)
        found = own.fullmatch(name)
        return self.form.fields.get(found[2]) if found else None

    def bound(self, name: str, theme: Theme) -> BoundField | None:
        """Returns the control of this name with what it shows; None when it is in no row."""
        found = self.find(name)
        if found is None or found[1] is None:
            return None
        return BoundField(replace(found[1], name=name), self.state(), theme, self.stem)

    def state(self) -> FormState:
        """What the controls of all rows show, by their full names."""
        choices = self.choices or {}
        return FormState(
            action="",
            cancel="",
            submit="",
            version=None,
            shown={
                self.name_of(row, name): text
                for row in self.visible
                for name, text in row.reading.shown.items()
            },
            choices={
                self.name_of(row, name): each
                for row in self.visible
                for name, each in choices.items()
            }
            | self.offers,
            errors=self.all_errors(),
            form_errors=(),
            focus=self.spoken.focus if self.spoken else "",
        )

    def label_of(self, name: str) -> str | None:
        """Returns what people call a control, ``Order line 2, Quantity``; None when it is not here."""
        found = self.find(name)
        if found is None:
            return None
        row, each = found
        return f"{self.title(row)}, {each.label}" if each else self.title(row)

    @property
    def data(self) -> dict[str, dict[str, Any]]:
        """The good values of every row that is kept, by field, and those by the name of the row."""
        kept = (row for row in self.visible if not row.blank)
        return {self.name_of(row, ""): dict(row.reading.data) for row in kept}

    def html(self, theme: Theme) -> Html:
        """Returns the rows as markup, one element that can be morphed by its id."""
        from nitro_runtime.views.nested_markup import render_rows  # which knows this class

        return render_rows(self, theme)


def row_sets(
    fields: Mapping[str, FormField], form_id: str, owner: object, home: EntityClass
) -> dict[str, RowSet]:
    """Returns the rows of a form by field."""
    return {
        name: RowSet(each, form_id, owner, home)
        for name, each in fields.items()
        if isinstance(each, RowsField)
    }


def refuse_unsafe(home: EntityClass, rows: RowSet) -> None:
    """Refuses to store together what no transaction holds together.

    Args:
        home: The class of what the rows belong to.
        rows: The rows.

    Raises:
        ViewError: Their backend has no transactions, or is another one.
    """
    backend = getattr(rows.form.entity, "repository", None)
    place = f"{info_of(home).name}.{rows.field.name}"
    if backend is not getattr(home, "repository", None):
        raise ViewError(
            f"The rows of {place} are kept in another backend than what they belong to, so a form"
            " cannot save both together: give both classes the same backend."
        )
    if backend is not None and "transactions" not in backend.capabilities:
        raise ViewError(
            f"The rows of {place} would be saved in one transaction, which the {backend.name}"
            " backend does not have: give the rows forms of their own."
        )


def _version(stored: object) -> str | None:
    value = getattr(stored, "version", None)
    return None if value is None else str(value)
