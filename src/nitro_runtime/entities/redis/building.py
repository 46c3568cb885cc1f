"""Indexes and unique hashes of rows that were there before them.

A class that gains ``index=True``, ``unique=True`` or a ``ttl`` needs no migration: the first program
that uses it makes what is missing of the rows that there are, and whoever needs it waits. A program
that runs still with the former class does not keep the new index up, so what it writes makes the
index incomplete again, and it is made anew.
"""

from __future__ import annotations

import logging
import random
import time
from typing import Any
from uuid import uuid4

from nitro_runtime.entities.redis.batch import Numbers, json_plan, mark_of
from nitro_runtime.entities.redis.layout import Layout
from nitro_runtime.entities.redis.scripts import FINISH, REBUILD, RELEASE, RESET
from nitro_runtime.entities.redis.server import Server
from nitro_runtime.errors import DatabaseBusy, InvalidRow

log = logging.getLogger(__name__)

_CHUNK = 500
_LEASE = 10_000
"""Milliseconds after which whoever makes indexes is thought dead, if nothing was heard of it."""


def build(server: Server, layout: Layout, patience: float) -> None:
    """Makes what is not complete, or waits for whoever makes it.

    Raises:
        DatabaseBusy: It was not complete in time.
    """
    deadline = time.monotonic() + patience
    while _missing(server, layout):
        token = uuid4().hex
        if server.run("SET", layout.building, token, "NX", "PX", _LEASE):
            try:
                # Asked again: another may have finished since, and its indexes are in use.
                missing = _missing(server, layout)
                if not missing or _build(server, layout, missing, token):
                    return
            finally:
                server.script(RELEASE, [layout.building], [token])
        if time.monotonic() > deadline:
            raise DatabaseBusy(
                f"The indexes of {layout.mapper.info.name} in Redis are being made, or a program "
                "with an older class keeps writing without them; stop it, or try again later."
            )
        time.sleep(random.uniform(0.005, 0.05))  # noqa: S311 # no secret


def _missing(server: Server, layout: Layout) -> set[str]:
    complete = {part.decode() for part in server.run("HKEYS", layout.schema)}
    return set(layout.parts) - complete


def _build(server: Server, layout: Layout, missing: set[str], token: str) -> bool:
    """Makes the parts; False when a program that does not know them wrote meanwhile."""
    made = [i.key for i in layout.indexes.values() if i.part in missing]
    made += [u.key for u in layout.uniques if u.part in missing]
    if missing & {"ttl", "lasting"}:
        made += [layout.expiry, layout.marks]
    server.script(RESET, [layout.schema, *made], [token, *missing])
    members: list[bytes] = server.run("ZRANGE", layout.rows, 0, -1)
    for first in range(0, len(members), _CHUNK):
        server.run("PEXPIRE", layout.building, _LEASE)
        if not _add(server, layout, members[first : first + _CHUNK]):
            return False
    return bool(server.script(FINISH, [layout.schema], [token, *layout.parts]))


def _add(server: Server, layout: Layout, members: list[bytes]) -> bool:
    numbers = Numbers()
    documents: list[bytes] = []
    names = [member.split(b"\0", 2)[2].decode() for member in members]
    found = server.run("MGET", *(layout.documents + key for key in names))
    changes: list[dict[str, Any]] = []
    for key, member, document in zip(names, members, found, strict=True):
        try:
            row = None if document is None else layout.read(key, document)
        except InvalidRow as error:
            log.warning("%s; it is left out of the indexes", error)
            continue
        documents.append(document or b"")
        entries, claims = layout.entries(row, key), layout.claims(row)
        changes.append({
            "key": key,
            "doc": numbers.of(layout.documents + key),
            "member": member.decode(),
            "old": len(documents) + 1,
            "added": [(numbers.of(name), value) for name, value in entries],
            "taken": [(numbers.of(name), value, label) for name, value, label in claims],
            "mark": mark_of(layout, row, key),
        })  # fmt: skip
    plan = {
        "changes": changes,
        "rows": numbers.of(layout.rows),
        "expiry": numbers.of(layout.expiry),
        "marks": numbers.of(layout.marks),
        "documents": layout.documents,
        "ttl": layout.ttl,
    }
    kind, *doubles = server.script(REBUILD, numbers.keys, [json_plan(plan), *documents])
    for label, key in zip(*[iter(doubles[0] if doubles else ())] * 2, strict=True):
        log.warning(
            "%s %r has a %s that another has, too; only new values are kept unique",
            layout.mapper.info.name,
            key.decode(),
            label.decode(),
        )
    return kind == b"OK"
