"""`Overlay`: changes that are not stored yet, over what is: a transaction, or a single write.

Whoever works through it sees its own changes. Storing them is one script, which first checks that
every changed row is still as it was read.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, NoReturn

from nitro_runtime.entities.criteria import Criterion
from nitro_runtime.entities.evaluate import Predicate, predicate
from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.redis.batch import Batch, Change
from nitro_runtime.entities.redis.layout import Claim, Layout
from nitro_runtime.entities.redis.questions import Question, Questions
from nitro_runtime.entities.redis.references import Reference, References
from nitro_runtime.entities.redis.scripts import APPLY
from nitro_runtime.entities.redis.store import Store
from nitro_runtime.errors import BrokenReference, Duplicate

_ABSENT: Any = object()


class Conflict(Exception):
    """Somebody else was faster; nothing was stored.

    Attributes:
        change: The row that is another by now, or to which something refers by now.
    """

    def __init__(self, change: Change) -> None:
        self.change = change
        super().__init__(change.layout.table, change.key)


@dataclass(frozen=True, slots=True)
class Found:
    """A row that was read.

    Attributes:
        key: The text of its key.
        row: What it is, with the changes of the overlay.
        before: The stored document, or None.
        old: The row of that document, or None.
    """

    key: str
    row: Row
    before: bytes | None
    old: Row | None


class Overlay:
    """Changes over a store. It belongs to one task or thread.

    Args:
        store: What is stored.
        references: Which entities refer to which.
        early: Whether `verify` looks at the store already now: inside a transaction, where the
            statement that is at fault should raise, and not the commit.
    """

    def __init__(self, store: Store, references: References, *, early: bool) -> None:
        self._store = store
        self._references = references
        self._early = early
        self._rows: dict[str, dict[str, Change]] = {}
        self._claims: dict[tuple[str, str], str | None] = {}
        self._journal: list[tuple[dict[Any, Any], Any, Any]] = []
        self._greatest: dict[str, int] = {}

    # -- going back -----------------------------------------------------------------------------

    def mark(self) -> int:
        """Returns a place to go back to."""
        return len(self._journal)

    def rewind(self, mark: int) -> None:
        """Undoes what came after a place."""
        while len(self._journal) > mark:
            table, key, before = self._journal.pop()
            if before is _ABSENT:
                del table[key]
            else:
                table[key] = before

    def _set(self, table: dict[Any, Any], key: Any, value: Any) -> None:  # noqa: ANN401
        self._journal.append((table, key, table.get(key, _ABSENT)))
        table[key] = value

    # -- reading --------------------------------------------------------------------------------

    def touches(self, layout: Layout) -> bool:
        """Whether rows of an entity are changed."""
        return bool(self._rows.get(layout.table))

    def added(self, layout: Layout) -> int:
        """Returns how many rows there are more than are stored."""
        changes = self._rows.get(layout.table, {}).values()
        return sum((c.new is not None) - (c.before is not None) for c in changes)

    def read(self, layout: Layout, key: str) -> Found | None:
        """Reads one row, or returns None."""
        change = self._rows.get(layout.table, {}).get(key)
        if change is not None:
            return _found(change)
        document = self._store.document(layout, key)
        return None if document is None else _stored(layout, key, document)

    def find(self, layout: Layout, criterion: Criterion | None) -> list[Found]:
        """Reads the rows that fulfil a criterion."""
        changed = self._rows.get(layout.table, {})
        holds: Predicate | None = None
        if criterion is not None:
            holds = predicate(layout.mapper, criterion)
        found = [
            _stored(layout, key, document)
            for key, document in self._store.find(layout, criterion)
            if key not in changed
        ]
        found += [one for change in changed.values() if (one := _found(change)) is not None]
        return found if holds is None else [one for one in found if holds(one.row) is True]

    # -- changing -------------------------------------------------------------------------------

    def give_keys(self, layout: Layout, rows: Iterable[Row]) -> None:
        """Gives rows without a key the next ones, also beyond those that are not stored yet.

        Args:
            layout: The entity; its keys are counted up.
            rows: New rows. They get their keys here.
        """
        name, without = layout.mapper.key, list[Row]()
        for row in rows:
            if row[name] is None:
                without.append(row)
            else:
                self._greatest[layout.table] = max(self._greatest.get(layout.table, 0), row[name])
        if without:
            least = self._greatest.get(layout.table, 0) + 1
            keys = self._store.next_keys(layout, len(without), least)
            for row, key in zip(without, keys, strict=True):
                row[name] = key

    def add(self, layout: Layout, row: Row) -> None:
        """Adds a new row.

        Raises:
            Duplicate: Its key, or a unique value, is among the changes already.
        """
        key = layout.text_of(row)
        change = self._rows.get(layout.table, {}).get(key)
        if change is None:
            self._put([(Change(layout, key, None, None, row), None)])
        elif change.new is None:
            self._put([(Change(layout, key, change.before, change.old, row), None)])
        else:
            raise Duplicate(layout.mapper.info.name, ", ".join(layout.mapper.keys))

    def change(self, layout: Layout, found: Found, row: Row | None) -> None:
        """Gives a row that was read new values, or deletes it; see `change_all`."""
        self.change_all(layout, [(found, row)])

    def change_all(self, layout: Layout, rows: Iterable[tuple[Found, Row | None]]) -> None:
        """Gives rows that were read new values, or deletes them, all at once.

        They may hand unique values on among themselves, in any order.

        Raises:
            Duplicate: A unique value is among the changes already.
        """
        self._put(
            (Change(layout, found.key, found.before, found.old, row), found.row)
            for found, row in rows
        )

    def _put(self, changes: Iterable[tuple[Change, Row | None]]) -> None:
        taken: list[tuple[Change, set[Claim]]] = []
        for change, present in changes:
            has, takes = change.layout.claims(present), change.layout.claims(change.new)
            for name, value, _ in has - takes:
                self._set(self._claims, (name, value), None)
            taken.append((change, takes - has))
        for change, claims in taken:
            layout = change.layout
            for name, value, label in claims:
                if self._claims.get((name, value)) is not None:
                    raise Duplicate(layout.mapper.info.name, label)
                self._set(self._claims, (name, value), change.key)
            self._set(self._rows.setdefault(layout.table, {}), change.key, change)

    def remove(self, layout: Layout, found: Iterable[Found], blamed: str) -> None:
        """Deletes rows, then does to those that refer to them what their foreign keys say.

        Raises:
            BrokenReference: A row refers to one of them that must not lose it.
        """
        rows = [one.row for one in found]
        self.change_all(layout, ((one, None) for one in found))
        for reference in self._references.to(layout) if rows else ():
            self._unlink(reference, rows, blamed)

    def _unlink(self, reference: Reference, rows: list[Row], blamed: str) -> None:
        gone = {row[reference.column] for row in rows} - {None}
        child = reference.child
        orphans = self.find(child, reference.criterion(gone))
        if not orphans:
            return
        if reference.rule == "CASCADE":
            self.remove(child, orphans, blamed)
        elif reference.rule == "SET NULL" and child.mapper.fields[reference.field].info.nullable:
            self.change_all(child, ((one, {**one.row, reference.field: None}) for one in orphans))
        else:
            raise BrokenReference(blamed)

    # -- storing --------------------------------------------------------------------------------

    def verify(self, since: int) -> None:
        """Looks whether what changed since a mark can be stored, as far as is known now.

        Raises:
            Duplicate: A key or unique value is taken.
            BrokenReference: A foreign key points at nothing.
        """
        if not self._early:
            return
        questions = Questions()
        for change in self._since(since):
            if change.new is not None:
                self._ask(change, questions)
        for question, answer in questions.answers(self._store):
            self._judge(question, answer)

    def _since(self, mark: int) -> list[Change]:
        values = {(id(table), key): table[key] for table, key, _ in self._journal[mark:]}
        return [value for value in values.values() if isinstance(value, Change)]

    def _ask(self, change: Change, questions: Questions) -> None:
        layout = change.layout
        if change.before is None:
            questions.documents.append(Question(change, layout, key=change.key, is_own=True))
        for name, value, label in layout.claims(change.new) - layout.claims(change.old):
            questions.claims.append(Question(change, layout, (name, value), label, is_own=True))
        for reference in self._new_references(change):
            self._ask_for(reference, change, questions)

    def _ask_for(self, reference: Reference, change: Change, questions: Questions) -> None:
        """Asks for what a foreign key points at, unless the overlay knows."""
        target, value = reference.target, (change.new or {})[reference.field]
        if reference.unique is None:
            key = target.key_text(value)
            known = self._rows.get(target.table, {}).get(key or "")
            if key is None or (known is not None and known.new is None):
                raise BrokenReference(change.layout.mapper.info.name)
            if known is None:
                questions.documents.append(Question(change, target, key=key))
            return
        text = reference.unique.value({reference.column: value})
        assert text is not None  # noqa: S101 # it is not None itself
        claim = (reference.unique.key, text)
        if claim not in self._claims:
            questions.claims.append(Question(change, target, claim))
        elif self._claims[claim] is None:
            raise BrokenReference(change.layout.mapper.info.name)

    def _judge(self, question: Question, answer: str | None) -> None:
        change = question.change
        if not question.is_own:
            if answer is None:
                raise BrokenReference(change.layout.mapper.info.name)
            return
        if answer is None or (question.claim and answer == change.key):
            return
        if question.claim is not None:
            other = self._rows.get(change.layout.table, {}).get(answer)
            if other is not None and (*question.claim, question.label) not in (
                change.layout.claims(other.new)
            ):
                return  # it gave the value up
        label = question.label or ", ".join(change.layout.mapper.keys)
        raise Duplicate(change.layout.mapper.info.name, label)

    def commit(self) -> None:
        """Stores all changes, or none.

        Raises:
            Conflict: A row is no longer what it was when it was read.
            Duplicate: A key or unique value is taken.
            BrokenReference: A foreign key points at nothing.
        """
        changes = [
            change
            for table in self._rows.values()
            for change in table.values()
            if change.before is not None or change.new is not None
        ]
        if not changes:
            return
        gone = {change.layout for change in changes if change.new is None}
        referring = {layout: self._references.to(layout) for layout in gone}
        targets = [self._new_references(change) for change in changes]
        children = [referring[change.layout] if change.new is None else [] for change in changes]
        batch = Batch(changes, targets, children)
        while True:
            answer: list[Any] = self._store.server.script(APPLY, batch.keys, batch.arguments)
            if answer[0] == b"OK":
                return
            number: int = answer[1]
            if answer[0] != b"BUILD":
                _refuse(answer, changes[number])
            self._store.build(batch.layouts[number])

    def _new_references(self, change: Change) -> list[Reference]:
        if change.new is None or not change.layout.mapper.references:
            return []
        old = change.old or {}
        return [
            reference
            for reference in self._references.of(change.layout)
            if (value := change.new[reference.field]) is not None
            and value != old.get(reference.field)
        ]


def _refuse(answer: list[Any], change: Change) -> NoReturn:
    kind, name = answer[0], change.layout.mapper.info.name
    if kind == b"DUPLICATE":
        raise Duplicate(name, answer[2].decode())
    if kind == b"REFERENCE":
        raise BrokenReference(name)
    if kind == b"STALE" and change.before is None:
        raise Duplicate(name, ", ".join(change.layout.mapper.keys))
    raise Conflict(change)


def _found(change: Change) -> Found | None:
    if change.new is None:
        return None
    return Found(change.key, copied(change.layout.mapper, change.new), change.before, change.old)


def _stored(layout: Layout, key: str, document: bytes) -> Found:
    row = layout.read(key, document)
    return Found(key, row, document, row)


def copied(mapper: Mapper, row: Row) -> Row:
    """Returns a row that shares nothing with another that can change."""
    copy = row.copy()
    for name in mapper.mutable:
        copy[name] = deepcopy(copy[name])
    return copy
