"""`Layout`: under which keys an entity's rows, indexes and unique values stand in Redis.

Every key of a database carries one hash tag, so that one script may touch several tables and a
cluster keeps them together::

    {nitro}:product:<key>            a row, as a JSON document
    {nitro}/rows:product             the keys of all rows, a sorted set
    {nitro}/index:product:price      an index, a sorted set
    {nitro}/unique:product:name      who has which unique value, a hash
    {nitro}/parts:product            which of these are complete, a hash
    {nitro}/counter:product          the last key that was counted up
    {nitro}/expiry:product           when rows with a ttl expire, a sorted set
    {nitro}/marks:product            what to clear away when one has, a hash
    {nitro}/building:product         who makes missing indexes just now
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from nitro_runtime.entities.describe import sqlmodel_value
from nitro_runtime.entities.documents import from_json
from nitro_runtime.entities.mapper import MappedField, Mapper, Row
from nitro_runtime.entities.redis.values import (
    Text,
    distinct_text,
    index_text,
    key_text,
    prefix_of,
    unique_text,
)
from nitro_runtime.errors import InvalidRow

Entry = tuple[str, str]
"""The key of an index, and a member of it."""

Claim = tuple[str, str, str]
"""The key of a unique hash, a value, and what an error calls its fields."""


@dataclass(frozen=True, slots=True)
class Index:
    """A sorted set of a field's values.

    Attributes:
        key: Its key in Redis.
        part: What it is called among the parts that are complete.
        field: The field's name.
        text: What makes a text of a value.
    """

    key: str
    part: str
    field: str
    text: Text

    def prefix(self, value: Any) -> str:  # noqa: ANN401 # of the field's type
        """Returns what the members of all rows with a value begin with."""
        return prefix_of(None if value is None else self.text(value))


@dataclass(frozen=True, slots=True)
class Unique:
    """A hash of who has which value of a field, or of fields that together are unique.

    Attributes:
        key: Its key in Redis.
        part: What it is called among the parts that are complete.
        fields: The fields' names.
        texts: What makes a text of each one's value.
    """

    key: str
    part: str
    fields: tuple[str, ...]
    texts: tuple[Text, ...]

    def value(self, row: Mapping[str, Any]) -> str | None:
        """Returns what stands for a row's values, or None when one is missing."""
        values = [row[name] for name in self.fields]
        if None in values:
            return None
        return unique_text([text(v) for text, v in zip(self.texts, values, strict=True)])


class Layout:
    """What one entity has in Redis.

    Attributes:
        mapper: The entity.
        table: Its table.
        documents: What the keys of its rows begin with.
        ttl: Milliseconds that a row lasts after it was saved, or 0.
        indexes: The indexes by field; of a key of one field, that of all rows.
        uniques: The unique hashes.
        parts: What must be complete before a row is written.
    """

    def __init__(self, mapper: Mapper, prefix: str) -> None:
        self.mapper = mapper
        self.table = mapper.info.table
        name = self.table.replace("%", "%25").replace(":", "%3A")
        self.documents = f"{{{prefix}}}:{name}:"
        self._name = name
        self._prefix = prefix
        self.rows = self._key("rows")
        self.schema = self._key("parts")
        self.counter = self._key("counter")
        self.expiry = self._key("expiry")
        self.marks = self._key("marks")
        self.building = self._key("building")
        self.ttl: int = round(1000 * (mapper.options.ttl or 0))
        self._key_texts = [key_text(mapper.fields[name]) for name in mapper.keys]
        self._key_classes = [mapper.fields[name].kind.exact for name in mapper.keys]
        self.indexes: dict[str, Index] = self._find_indexes()
        self._others = [index for index in self.indexes.values() if index.key != self.rows]
        self.uniques: list[Unique] = self._find_uniques()
        self.parts: tuple[str, ...] = (
            "ttl" if self.ttl else "lasting",
            *(index.part for index in self._others),
            *(unique.part for unique in self.uniques),
        )

    def _key(self, kind: str, name: str = "") -> str:
        return f"{{{self._prefix}}}/{kind}:{self._name}{f':{name}' if name else ''}"

    def _find_indexes(self) -> dict[str, Index]:
        found: dict[str, Index] = {}
        single = len(self.mapper.keys) == 1
        for field in self.mapper.fields.values():
            text = index_text(field)
            if text is None:
                continue
            if single and field.name == self.mapper.key:
                found[field.name] = Index(self.rows, "", field.name, text)
            elif _is_indexed(field):
                part = f"index:{field.name}:{field.kind.name}"
                found[field.name] = Index(self._key("index", field.name), part, field.name, text)
        return found

    def _find_uniques(self) -> list[Unique]:
        fields = self.mapper.fields
        alone = self.mapper.keys[0] if len(self.mapper.keys) == 1 else None
        groups = [(f.name,) for f in fields.values() if f.info.unique and f.name != alone]
        found: list[Unique] = []
        for group in (*groups, *self.mapper.together):
            name = ",".join(group)
            kinds = ",".join(fields[each].kind.name for each in group)
            texts = tuple(distinct_text(fields[each]) for each in group)
            found.append(Unique(self._key("unique", name), f"unique:{name}:{kinds}", group, texts))
        return found

    # -- keys -----------------------------------------------------------------------------------

    def key_text(self, key: Any) -> str | None:  # noqa: ANN401 # of the key's type
        """Returns the text of a key; None when nothing can have such a key."""
        values: tuple[Any, ...] = key if len(self.mapper.keys) > 1 else (key,)
        texts: list[str] = []
        for value, kind, text in zip(values, self._key_classes, self._key_texts, strict=True):
            plain = value.value if isinstance(value, Enum) else value
            if kind is not None and not isinstance(plain, kind):
                return None
            try:
                texts.append(text(plain))
                texts[-1].encode()
            except (ValueError, ArithmeticError):  # half a surrogate pair, an infinite number
                return None
        return texts[0] if len(texts) == 1 else json.dumps(texts, ensure_ascii=False)

    def text_of(self, row: Mapping[str, Any]) -> str:
        """Returns the text of a row's key."""
        found = self.key_text(self.mapper.key_of(row))
        assert found is not None  # noqa: S101 # a row's values are of their fields' types
        return found

    # -- rows -----------------------------------------------------------------------------------

    def entries(self, row: Row | None, key: str) -> set[Entry]:
        """Returns what stands of a row in the indexes; nothing of None."""
        if row is None:
            return set()
        own = self.indexes.get(self.mapper.keys[0]) if len(self.mapper.keys) == 1 else None
        start = prefix_of("") if own is None else own.prefix(row[own.field])
        found = {(self.rows, start + key)}
        for index in self._others:
            found.add((index.key, index.prefix(row[index.field]) + key))
        return found

    def claims(self, row: Row | None) -> set[Claim]:
        """Returns the unique values of a row; none of None."""
        if row is None:
            return set()
        return {
            (unique.key, value, ", ".join(unique.fields))
            for unique in self.uniques
            if (value := unique.value(row)) is not None
        }

    def read(self, key: str, document: bytes) -> Row:
        """Returns the row of a document that stands under a key.

        Raises:
            InvalidRow: It is not valid, or is the row of another key.
        """
        try:
            row = from_json(self.mapper, document)
        except InvalidRow as error:
            named = key if error.key is None else error.key
            raise InvalidRow(self.table, named, error.problem) from None
        if self.text_of(row) != key:
            raise InvalidRow(self.table, key, "it is the row of another key.")
        return row


def _is_indexed(field: MappedField) -> bool:
    info = field.info
    wanted = sqlmodel_value(field.source, "index")
    return bool(wanted or info.unique or info.reference or info.key)
