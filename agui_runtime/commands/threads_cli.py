"""`agui-runtime threads ...`: move threads from one store into another, by a file of JSON lines."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

from agui_runtime.commands.files import opened
from agui_runtime.commands.listing import write_exported
from agui_runtime.commands.task_table import Argument, Carried, Commands, Task, add_tasks
from agui_runtime.commands.thread_files import check_is_there, make_folder, url_of_threads
from agui_runtime.commands.thread_tasks import THREAD_TASKS
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.terminal_text import safe
from agui_runtime.settings import Settings
from agui_runtime.stores.open import open_store

if TYPE_CHECKING:
    from agui_runtime.stores.base import Store
    from agui_runtime.stores.moving.threads import Moved

Work: TypeAlias = "Callable[[Store, argparse.Namespace], Awaitable[Moved]]"


def add_threads_commands(commands: Commands) -> None:
    """Add `threads` and its own commands to the command line."""
    add_tasks(commands, "threads", "look at threads, change and move them", _TASKS)


def _of_store(work: Work, *, made: bool) -> Carried:
    async def carried_out(options: argparse.Namespace) -> int:
        async with opened_store(Settings.read(), made=made) as store:
            moved = await work(store, options)
        for place, problem in moved.problems.items():
            sys.stderr.write(safe(f"{place}: {problem}\n"))
        counts = f"{moved.threads} threads, {moved.runs} runs, {moved.states} states"
        sys.stderr.write(f"{counts}; {len(moved.problems)} problems\n")
        return 1 if moved.problems else 0

    return lambda options: asyncio.run(carried_out(options))


@asynccontextmanager
async def opened_store(settings: Settings, *, made: bool) -> AsyncIterator[Store]:
    """The store that AGUI_STORE or AGUI_DATA names; a file of threads is `made` for an import."""
    from agui_runtime.stores.memory import MemoryStore  # `--help` does not need what it imports

    store = open_store(settings.store or url_of_threads(settings))
    if isinstance(store, MemoryStore):
        raise Misconfigured(
            "a memory store lives in the server's process alone: set AGUI_STORE to the URL of the "
            "store that is meant, for example redis://localhost:6379/0"
        )
    if not made:
        check_is_there(store)
    elif settings.store is None:
        make_folder(settings)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def _export(store: Store, options: argparse.Namespace) -> Moved:
    from agui_runtime.stores.moving.threads import Moved, exported

    moved = Moved()
    chosen = {"owner": options.owner, "thread_id": options.thread}
    with opened(options.file, "wb", sys.stdout.buffer) as out:
        async with aclosing(exported(store, moved, **chosen)) as lines:
            async for line in lines:
                write_exported(out, line)
    return moved


async def _import(store: Store, options: argparse.Namespace) -> Moved:
    from agui_runtime.stores.moving.threads import import_lines

    with opened(options.file, "rb", sys.stdin.buffer) as lines:
        return await import_lines(store, lines)


_FILE = Argument("file", {"nargs": "?", "default": "-", "help": "a file of JSON lines, or -"})
_TASKS = (
    *THREAD_TASKS,
    Task(
        "export",
        "write the threads of the store as JSON lines",
        _of_store(_export, made=False),
        (
            _FILE,
            Argument("--owner", {"help": "only this owner's"}),
            Argument("--thread", {"help": "only this one"}),
        ),
    ),
    Task(
        "import",
        "put exported threads into the store; those that are there already stay as they are",
        _of_store(_import, made=True),
        (_FILE,),
    ),
)
