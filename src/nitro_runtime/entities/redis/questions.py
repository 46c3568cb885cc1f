"""What a statement inside a transaction asks the store, so that it can raise before the commit does."""

from __future__ import annotations

from dataclasses import dataclass

from nitro_runtime.entities.redis.batch import Change, Numbers, json_plan
from nitro_runtime.entities.redis.layout import Layout
from nitro_runtime.entities.redis.scripts import LOOK
from nitro_runtime.entities.redis.store import Store


@dataclass(frozen=True, slots=True)
class Question:
    """Something that a statement inside a transaction asks the store.

    Attributes:
        change: On whose behalf.
        layout: The entity that is asked for.
        claim: The unique hash and value whose owner is asked for, or None.
        label: What an error calls the unique fields.
        key: Otherwise the key of the row that is asked for.
        is_own: Whether there should be none; otherwise a foreign key needs it.
    """

    change: Change
    layout: Layout
    claim: tuple[str, str] | None = None
    label: str = ""
    key: str = ""
    is_own: bool = False


class Questions:
    """What is asked in one round trip."""

    def __init__(self) -> None:
        self.claims: list[Question] = []
        self.documents: list[Question] = []

    def answers(self, store: Store) -> list[tuple[Question, str | None]]:
        """Returns, for each question, the key of the row that was found, or None."""
        if not (self.claims or self.documents):
            return []
        numbers = Numbers()
        plan = {
            "claims": [
                (numbers.of(q.claim[0]), q.claim[1], q.layout.documents)
                for q in self.claims
                if q.claim
            ],
            "documents": [numbers.of(q.layout.documents + q.key) for q in self.documents],
        }
        owners, present = store.server.script(LOOK, numbers.keys, [json_plan(plan)])
        found = [(q, owner.decode() or None) for q, owner in zip(self.claims, owners, strict=True)]
        found += [
            (q, q.key if there else None) for q, there in zip(self.documents, present, strict=True)
        ]
        return found
