"""`agui-runtime keys`: makes a key that seals, says which keys there are, and has the first of them
wrap what the others did.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import aclosing

from agui_runtime.commands.task_table import Commands
from agui_runtime.commands.threads_cli import opened_store
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.doorbell import key_ring_of
from agui_runtime.settings import Settings


def add_keys_commands(commands: Commands) -> None:
    about = "keys that seal what stores hold"
    tasks = commands.add_parser("keys", help=about, description=about).add_subparsers(required=True)
    about = "make a key for AGUI_KEYS"
    generate = tasks.add_parser("generate", help=about, description=about)
    generate.set_defaults(command=_generate)
    about = "say which keys AGUI_KEYS has, by names that say nothing of them"
    check = tasks.add_parser("check", help=about, description=about)
    about = "say also how many keys of users' memories each has wrapped in the store"
    check.add_argument("--memory", action="store_true", help=about)
    check.set_defaults(command=_check)
    about = "have the first key wrap the keys of all users' memories, so that the others can go"
    rotate = tasks.add_parser("rotate", help=about, description=about)
    rotate.set_defaults(command=_rotate)


def _generate(options: argparse.Namespace) -> None:
    sys.stdout.write(f"{new_key()}\n")


def _check(options: argparse.Namespace) -> int:
    settings = Settings.read()
    ring = key_ring_of(settings)
    if ring is None:
        raise Misconfigured("AGUI_KEYS is not set: `agui-runtime keys generate` makes a key")
    wrapped = asyncio.run(_wrapped(settings, ring)) if options.memory else None
    for number, name in enumerate(ring.ids):
        counted = "" if wrapped is None else f", has wrapped {wrapped.get(name, 0)}"
        sys.stdout.write(f"{name}  {'opens' if number else 'seals and opens'}{counted}\n")
    if wrapped is None or not wrapped.get(None):
        return 0
    sys.stderr.write(f"{wrapped[None]} were wrapped by a key that is not there\n")
    return 1


async def _wrapped(settings: Settings, ring: KeyRing) -> Mapping[str | None, int]:
    """By the ids of the keys, how many owners' keys each has wrapped; by None, how many were
    wrapped by one that is not there.
    """
    from agui_runtime.stores.layers.delegating import sealed_rows_of

    found: Counter[str | None] = Counter()
    async with opened_store(settings, made=False) as store:
        rows = sealed_rows_of(store)
        async with aclosing(rows.owners()) as names:
            async for name in names:
                wrapped = await rows.key(name)
                if wrapped is not None:
                    found[ring.sealer(wrapped.decode(errors="replace"))] += 1
    return found


def _rotate(options: argparse.Namespace) -> None:
    count = asyncio.run(_rotated(Settings.read()))
    sys.stdout.write(f"{count} keys are wrapped by the first of the server's keys\n")


async def _rotated(settings: Settings) -> int:
    from agui_runtime.memories.master_keys import RingKeys
    from agui_runtime.memories.notebooks import Notebooks
    from agui_runtime.memories.ring import ring_for
    from agui_runtime.stores.layers.delegating import sealed_rows_of

    async with opened_store(settings, made=False) as store:
        ring = ring_for(store, key_ring_of(settings), may_make=False)
        return await Notebooks(sealed_rows_of(store), RingKeys(ring)).rotate()
