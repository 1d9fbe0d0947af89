"""A full disk on which users make room themselves."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import count
from pathlib import Path

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.stores.sql import SqliteStore
from tests.stores.databases import WHOLE
from tests.stores.mounts import mounted
from tests.stores.test_contract import a_run, claimed, delta, finish, ignore


async def test_threads_that_are_deleted_on_a_full_disk_make_room_for_others(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "tmpfs", "size=16m") as folder:
        store = SqliteStore(f"sqlite:///{folder}/threads.db", WHOLE)
        await store.open()
        written = await filled(store)
        assert written > 4
        for number in range(written - 1):
            await store.threads.delete(f"t{number}")
        async with asyncio.timeout(30):
            while not await is_written(store, "new"):  # noqa: ASYNC110  # it tries once a second
                await asyncio.sleep(0.1)
        await store.close()


async def filled(store: SqliteStore) -> int:
    """How many threads there was room for."""
    for number in count():
        if not await is_written(store, f"t{number}"):
            return number
    raise AssertionError("unreachable")


async def is_written(store: SqliteStore, thread: str) -> bool:
    with suppress(StoreUnavailable):
        lease = await claimed(store, a_run(thread=thread))
        with store.log.keep(lease, ignore):
            try:
                await store.log.append(lease, [delta(0, "x" * 500_000)])
                return True
            finally:
                await finish(store, lease)
    return False
