"""`agui-runtime copy-memory`: what is remembered of users goes along to another store."""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import replace

from agui_runtime.commands.task_table import Commands


def add_copy_memory_command(commands: Commands) -> None:
    about = "copy what is remembered of users into another store, sealed as it is"
    command = commands.add_parser("copy-memory", help=about, description=about)
    command.add_argument("store", help="the other store's URL, as in AGUI_STORE")
    command.set_defaults(command=_copy)


def _copy(options: argparse.Namespace) -> None:
    count = asyncio.run(_copied(options.store))
    sys.stdout.write(f"{count} memories were copied; to read them there takes the same keys\n")


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
