"""What must hold in Redis beside the answers: indexes and unique keys say what the documents say."""

from __future__ import annotations

from typing import Any

from nitro_runtime.entities import Entity
from nitro_runtime.entities.redis.repository import RedisRepository


def disagreements(repository: RedisRepository, *entities: type[Entity]) -> list[str]:
    """Returns what the indexes and unique hashes of entities say otherwise than their documents."""
    return [line for entity in entities for line in _of(repository, entity)]


def _of(repository: RedisRepository, entity: type[Entity]) -> list[str]:
    server, layout = repository.server, repository.store.layout(entity.__nitro_mapper__)
    documents: dict[str, dict[str, Any]] = {}
    for name in server.keys(f"{layout.documents}*"):
        key = name.decode().removeprefix(layout.documents)
        document = server.run("GET", name)
        if document is not None:
            documents[key] = layout.read(key, document)
    problems: list[str] = []
    wanted = {pair for key, row in documents.items() for pair in layout.entries(row, key)}
    for name in {layout.rows, *(index.key for index in layout.indexes.values())}:
        members = {member.decode() for member in server.run("ZRANGE", name, 0, -1)}
        due = {member for index, member in wanted if index == name}
        problems += [f"{name} lacks {member!r}" for member in due - members]
        problems += [f"{name} has {member!r} too much" for member in members - due]
    for unique in layout.uniques:
        answer = server.run("HGETALL", unique.key)
        owners = {v.decode(): k.decode() for v, k in zip(answer[::2], answer[1::2], strict=True)}
        due = {v: key for key, row in documents.items() if (v := unique.value(row)) is not None}
        if owners != due:
            problems.append(f"{unique.key} has {owners}, which should be {due}")
    return problems


def keys_of(repository: RedisRepository) -> set[str]:
    """Returns every key that the repository has on the server."""
    return {key.decode() for key in repository.server.keys(f"{{{repository.store.prefix}}}*")}
