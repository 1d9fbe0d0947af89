"""The memory of a runtime's agents: kept in its store, and learned from its runs."""

from __future__ import annotations

import asyncio

from agui_runtime.core.key_ring import KeyRing
from agui_runtime.hooks.hook import Hooks
from agui_runtime.memories.learner import Learner
from agui_runtime.memories.learning import Learning
from agui_runtime.memories.master_keys import MasterKeys
from agui_runtime.memories.memory import Memory
from agui_runtime.memories.ring import ring_for
from agui_runtime.stores.base import Store
from agui_runtime.stores.layers.delegating import sealed_rows_of


class Remembering:
    """Nothing, where there is no memory."""

    def __init__(self, memory: Memory | None, hooks: Hooks) -> None:
        self._memory = memory
        self._learning = None if memory is None else Learning(memory)
        self._learner: asyncio.Task[None] | None = None
        if self._learning is not None:
            hooks.add(self._learning)

    async def open(self, store: Store, keys: KeyRing | None) -> None:
        """Raises Misconfigured where nothing says how to seal what is remembered in the store, and
        where what makes vectors of it cannot be used.
        """
        if self._memory is not None:
            wrapping: KeyRing | MasterKeys | None = self._memory.keys
            if wrapping is None:
                wrapping = await asyncio.to_thread(ring_for, store, keys)
            self._memory.keep_in(sealed_rows_of(store), wrapping)
            await self._memory.prepare()

    def begin(self, store: Store) -> None:
        """Learn of what users said, as it is due; the store is open."""
        if self._memory is not None:
            self._learner = asyncio.create_task(Learner(self._memory, store).run())

    async def close(self) -> None:
        """What users said last is noted then; the store must still be open."""
        if self._learner is not None:
            self._learner.cancel()
            await asyncio.wait([self._learner])
        if self._learning is not None:
            await self._learning.finish()
        if self._memory is not None:
            await self._memory.close()
