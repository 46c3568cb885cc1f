"""What a script is told: the changes of rows, and what must hold for them to be stored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nitro_runtime.entities.documents import to_json
from nitro_runtime.entities.mapper import Row
from nitro_runtime.entities.redis.layout import Layout
from nitro_runtime.entities.redis.references import Reference


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one row.

    Attributes:
        layout: Its entity.
        key: The text of its key.
        before: The document that must stand there still, or None for none.
        old: The row of that document.
        new: The row that is stored, or None to delete it.
    """

    layout: Layout
    key: str
    before: bytes | None
    old: Row | None
    new: Row | None

    @property
    def entity_key(self) -> Any:  # noqa: ANN401 # of the key's type
        """The row's key as entities have it."""
        row = self.new or self.old or {}
        return self.layout.mapper.key_of(row)


class Numbers:
    """Redis's keys by number, as a script has them in KEYS."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def of(self, key: str) -> int:
        """Returns the number of a key, from 1."""
        return self._numbers.setdefault(key, len(self._numbers) + 1)

    @property
    def keys(self) -> list[str]:
        """All of them, in order."""
        return list(self._numbers)


def json_plan(plan: object) -> str:
    """Returns a plan as the text that a script reads."""
    return json.dumps(plan, ensure_ascii=False, separators=(",", ":"))


def mark_of(layout: Layout, row: Row | None, key: str) -> str:
    """Returns what is kept of a row that may expire, to find what it leaves behind."""
    if not layout.ttl:
        return ""
    claims = [(name, value) for name, value, _ in layout.claims(row)]
    return json_plan([sorted(layout.entries(row, key)), sorted(claims)])


class Batch:
    """The keys and arguments of the script that stores changes.

    Args:
        changes: What becomes of rows, each row once.
        targets: By change, the foreign keys of its row that are new.
        children: By change, what may refer to its row, which goes.
    """

    def __init__(
        self,
        changes: Sequence[Change],
        targets: Sequence[Sequence[Reference]],
        children: Sequence[Sequence[Reference]],
    ) -> None:
        self._numbers = Numbers()
        self._tables: dict[Layout, int] = {}
        self._documents: list[bytes | str] = []
        self.layouts: list[Layout] = []
        self._counted: dict[Layout, int] = {}
        plan = {
            "changes": [self._change(change) for change in changes],
            "needs": [
                self._need(reference, change, number)
                for number, change in enumerate(changes)
                for reference in targets[number]
            ],
            "bars": [
                self._bar(reference, change, number)
                for number, change in enumerate(changes)
                for reference in children[number]
                if (change.old or {})[reference.column] is not None
            ],
        }
        plan["tables"] = [self._table(layout) for layout in self._tables]
        self.keys: list[str] = self._numbers.keys
        self.arguments: list[bytes | str] = [json_plan(plan), *self._documents]

    def _of(self, layout: Layout) -> int:
        number = self._tables.get(layout)
        if number is None:
            number = self._tables[layout] = len(self._tables) + 1
            self.layouts.append(layout)
        return number

    def _argument(self, document: bytes | str | None) -> int:
        if document is None:
            return 0
        self._documents.append(document)
        return len(self._documents) + 1

    def _table(self, layout: Layout) -> dict[str, Any]:
        number = self._numbers.of
        found: dict[str, Any] = {
            "schema": number(layout.schema),
            "rows": number(layout.rows),
            "documents": layout.documents,
            "parts": layout.parts,
            "ttl": layout.ttl,
        }
        if layout.ttl:
            found |= {"expiry": number(layout.expiry), "marks": number(layout.marks)}
        if layout in self._counted:
            # As a text: JSON's numbers are no whole ones in Lua beyond 53 bits.
            found |= {
                "counter": number(layout.counter),
                "counted": str(self._counted[layout]),
            }
        return found

    def _change(self, change: Change) -> dict[str, Any]:
        layout, number = change.layout, self._numbers.of
        was, becomes = (
            layout.entries(change.old, change.key),
            layout.entries(change.new, change.key),
        )
        had, takes = layout.claims(change.old), layout.claims(change.new)
        new = None if change.new is None else to_json(layout.mapper, change.new)
        if change.new is not None and layout.mapper.generated_key:
            self._counted[layout] = max(self._counted.get(layout, 0), change.entity_key)
        found: dict[str, Any] = {
            "table": self._of(layout),
            "key": change.key,
            "doc": number(layout.documents + change.key),
            "old": self._argument(change.before),
            "new": self._argument(new),
            "removed": [(number(name), member) for name, member in was - becomes],
            "added": [(number(name), member) for name, member in becomes - was],
            "freed": [(number(name), value) for name, value, _ in had - takes],
            "taken": [(number(name), value, label) for name, value, label in takes - had],
        }
        if layout.ttl:
            found["mark"] = mark_of(layout, change.new, change.key)
        return found

    def _need(self, reference: Reference, change: Change, number: int) -> dict[str, Any]:
        assert change.new is not None  # noqa: S101 # a row that goes needs nothing
        value, target = change.new[reference.field], reference.target
        if reference.unique is None:
            key = target.key_text(value)
            # A text that no key has, for a value that no row has.
            name = f"{target.documents}{key}" if key is not None else f"{target.rows}\0"
            return {"change": number, "doc": self._numbers.of(name)}
        self._of(target)
        return {
            "change": number,
            "doc": 0,
            "hash": self._numbers.of(reference.unique.key),
            "value": reference.unique.value({reference.column: value}),
            "documents": target.documents,
        }

    def _bar(self, reference: Reference, change: Change, number: int) -> dict[str, Any]:
        value = (change.old or {})[reference.column]
        self._of(reference.child)
        return {
            "change": number,
            "index": self._numbers.of(reference.index.key),
            "prefix": reference.index.prefix(value),
            "documents": reference.child.documents,
        }
