"""`agui-runtime state ...`: look at, back up and tidy what agents left in a store."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeAlias

from agui_runtime.commands.files import opened
from agui_runtime.commands.listing import time_of, write_exported, write_json, write_row
from agui_runtime.commands.task_table import Argument, Carried, Commands, Task, add_tasks
from agui_runtime.commands.thread_files import check_is_there, url_of_threads
from agui_runtime.core.errors import InvalidInput, Misconfigured
from agui_runtime.core.terminal_text import safe
from agui_runtime.settings import Settings
from agui_runtime.stores.open import open_store

if TYPE_CHECKING:
    from agui_runtime.stores.base import Store
    from agui_runtime.stores.states import StateStoreManager
    from agui_runtime.stores.states.reports import Entry

Work: TypeAlias = "Callable[[StateStoreManager, argparse.Namespace], Awaitable[int]]"

DAY = 24 * 3600.0
HEADER = "thread", "agent", "owner", "version", "schema", "bytes", "saved"


def add_state_commands(commands: Commands) -> None:
    """Add `state` and its own commands to the command line."""
    add_tasks(commands, "state", "look at, back up and tidy saved states", _TASKS)


def _on_states(work: Work) -> Carried:
    async def carried_out(options: argparse.Namespace) -> int:
        async with _opened(Settings.read()) as states:
            return await work(states, options)

    return lambda options: asyncio.run(carried_out(options))


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[StateStoreManager]:
    from agui_runtime.stores.layers.delegating import undelegated
    from agui_runtime.stores.memory import MemoryStore
    from agui_runtime.stores.states import (
        StateStoreManager,  # `--help` does not need what it imports
    )

    store, schemas = _configured(settings)
    if isinstance(undelegated(store), MemoryStore):
        raise Misconfigured(
            "a memory store lives in the server's process alone: set AGUI_STORE to the URL of the "
            "store to look at, for example redis://localhost:6379/0"
        )
    check_is_there(undelegated(store))
    await store.open()
    try:
        yield StateStoreManager(store, schemas)
    finally:
        await store.close()


def _configured(settings: Settings) -> tuple[Store, Any]:
    """The store that the settings name, and the schemas of the app, if there is one."""
    if settings.app is not None:
        from agui_runtime.commands.hosting import hosted

        runtimes = hosted(settings).runtimes
        if len(runtimes) != 1:
            raise Misconfigured(
                f"AGUI_APP={settings.app} holds {len(runtimes)} runtimes; name the one to look at"
            )
        return runtimes[0].store, runtimes[0].states.schemas
    return open_store(settings.store or url_of_threads(settings)), {}


async def _list(states: StateStoreManager, options: argparse.Namespace) -> int:
    write_row(*HEADER)
    async with aclosing(states.entries(**_wanted(options))) as entries:
        async for entry in entries:
            write_row(*_columns(entry))
    return 0


async def _show(states: StateStoreManager, options: argparse.Namespace) -> int:
    saved = await states.load(options.thread, options.agent)
    if saved is None:
        raise InvalidInput(f"agent {options.agent!r} has no state in thread {options.thread!r}")
    shown = asdict(saved) | {"saved_at": time_of(saved.saved_at)}
    write_json(shown, indented=True)
    return 0


async def _diff(states: StateStoreManager, options: argparse.Namespace) -> int:
    from agui_runtime.stores.base import StateKey

    before = StateKey(options.thread, options.agent)
    after = StateKey(options.other, options.other_agent or options.agent)
    for change in await states.diff(before, after):
        write_json(change)
    return 0


async def _export(states: StateStoreManager, options: argparse.Namespace) -> int:
    count = 0
    with opened(options.file, "wb", sys.stdout.buffer) as out:
        async with aclosing(states.export(**_wanted(options))) as lines:
            async for line in lines:
                write_exported(out, line)
                count += 1
    sys.stderr.write(f"{count} states exported\n")
    return 0


async def _import(states: StateStoreManager, options: argparse.Namespace) -> int:
    with opened(options.file, "rb", sys.stdin.buffer) as lines:
        report = await states.import_lines(lines, overwrite=options.overwrite)
    for number, problem in report.problems.items():
        sys.stderr.write(f"line {number}: {safe(problem)}\n")
    sys.stderr.write(f"{report.saved} states imported, {len(report.problems)} not\n")
    return 1 if report.problems else 0


async def _delete(states: StateStoreManager, options: argparse.Namespace) -> int:
    await states.delete(options.thread, options.agent)
    return 0


async def _sweep(states: StateStoreManager, options: argparse.Namespace) -> int:
    days = options.older_than
    for key in await states.sweep(None if days is None else days * DAY):
        write_row(*key)
    return 0


async def _statistics(states: StateStoreManager, options: argparse.Namespace) -> int:
    report = asdict(await states.statistics()) | {"health": asdict(await states.health())}
    write_json(report, indented=True)
    return 0


def _wanted(options: argparse.Namespace) -> dict[str, str | None]:
    return {"thread_id": options.of_thread, "agent": options.of_agent, "owner": options.owner}


def _columns(entry: Entry) -> tuple[object, ...]:
    owner = entry.thread.owner if entry.thread else "(no thread)"
    saved = entry.saved
    if saved is None:
        return (*entry.key, owner, "-", "-", "-", entry.problem)
    about = (saved.version, saved.schema_version, entry.bytes, time_of(saved.saved_at))
    return (*entry.key, owner, *about)


_THREAD = Argument("thread")
_AGENT = Argument("--agent", {"default": "default", "help": "default: %(default)s"})
_FILE = Argument("file", {"nargs": "?", "default": "-", "help": "a file of JSON lines, or -"})
_FILTERS = (
    Argument("--thread", {"dest": "of_thread", "help": "only this thread's"}),
    Argument("--agent", {"dest": "of_agent", "help": "only this agent's"}),
    Argument("--owner", {"help": "only this owner's"}),
)
_TASKS = (
    Task("list", "one line for each saved state", _on_states(_list), _FILTERS),
    Task("show", "one state with its messages, migrated", _on_states(_show), (_THREAD, _AGENT)),
    Task(
        "diff",
        "what makes one state out of another, as JSON Patch operations",
        _on_states(_diff),
        (
            _THREAD,
            Argument("other", {"help": "the thread to compare with"}),
            _AGENT,
            Argument("--other-agent", {"help": "where it is another one"}),
        ),
    ),
    Task("export", "write states as JSON lines", _on_states(_export), (_FILE, *_FILTERS)),
    Task(
        "import",
        "save what was exported",
        _on_states(_import),
        (_FILE, Argument("--overwrite", {"action": "store_true", "help": "replace what is there"})),
    ),
    Task(
        "delete",
        "forget a thread's states",
        _on_states(_delete),
        (_THREAD, Argument("--agent", {"help": "only this agent's"})),
    ),
    Task(
        "sweep",
        "delete states whose thread is gone",
        _on_states(_sweep),
        (
            Argument(
                "--older-than",
                {"type": float, "metavar": "DAYS", "help": "also what was saved longer ago"},
            ),
        ),
    ),
    Task("stats", "counts, sizes and the store's health", _on_states(_statistics)),
)
