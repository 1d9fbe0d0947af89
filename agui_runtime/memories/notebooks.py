"""The notebooks that a process has open: read anew as far as they changed, and closed after some
minutes, because what opens them should not stay in memory.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from weakref import WeakValueDictionary

from agui_runtime.core.errors import Conflict, StoreUnavailable
from agui_runtime.core.key_ring import KEY
from agui_runtime.memories.entries import MemoryUnreadable
from agui_runtime.memories.master_keys import MasterKeys
from agui_runtime.memories.notebook import Notebook
from agui_runtime.memories.sealing import Names, OwnerSeal
from agui_runtime.stores.sealed_rows import Known, SealedRows, StoredRows

OPEN = 300.0
"""Seconds for which a notebook stays open."""

ROOM = 64 * 1024 * 1024
"""Bytes of all that are open, about."""

NO_KEY = b""
"""Stands for the wrapped key of an owner who has nothing: reading nothing takes none."""

ATTEMPTS = 30
"""So often somebody else may write to an owner's memory first."""


class Notebooks:
    """By owner. Of an event loop."""

    def __init__(
        self, rows: SealedRows, keys: MasterKeys, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rows = rows
        self._keys = keys
        self._clock = clock
        self._names: Names | None = None
        self._open: OrderedDict[str, tuple[float, Notebook]] = OrderedDict()  # as they were used
        self._reading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def name(self, owner: str) -> str:
        """How the store knows the owner; raises MemoryUnreadable and StoreUnavailable."""
        if self._names is None:
            self._names = await self._read_names()
        return self._names.of(owner)

    async def check(self) -> None:
        """Whether the keys open what is there; raises MemoryUnreadable and StoreUnavailable."""
        wrapped = await self._rows.key(Names.OWNER)
        if wrapped is not None:
            await self._keys.unwrap(wrapped, Names.OWNER)

    async def read(self, owner: str) -> Notebook:
        """What is remembered now; raises MemoryUnreadable and StoreUnavailable."""
        return await self.read_named(await self.name(owner))

    async def read_named(self, name: str) -> Notebook:
        """The same, by how the store knows the owner."""
        self._close_old(name)
        if name not in self._open:
            async with self._reading.setdefault(name, asyncio.Lock()):  # one opens it for all
                if name not in self._open:
                    return await self._read(name)
        return await self._read(name)

    async def forget(self, owner: str) -> None:
        """Delete all that is remembered, its key first, also where the store was put back or reset
        meanwhile; raises MemoryUnreadable and StoreUnavailable.
        """
        name = (await self._read_names()).of(owner)
        await self._rows.forget(name)
        self._open.pop(name, None)

    async def change(
        self, name: str, decide: Callable[[Notebook], Mapping[str, bytes | None]]
    ) -> bool:
        """Store what is decided on what is there now: again if somebody else was faster. False if
        that is nothing. Raises MemoryUnreadable and StoreUnavailable.
        """
        for _ in range(ATTEMPTS):
            notebook = await self.read_named(name)
            key = None if notebook.known.version else secrets.token_bytes(KEY)  # never used before
            if key is not None:
                notebook = Notebook(OwnerSeal(name, key), NO_KEY)
            rows = decide(notebook)
            if not rows:
                return False
            known = notebook.known if key is None else await self._beginning(name, key)
            with suppress(Conflict):
                await self._rows.write(name, known, rows)
                return True
        raise StoreUnavailable("too many change this memory at once; try again later")

    async def rotate(self) -> int:
        """Have the first key wrap every owner's key; how many there are. Those that do not open are
        left as they are: in the end it raises MemoryUnreadable, which says how many.
        """
        await self._rotate(Names.OWNER)  # from then on nobody begins without the key
        done = unreadable = 0
        async with aclosing(self._rows.owners()) as names:
            async for name in names:
                try:
                    await self._rotate(name)
                except MemoryUnreadable:
                    unreadable += 1
                done += 1
        if unreadable:
            raise MemoryUnreadable(f"no key that is here opens {unreadable} of {done} wrapped keys")
        return done

    async def _read(self, name: str) -> Notebook:
        _, notebook = self._open.get(name, (0.0, None))
        known = None if notebook is None else notebook.known
        stored = await self._rows.read(name, known)
        if known is not None and stored.version < known.version:
            known, stored = None, await self._rows.read(name)  # it is what it was before
        if notebook is None or known is None or (stored.key or NO_KEY) != notebook.known.key:
            notebook = await self._begun(name, stored)
            self._open[name] = self._clock() + OPEN, notebook
        notebook.take(stored)
        if name in self._open:
            self._open.move_to_end(name)
        if stored.rows:
            self._make_room()
        return notebook

    async def _rotate(self, name: str) -> None:
        while (old := await self._rows.key(name)) is not None:
            new = await self._keys.wrap(await self._keys.unwrap(old, name), name)
            if await self._rows.rewrap(name, old, new):
                return

    async def _begun(self, name: str, stored: StoredRows) -> Notebook:
        if stored.key is None:
            return Notebook(OwnerSeal(name, secrets.token_bytes(KEY)), NO_KEY)
        return Notebook(OwnerSeal(name, await self._keys.unwrap(stored.key, name)), stored.key)

    async def _beginning(self, name: str, key: bytes) -> Known:
        """What an owner begins with who has nothing yet; wrapped now, by the latest key."""
        await self._check_names()
        return Known(await self._keys.wrap(key, name), 0)

    async def _read_names(self) -> Names:
        """The key that makes names: whoever needs it first makes it."""
        name = Names.OWNER
        wrapped = await self._rows.key(name)
        while wrapped is None:
            with suppress(Conflict):  # another process was faster
                new = await self._keys.wrap(secrets.token_bytes(KEY), name)
                await self._rows.write(name, Known(new, 0), {})
            wrapped = await self._rows.key(name)
        return Names(await self._keys.unwrap(wrapped, name))

    async def _check_names(self) -> None:
        """Nobody begins under a name that the store has not, as after it was put back, or with a
        key that others do not have by now; raises StoreUnavailable and MemoryUnreadable.
        """
        before, self._names = self._names, await self._read_names()
        if before not in (None, self._names):
            raise StoreUnavailable("the store has lost what it knew of memories; try again")

    def _close_old(self, name: str) -> None:
        """This one, and those that were used least recently: that is at most twice as late."""
        now = self._clock()
        if name in self._open and self._open[name][0] <= now:
            del self._open[name]
        while self._open and next(iter(self._open.values()))[0] <= now:
            self._open.popitem(last=False)

    def _make_room(self) -> None:
        size = sum(each.size for _, each in self._open.values())
        while size > ROOM and len(self._open) > 1:
            _, (_, closed) = self._open.popitem(last=False)
            size -= closed.size
