"""Sealed rows, copied from one store into another as they are: it takes no key."""

from __future__ import annotations

from contextlib import aclosing

from agui_runtime.core.errors import Conflict, InvalidInput
from agui_runtime.stores.sealed_rows import Known, SealedRows, StoredRows


async def copy_rows(source: SealedRows, target: SealedRows) -> int:
    """Copy every owner's wrapped key and rows; how many owners were not there yet. It may be done
    again after it broke off. Raises InvalidInput, before anything is copied, where the target has
    one of them with another key: it has rows of its own, which could not be told apart.
    """
    async with aclosing(source.owners()) as owners:
        found = [owner async for owner in owners]
    missing = [owner for owner in found if not await _is_there(source, target, owner)]
    for owner in missing:
        await _copy(await source.read(owner), target, owner)
    return len(missing)


async def _is_there(source: SealedRows, target: SealedRows, owner: str) -> bool:
    key = await target.key(owner)
    if key is not None and key != await source.key(owner):
        raise InvalidInput("the other store has memories of its own; copy into one that has none")
    return key is not None


async def _copy(stored: StoredRows, target: SealedRows, owner: str) -> None:
    if stored.key is None:
        return  # forgotten meanwhile
    rows = {id_: body for id_, body in stored.rows.items() if body is not None}
    try:
        await target.write(owner, Known(stored.key, 0), rows)
    except Conflict:
        raise InvalidInput("somebody writes to the other store; stop its servers") from None
