"""`agui-runtime memory`: what is remembered of an owner, in the store itself.

Whoever may open the store, and has its keys, may do all of this: there is no caller to ask about.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from agui_runtime.commands.asking import check_agreed
from agui_runtime.commands.files import opened
from agui_runtime.commands.listing import JSON, time_of, write_exported, write_json, write_row
from agui_runtime.commands.task_table import Argument, Carried, Commands, Task, add_tasks
from agui_runtime.commands.whole_memories import copy, reset
from agui_runtime.core import jsontext
from agui_runtime.memories.entries import TIERS

if TYPE_CHECKING:
    from agui_runtime.memories.entries import Entry, Unreadable
    from agui_runtime.memories.memory import Memory
    from agui_runtime.stores.base import Store

Work: TypeAlias = "Callable[[Memory, argparse.Namespace], Awaitable[None]]"

HEADER = ("entry", "tier", "key", "text", "thread", "updated", "by")


def add_memory_commands(commands: Commands) -> None:
    """Add `memory` and its own commands to the command line."""
    add_tasks(commands, "memory", "look at what is remembered of an owner, and delete it", _TASKS)


def memory_in(store: Store) -> Memory:
    """What is remembered in the store, opened by the keys of AGUI_KEYS, or by those in the file
    beside it; raises Misconfigured where there are none.
    """
    from agui_runtime.doorbell import key_ring_of
    from agui_runtime.memories.memory import Memory
    from agui_runtime.memories.ring import ring_for
    from agui_runtime.settings import Settings
    from agui_runtime.stores.layers.delegating import sealed_rows_of

    memory = Memory()
    ring = ring_for(store, key_ring_of(Settings.read()), may_make=False)
    memory.keep_in(sealed_rows_of(store), ring)
    return memory


def _of_store(work: Work) -> Carried:
    async def carried_out(options: argparse.Namespace) -> int:
        from agui_runtime.commands.threads_cli import opened_store
        from agui_runtime.settings import Settings

        async with opened_store(Settings.read(), made=False) as store:
            await work(memory_in(store), options)
        return 0

    return lambda options: asyncio.run(carried_out(options))


async def _list(memory: Memory, options: argparse.Namespace) -> None:
    from agui_runtime.wires.shared.memories import shown_entries

    found = await memory.list(options.owner, options.tier)
    if options.json:
        write_json(shown_entries(found))
        return
    write_row(*HEADER)
    for entry in found:
        write_row(*_columns(entry))


async def _export(memory: Memory, options: argparse.Namespace) -> None:
    from agui_runtime.wires.shared.memories import shown_entries

    found = shown_entries(await memory.list(options.owner))
    with opened(options.file, "wb", sys.stdout.buffer) as out:
        write_exported(out, jsontext.dumps({"entries": found}) + b"\n")
    sys.stderr.write(f"{len(found)} entries exported\n")


async def _delete(memory: Memory, options: argparse.Namespace) -> None:
    for entry in options.entry:
        await memory.delete(options.owner, entry)


async def _forget(memory: Memory, options: argparse.Namespace) -> None:
    check_agreed(f"delete all that is remembered of {options.owner}", options.yes)
    await memory.forget(options.owner)


def _columns(entry: Entry | Unreadable) -> tuple[object, ...]:
    from agui_runtime.memories.entries import Unreadable

    if isinstance(entry, Unreadable):
        return (entry.id, entry.tier, None, "does not open", None, None, None)
    origin, when = entry.origin, time_of(entry.updated_at)
    about = (entry.key or entry.entity, entry.text)
    return (entry.id, entry.tier, *about, origin.thread_id, when, origin.extractor)


_OWNER = Argument("--owner", {"required": True, "help": "of whom, for example ann"})
_YES = Argument("--yes", {"action": "store_true", "help": "ask nothing"})
_TASKS = (
    Task(
        "list",
        "what is remembered, the latest first",
        _of_store(_list),
        (_OWNER, Argument("--tier", {"choices": TIERS, "help": "only of this tier"}), JSON),
    ),
    Task(
        "export",
        "all of it, with where it comes from, as JSON",
        _of_store(_export),
        (Argument("file", {"nargs": "?", "default": "-", "help": "a file, or -"}), _OWNER),
    ),
    Task(
        "delete",
        "delete entries, also such as no key opens",
        _of_store(_delete),
        (Argument("entry", {"nargs": "+", "help": "its id"}), _OWNER),
    ),
    Task(
        "forget",
        "delete all that is remembered of an owner",
        _of_store(_forget),
        (_OWNER, _YES),
    ),
    Task(
        "reset",
        "delete all that is remembered of everybody, for which it needs no key",
        reset,
        (_YES,),
    ),
    Task(
        "copy",
        "copy all that is remembered into another store, sealed as it is",
        copy,
        (Argument("store", {"help": "the other store's URL, as in AGUI_STORE"}),),
    ),
)
