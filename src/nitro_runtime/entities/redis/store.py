"""`Store`: the documents of entities on a server, read by key, through indexes or all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from nitro_runtime.entities.criteria import Criterion
from nitro_runtime.entities.mapper import Mapper
from nitro_runtime.entities.redis.building import build
from nitro_runtime.entities.redis.layout import Layout
from nitro_runtime.entities.redis.planning import Way, keys_of, ways_of
from nitro_runtime.entities.redis.scripts import COUNT, FIND, LIST
from nitro_runtime.entities.redis.server import Server
from nitro_runtime.entities.storable import clamped

Stored = tuple[str, bytes]
"""The key of a row and its document."""

_CHUNK = 1000
"""How many documents are asked for at once, so that the server serves others in between."""


class Store:
    """What is on the server. Safe from every thread.

    Args:
        server: Where documents are.
        prefix: What every key begins with, in braces.
        patience: Seconds to wait while another program makes indexes.
    """

    def __init__(self, server: Server, prefix: str, patience: float) -> None:
        self.server = server
        self.prefix = prefix
        self.patience = patience
        self._layouts: dict[Mapper, Layout] = {}

    def layout(self, mapper: Mapper) -> Layout:
        """Returns under which keys an entity stands."""
        found = self._layouts.get(mapper)
        if found is None:
            found = self._layouts[mapper] = Layout(mapper, self.prefix)
        return found

    def document(self, layout: Layout, key: str) -> bytes | None:
        """Reads one document, or returns None."""
        return self.server.run("GET", layout.documents + key)

    def documents(self, layout: Layout, keys: Sequence[str]) -> list[Stored]:
        """Reads the documents that there are, in the order of their keys."""
        found: list[Stored] = []
        for first in range(0, len(keys), _CHUNK):
            chunk = keys[first : first + _CHUNK]
            answer = self.server.run("MGET", *(layout.documents + key for key in chunk))
            found += [(k, d) for k, d in zip(chunk, answer, strict=True) if d is not None]
        return found

    def find(self, layout: Layout, criterion: Criterion | None) -> list[Stored]:
        """Reads every document that a criterion can be true for, and perhaps others."""
        if criterion is None:
            return self._all(layout)
        keys = keys_of(layout, criterion)
        if keys is not None:
            return self.documents(layout, keys)
        ways = ways_of(layout, criterion)
        if not ways:
            return self._all(layout)
        if any(not way for way in ways):
            return []
        return self._find_by(layout, ways)

    def _find_by(self, layout: Layout, ways: list[Way]) -> list[Stored]:
        keys: dict[str, int] = {layout.schema: 1, layout.rows: 2}
        plan = [
            [
                (
                    keys.setdefault(r.index.key, len(keys) + 1),
                    r.index.part,
                    "[" + r.low,
                    "(" + r.high,
                )
                for r in way
            ]
            for way in ways
        ]
        arguments = (json.dumps(plan), layout.documents, _CHUNK)
        while True:
            kind, *found = self.server.script(FIND, list(keys), arguments)
            if kind == b"KEYS":
                return self.documents(layout, [key.decode() for key in found[0]])
            if kind == b"ROWS":
                return [(k.decode(), d) for k, d in zip(found[::2], found[1::2], strict=True)]
            self.build(layout)

    def _all(self, layout: Layout) -> list[Stored]:
        return self._list(layout, "ZRANGE", 0, -1)[1]

    def _list(
        self, layout: Layout, command: str, first: int, last: int
    ) -> tuple[list[bytes], list[Stored]]:
        arguments = (command, first, last, layout.documents, _CHUNK)
        members, documents = self.server.script(LIST, [layout.rows], arguments)
        keys = [_key_of(member) for member in members]
        if not documents:
            return members, self.documents(layout, keys)
        return members, [(k, d) for k, d in zip(keys, documents, strict=True) if d is not None]

    def window(
        self, layout: Layout, first: int, last: int, *, descending: bool
    ) -> list[Stored] | None:
        """Reads the rows from one place to another in the order of keys; None if that is not sure.

        Args:
            layout: The entity; its key has one field.
            first: The first place, from 0.
            last: The last place.
            descending: Whether the greatest key is at place 0.
        """
        command = "ZREVRANGE" if descending else "ZRANGE"
        members, found = self._list(layout, command, clamped(first), clamped(last))
        if any(member.split(b"\0", 2)[1] for member in members):
            return None  # keys that were cut short are not in order among themselves
        return found if len(found) == len(members) else None

    def count(self, layout: Layout) -> int:
        """Counts all rows, by one command."""
        if layout.ttl:
            return self.server.script(COUNT, [layout.expiry], [])
        return self.server.run("ZCARD", layout.rows)

    def next_keys(self, layout: Layout, count: int, least: int) -> list[int]:
        """Counts a key up, and returns so many new ones, none of them below the least."""
        last: int = self.server.run("INCRBY", layout.counter, count)
        first = last - count + 1
        if first < least:  # keys that were not counted are about to be stored
            # As many anew: others may have been given what follows the first ones.
            last = self.server.run("INCRBY", layout.counter, max(count, least - first))
        return list(range(last - count + 1, last + 1))

    def build(self, layout: Layout) -> None:
        """Makes the indexes and unique hashes of an entity that are not complete.

        Raises:
            DatabaseBusy: Another program makes them just now, or keeps spoiling them.
        """
        build(self.server, layout, self.patience)

    def clear(self) -> None:
        """Deletes everything that begins with the prefix."""
        self.server.run("EXISTS", f"{{{self.prefix}}}")  # a cluster says where its keys are
        self._delete(self.server.keys(f"{{{self.prefix}}}*"))

    def _delete(self, keys: Iterable[bytes]) -> None:
        chunk: list[bytes] = []
        for key in keys:
            chunk.append(key)
            if len(chunk) == _CHUNK:
                self.server.run("UNLINK", *chunk)
                chunk.clear()
        if chunk:
            self.server.run("UNLINK", *chunk)


def _key_of(member: bytes) -> str:
    return member.split(b"\0", 2)[2].decode()
