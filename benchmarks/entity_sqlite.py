"""Entities against hand-written SQL and the ORMs: one SQLite file each, the same rows and pragmas.

Each contender has its own copy of one file of 10,000 products. All are in WAL mode with synchronous
NORMAL, Nitro's shipped setting: a commit does not wait for the disk. Nitro works through its shipped
pool, safe for threads; nothing is switched off. Every peer is used as its own documentation does in a
web application: a session for each unit of work, a held connection where it holds one. Tortoise and
the asynchronous twins are awaited in one event loop, whose start is not counted. After each
verb's first call all files must hold the same rows.
"""

from __future__ import annotations

import asyncio
import inspect
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.entities.limits import RAW, on_sqlite
from benchmarks.entities.products import READ, make_file
from benchmarks.frame import Awaiting, Comparison, Contender, WrongOutput

PEERS = (
    ("on_nitro", "Nitro"),
    ("on_sqlite3", "Sqlite3"),
    ("on_sqlalchemy", "Core"),
    ("on_sqlalchemy", "Orm"),
    ("on_sqlmodel", "SqlModel"),
    ("on_django", "Django"),
    ("on_peewee", "Peewee"),
    ("on_tortoise", "TortoiseOrm"),
)

_ROWS = (
    ("get", "entity: get one of 10,000 by id", 300),
    ("filter", "entity: filter 20 of 10,000", 100),
    ("count", "entity: count 10,000", 100),
    ("count_some", "entity: count 20 of 10,000", 200),
    ("update", "entity: update one", 100),
    ("create", "entity: create one", 100),
    ("delete", "entity: delete one by id, unread", 100),
    ("delete_read", "entity: delete one that was read", 100),
    ("insert_many", "entity: insert 1,000 at once", 1),
)


def comparisons() -> Iterator[Comparison]:
    """Prepares the files and yields what is compared."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nitro-bench-")))
        runner = stack.enter_context(asyncio.Runner())
        template = folder / "template.db"
        make_file(template)
        files: dict[str, Path] = {}
        peers: dict[str, Any] = {}
        for module, name in PEERS:
            make: Any = getattr(import_module(f"benchmarks.entities.{module}"), name)
            files[make.name] = folder / f"{name}.db"
            shutil.copy(template, files[make.name])
            peers[make.name] = make(files[make.name])
        twins = import_module("benchmarks.entities.on_nitro").NitroAsync()
        runner.run(peers["Tortoise"].start())
        for verb, heading, number in _ROWS:
            yield _compared(verb, heading, number, {**peers, twins.name: twins}, runner, files)
        runner.run(peers["Tortoise"].stop())


def _compared(
    verb: str,
    heading: str,
    number: int,
    peers: Mapping[str, Any],
    runner: asyncio.Runner,
    files: Mapping[str, Path],
) -> Comparison:
    able = {name: peer for name, peer in peers.items() if hasattr(peer, verb)}
    before: dict[str, Contender] = {}
    contenders: dict[str, Contender] = {}
    for name, peer in able.items():
        call: Callable[..., Any] = getattr(peer, verb)
        if verb == "delete_read":
            before[name], call = _with_stock(peer, number, runner)
        is_async = inspect.iscoroutinefunction(getattr(peer, verb))
        contenders[name] = Awaiting(call, runner) if is_async else call
    return Comparison(
        heading,
        contenders,
        RAW,
        number,
        check=partial(same_results, verb, files),
        before=before,
        limits=on_sqlite(verb),
    )


def _with_stock(
    peer: Any,  # noqa: ANN401
    number: int,
    runner: asyncio.Runner,
) -> tuple[Contender, Callable[[], Any]]:
    """Returns what reads the products for a turn, and what deletes the next of them."""
    stock: list[Any] = []

    def read() -> object:
        for _ in range(number):
            one = peer.read(peer.supply.doomed())
            stock.append(runner.run(one) if inspect.iscoroutine(one) else one)
        return stock

    return read, lambda: peer.delete_read(stock.pop(0))


def same_results(verb: str, files: Mapping[str, Path], results: Mapping[str, object]) -> None:
    """Makes sure that all have read the same, and that their files hold the same.

    Raises:
        WrongOutput: One differs.
    """
    if verb in READ:
        _all_equal({name: READ[verb](result) for name, result in results.items()})
    _all_equal({name: _content(path) for name, path in files.items()})


def _content(path: Path) -> tuple[object, ...]:
    db = sqlite3.connect(path)
    try:
        return db.execute(
            "SELECT count(*), max(id), sum(stock), sum(version), sum(price), sum(active),"
            " count(DISTINCT sku) FROM product"
        ).fetchone()
    finally:
        db.close()


def _all_equal(found: Mapping[str, object]) -> None:
    wanted = found[RAW]
    for name, one in found.items():
        if one != wanted:
            raise WrongOutput(f"{name} gave {one}, {RAW} {wanted}")
