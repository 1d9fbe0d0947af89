"""`agui-runtime threads list|show|tail|...` and `agui-runtime runs list|show|stop`: what a store
holds, beside a server that uses it.

Whoever may open the store may do all of this: there is no caller to ask about.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeAlias

from agui_runtime.commands.asking import check_agreed
from agui_runtime.commands.following import tail
from agui_runtime.commands.listing import (
    JSON,
    time_of,
    write_json,
    write_listing,
    write_row,
    write_text,
)
from agui_runtime.commands.run_report import LONGEST, bar, report
from agui_runtime.commands.task_table import Argument, Carried, Commands, Task, add_tasks
from agui_runtime.core.errors import Misconfigured, RunNotFound, ThreadNotFound
from agui_runtime.core.terminal_text import shortened

if TYPE_CHECKING:
    from agui_runtime.core.events import Record, RunInfo, ThreadInfo
    from agui_runtime.stores.base import Store

Work: TypeAlias = "Callable[[Store, argparse.Namespace], Awaitable[int | None]]"

THREADS = ("thread", "agent", "name", "updated", "archived")
PARTS = ("part", "seconds", "input", "output", "usd", "when", "what")
RUNS = ("run", "agent", "status", "started", "ended", "error")


def add_runs_commands(commands: Commands) -> None:
    """Add `runs` and its own commands to the command line."""
    add_tasks(commands, "runs", "look at the runs of a thread, or stop one", _RUNS)


def _of_store(work: Work) -> Carried:
    async def carried_out(options: argparse.Namespace) -> int:
        from agui_runtime.commands.threads_cli import opened_store
        from agui_runtime.settings import Settings

        async with opened_store(Settings.read(), made=False) as store:
            return await work(store, options) or 0

    return lambda options: asyncio.run(carried_out(options))


async def _list(store: Store, options: argparse.Namespace) -> None:
    from agui_runtime.stores.base import ThreadQuery

    query = ThreadQuery(include_archived=options.archived, limit=options.limit)
    page = await store.threads.list(options.owner, query)
    write_listing([_thread(each) for each in page.threads], THREADS, options.json)
    if page.next_cursor is not None:
        sys.stderr.write(f"there are more than {options.limit}: see --limit\n")


async def _show(store: Store, options: argparse.Namespace) -> None:
    from agui_runtime.core.fold import fold

    await _found(store, options.thread)
    folded = fold([record.event async for record in _records(store, options.thread)])
    if options.json:
        write_listing(folded.shared_messages, (), json=True)
        return
    for message in folded.shared_messages:
        write_text(message["role"], str(message.get("content") or _calls(message)))


async def _rename(store: Store, options: argparse.Namespace) -> None:
    await _found(store, options.thread)
    await store.threads.update(options.thread, name=options.name)


async def _archive(store: Store, options: argparse.Namespace) -> None:
    await _found(store, options.thread)
    await store.threads.update(options.thread, archived=not options.undo)


async def _delete(store: Store, options: argparse.Namespace) -> None:
    from agui_runtime.commands.memory_cli import memory_in
    from agui_runtime.commands.thread_files import forget_work
    from agui_runtime.runtime.threads import check_idle
    from agui_runtime.settings import Settings

    thread = await _found(store, options.thread)
    check_agreed(f"delete thread {options.thread} with its messages and states", options.yes)
    if options.memory:
        await check_idle(store, options.thread)
        await memory_in(store).delete_thread(thread.owner, options.thread)
    await store.threads.delete(options.thread)
    await forget_work(Settings.read(), thread)


async def _list_runs(store: Store, options: argparse.Namespace) -> None:
    await _found(store, options.thread)
    runs = await store.threads.runs(options.thread)
    write_listing([_run(each) for each in runs], RUNS, options.json)


async def _show_run(store: Store, options: argparse.Namespace) -> None:
    await _found(store, options.thread)
    runs = await store.threads.runs(options.thread)
    chosen = next((each for each in reversed(runs) if options.run in {None, each.run_id}), None)
    if chosen is None:
        raise RunNotFound(options.thread, options.run or "any")
    events = [
        record.event
        async for record in _records(store, options.thread)
        if record.run_id == chosen.run_id
    ]
    parts = report(chosen, events)
    if options.json:
        write_json([asdict(part) for part in parts])
        return
    write_row(*PARTS)
    for part in parts:
        name = f"{'  ' * part.depth}{part.kind} {part.name}"
        seconds = None if part.seconds is None else f"{part.seconds:.2f}"
        text = shortened(part.text.replace("\n", " "), LONGEST)
        write_row(
            name, seconds, part.input, part.output, part.usd, bar(part, parts[0].seconds), text
        )


async def _compact(store: Store, options: argparse.Namespace) -> None:
    from agui_runtime.stores.base import Compacting

    await _found(store, options.thread)
    if not isinstance(store, Compacting):
        raise Misconfigured("this store compacts nothing")
    count = await store.compact(options.thread)
    sys.stderr.write(f"{count} runs were compacted\n")


async def _tail(store: Store, options: argparse.Namespace) -> None:
    await _found(store, options.thread)
    await tail(store, options)


async def _stop(store: Store, options: argparse.Namespace) -> int:
    await _found(store, options.thread)
    stopped = await store.log.ask_stop(options.thread, options.run)
    if stopped:
        await store.log.wait_idle(options.thread)
    sys.stderr.write("the run has ended\n" if stopped else "no such run is live\n")
    return 0 if stopped else 1


async def _found(store: Store, thread_id: str) -> ThreadInfo:
    thread = await store.threads.get(thread_id)
    if thread is None:
        raise ThreadNotFound(thread_id)
    return thread


async def _records(store: Store, thread_id: str) -> AsyncIterator[Record]:
    """Those that there are by now."""
    end = await store.log.end(thread_id)
    if not end.seq:
        return
    async with aclosing(store.log.follow(thread_id, None)) as batches:
        async for batch in batches:
            for record in batch.records:
                if record.seq <= end.seq:
                    yield record
            if batch.cursor.seq >= end.seq:
                return


def _calls(message: object) -> str:
    calls = message.get("toolCalls") or () if isinstance(message, dict) else ()
    return ", ".join(f"{each['function']['name']}(...)" for each in calls)


def _thread(thread: ThreadInfo) -> dict[str, object]:
    return {
        "thread": thread.thread_id,
        "agent": thread.agent,
        "name": thread.name,
        "updated": time_of(thread.updated_at),
        "archived": "archived" if thread.archived else None,
    }


def _run(run: RunInfo) -> dict[str, object]:
    return {
        "run": run.run_id,
        "agent": run.agent,
        "status": run.status,
        "started": time_of(run.started_at),
        "ended": time_of(run.ended_at),
        "error": run.figures.error_code if run.figures else None,
    }


def _at_least_one(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 100_000):
        raise argparse.ArgumentTypeError(f"a number from 1 to 100000, not {text!r}")
    return int(text)


_THREAD = Argument("thread", {"help": "its id"})
THREAD_TASKS = (
    Task(
        "list",
        "an owner's threads, most recently updated first",
        _of_store(_list),
        (
            Argument("--owner", {"required": True, "help": "whose, for example anonymous"}),
            Argument("--archived", {"action": "store_true", "help": "archived ones, too"}),
            Argument("--limit", {"type": _at_least_one, "default": 50, "help": "%(default)s"}),
            JSON,
        ),
    ),
    Task("show", "the messages of a thread", _of_store(_show), (_THREAD, JSON)),
    Task(
        "tail",
        "the records of a thread, and those to come, whichever process writes them",
        _of_store(_tail),
        (
            _THREAD,
            Argument("--after", {"metavar": "CURSOR", "help": "only those behind it, or end"}),
            Argument("--once", {"action": "store_true", "help": "only those that there are"}),
            Argument("--json", {"action": "store_true", "help": "a JSON object a line"}),
        ),
    ),
    Task(
        "compact",
        "store the runs of a thread that have ended in fewer events, now",
        _of_store(_compact),
        (_THREAD,),
    ),
    Task("rename", "give a thread a name", _of_store(_rename), (_THREAD, Argument("name"))),
    Task(
        "archive",
        "archive a thread, which lists then leave out",
        _of_store(_archive),
        (_THREAD, Argument("--undo", {"action": "store_true", "help": "list it again"})),
    ),
    Task(
        "delete",
        "forget a thread with its messages and states",
        _of_store(_delete),
        (
            _THREAD,
            Argument(
                "--memory", {"action": "store_true", "help": "and what is remembered from it"}
            ),
            Argument("--yes", {"action": "store_true", "help": "ask nothing"}),
        ),
    ),
)
_RUNS = (
    Task("list", "the runs of a thread, oldest first", _of_store(_list_runs), (_THREAD, JSON)),
    Task(
        "show",
        "what happened in a run, in its order, and what that took",
        _of_store(_show_run),
        (_THREAD, Argument("--run", {"help": "this one, not the latest"}), JSON),
    ),
    Task(
        "stop",
        "stop the live run of a thread, at whichever process it is",
        _of_store(_stop),
        (_THREAD, Argument("--run", {"help": "only if it is this one"})),
    ),
)
