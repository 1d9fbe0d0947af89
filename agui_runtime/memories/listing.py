"""What is remembered as lists have it, also what does not open."""

from __future__ import annotations

import asyncio

from agui_runtime.core.errors import AguiError
from agui_runtime.memories.entries import Entry, Unreadable, tier_of
from agui_runtime.memories.notebook import Notebook

BREATH = 200
"""Entries that are opened before others may work."""


def place_of(entry: Entry | Unreadable) -> tuple[float, str]:
    """By what lists are ordered: the latest comes first."""
    return (entry.updated_at if isinstance(entry, Entry) else 0.0, entry.id)


async def shown(notebook: Notebook, count: int, id_: str) -> Entry | Unreadable | None:
    """As lists have it, each of which lets others work now and then; None if it went meanwhile."""
    if count % BREATH == BREATH - 1:
        await asyncio.sleep(0)
    try:
        return notebook.entry(id_)
    except AguiError:
        return Unreadable(id_, tier_of(id_))
