"""`agui-runtime db ...`: the schema of an SQL store, copies of it, and what it derives."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from agui_runtime.commands.listing import JSON
from agui_runtime.commands.task_table import Argument, Carried, Commands, Task, add_tasks
from agui_runtime.commands.thread_files import check_is_there, make_folder, url_of_threads
from agui_runtime.core import jsontext
from agui_runtime.core.errors import Misconfigured
from agui_runtime.settings import Settings
from agui_runtime.stores.open import open_store

if TYPE_CHECKING:
    from agui_runtime.stores.sql.store import SqlStore

T = TypeVar("T")

Work: TypeAlias = "Callable[[SqlStore, argparse.Namespace], Awaitable[str]]"


def add_db_commands(commands: Commands) -> None:
    """Add `db` and its own commands to the command line."""
    add_tasks(commands, "db", "look after the tables of an SQL store", _TASKS)


def _of_store(work: Work, *, may_be_new: bool = False) -> Carried:
    def carried_out(options: argparse.Namespace) -> int:
        store = _store(Settings.read(), may_be_new=may_be_new)
        sys.stdout.write(asyncio.run(_carried_out(work(store, options))) + "\n")
        return 0

    return carried_out


async def _carried_out(work: Awaitable[str]) -> str:
    return await work


def _store(settings: Settings, *, may_be_new: bool) -> SqlStore:
    from agui_runtime.stores.sql.store import SqlStore

    store = open_store(settings.store or url_of_threads(settings))
    if not isinstance(store, SqlStore):
        raise Misconfigured(
            "only SQL stores have tables: set AGUI_STORE to sqlite:///... or postgresql://..."
        )
    if not may_be_new:
        check_is_there(store)
    elif settings.store is None:
        make_folder(settings)
    return store


async def _status(store: SqlStore, options: argparse.Namespace) -> str:
    from agui_runtime.stores.sql.schema import SCHEMA

    number = await store.administration.number()
    counts = await _opened(store, store.counts) if number == SCHEMA else {}
    where = store.administration.where
    if options.json:
        found = {"where": where, "schema": number, "wanted": SCHEMA, "counts": counts}
        return jsontext.dumps(found).decode()
    lines = [where, f"schema {number} of {SCHEMA}"]
    lines += [f"{name} {count}" for name, count in counts.items()]
    if number != SCHEMA:
        lines.append("run `agui-runtime db upgrade`" if number < SCHEMA else "of a later release")
    return "\n".join(lines)


async def _upgrade(store: SqlStore, options: argparse.Namespace) -> str:
    before = await store.administration.number()
    more = await store.administration.upgrade()
    after = await store.administration.number()
    return f"schema {after}{more}" if before != after else f"schema {after}: nothing to do"


async def _downgrade(store: SqlStore, options: argparse.Namespace) -> str:
    more = await store.administration.downgrade(options.revision)
    return f"schema {await store.administration.number()}{more}"


async def _rebuild(store: SqlStore, options: argparse.Namespace) -> str:
    count = await _opened(store, store.rebuild)
    freed = await store.administration.give_back()
    return f"{count} threads went through" + (f"; {freed} bytes were given back" if freed else "")


async def _backup(store: SqlStore, options: argparse.Namespace) -> str:
    await store.administration.backup(Path(options.file))
    return f"copied to {options.file}"


async def _restored(store: SqlStore, options: argparse.Namespace) -> str:
    count = await _opened(store, store.restored)
    return f"{count} threads take no cursor from before; runs that were live are ended"


async def _opened(store: SqlStore, work: Callable[[], Awaitable[T]]) -> T:
    await store.open()
    try:
        return await work()
    finally:
        await store.close()


_REVISION = Argument(
    "revision",
    {"nargs": "?", "default": "-1", "help": "a number, base for no tables, or -1: one back"},
)
_FILE = Argument("file", {"help": "a new file"})
_JSON = Argument(JSON.name, {**JSON.about, "help": "as a JSON object"})
_TASKS = (
    Task(
        "status",
        "where the store is, its schema, and how much is in it",
        _of_store(_status),
        (_JSON,),
    ),
    Task(
        "upgrade",
        "bring the tables to this release's schema",
        _of_store(_upgrade, may_be_new=True),
    ),
    Task(
        "downgrade",
        "take the latest migration back, for an older release; what it added is lost",
        _of_store(_downgrade),
        (_REVISION,),
    ),
    Task("rebuild", "make anew what the tables derive from the logs", _of_store(_rebuild)),
    Task("backup", "copy a SQLite file while it is used", _of_store(_backup), (_FILE,)),
    Task(
        "restored",
        "say that an older copy was put back: no old cursor is taken",
        _of_store(_restored),
    ),
)
