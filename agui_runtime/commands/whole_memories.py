"""`agui-runtime memory copy|reset`: what is remembered of everybody, which takes no key."""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import aclosing
from dataclasses import replace

from agui_runtime.commands.asking import check_agreed


def copy(options: argparse.Namespace) -> int:
    """Into another store."""
    count = asyncio.run(_copied(options.store))
    sys.stdout.write(f"{count} memories were copied; to read them there takes the same keys\n")
    return 0


def reset(options: argparse.Namespace) -> int:
    """For whoever has lost the keys."""
    check_agreed("delete all that is remembered of everybody", options.yes)
    asyncio.run(_reset())
    return 0


async def _copied(url: str) -> int:
    from agui_runtime.commands.threads_cli import opened_store
    from agui_runtime.settings import Settings
    from agui_runtime.stores.layers.delegating import sealed_rows_of
    from agui_runtime.stores.moving.sealed import copy_rows

    settings = Settings.read()
    async with (
        opened_store(settings, made=False) as source,
        opened_store(replace(settings, store=url), made=True) as target,
    ):
        return await copy_rows(sealed_rows_of(source), sealed_rows_of(target))


async def _reset() -> None:
    from agui_runtime.commands.threads_cli import opened_store
    from agui_runtime.memories.sealing import Names
    from agui_runtime.settings import Settings
    from agui_runtime.stores.layers.delegating import sealed_rows_of

    async with opened_store(Settings.read(), made=False) as store:
        rows = sealed_rows_of(store)
        async with aclosing(rows.owners()) as names:
            every = {name async for name in names}
        for name in (*(every - {Names.OWNER}), Names.OWNER):  # in this order it can be repeated
            await rows.forget(name)
