"""Which runs wait in which queue, and in which order: hints, never the truth.

A thread says itself whether its run waits. In a cluster it lives elsewhere, so that a run may be
missing here or be here too long; whoever finds that mends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, NamedTuple, TypeAlias
from uuid import uuid4

from agui_runtime.core import jsontext
from agui_runtime.stores.jobs import OFFERED, SEEN, Offer, QueueFigures
from agui_runtime.stores.redis.codec import Answer
from agui_runtime.stores.redis.index import Index
from agui_runtime.stores.redis.script import Key, Lua
from agui_runtime.stores.redis.server import Server

PARTS = ("entries", "ranks", "open", "hidden", "posted", "owned", "workers")

LOOKS = frozenset({"position", "overdue", "figures"})
"""The steps that change nothing."""

NOTED = 10.0
"""Seconds after which a process says again that a queue is used."""

RunId: TypeAlias = tuple[str, str]
"""Of its thread, and its own."""


class Waiting(NamedTuple):
    """A run that waits."""

    thread_id: str
    run_id: str
    owner: str


class Entry(NamedTuple):
    """A run in a queue; `version` is who wrote it there last, `waited` is in seconds."""

    offer: Offer
    version: str
    waited: float


class Queues:
    """By name; each lives in one place of a cluster."""

    def __init__(
        self, server: Server, prefix: str, index: Index, clock: Callable[[], float] | None
    ) -> None:
        self._lua = Lua(server, "prelude.lua", "boot.lua", "queue.lua", clock=clock)
        self._prefix = f"{prefix}:queue:"
        self._index = index
        self._noted_at: dict[str, float] = {}

    async def enter(self, queue: str, run: Waiting, version: str) -> None:
        """The run may be posted in a moment; nobody is offered it yet."""
        await self._note(queue)
        words = (_named(*run[:2]), run.owner, version, OFFERED)
        await self._step(queue, "enter", *words, self._index.max_age)

    async def confirm(self, queue: str, run: Waiting, version: str) -> None:
        """The run was posted."""
        words = (_named(*run[:2]), run.owner, version)
        await self._step(queue, "confirm", *words, self._index.max_age)

    async def restore(self, queue: str, run: Waiting, version: str, waited: float) -> bool:
        """Enter a run that was posted so many seconds ago; False if it is here."""
        words = (_named(*run[:2]), run.owner, version, waited, OFFERED)
        return bool(await self._step(queue, "restore", *words, self._index.max_age))

    async def reveal(self, queue: str, run: RunId, version: str) -> None:
        """What was restored with that version waits, unless somebody has removed it since."""
        await self._step(queue, "reveal", _named(*run), version)

    async def remove(self, queue: str, run: RunId, version: str = "") -> None:
        """The run does not wait; if that was found of a version, this one only is removed."""
        await self._step(queue, "remove", _named(*run), version)

    async def withdraw(self, queue: str, run: RunId, version: str) -> None:
        """The run was not posted, for which it was entered with that version."""
        await self.remove(queue, run, f"new:{version}")

    async def take(
        self, queue: str, worker: str, most: int, sweep: Callable[[], Awaitable[None]]
    ) -> Sequence[Entry]:
        """The next runs, up to so many. `sweep` puts all runs that wait where they are missing; it
        is called where the server may have lost some.
        """
        await self._note(queue)
        words = (worker, most, uuid4().hex, OFFERED, SEEN, self._index.max_age)
        server, found = await self._step(queue, "take", *words)
        if server:
            await sweep()
            await self._step(queue, "swept", server)
            _, found = await self._step(queue, "take", *words)
        return _entries(queue, found)

    async def put_back(self, offer: Offer, seconds: float) -> bool:
        """False if it is not here."""
        run = _named(offer.thread_id, offer.run_id)
        return bool(await self._step(offer.queue, "put_back", run, seconds))

    async def overdue(self, seconds: float, most: int) -> Sequence[Entry]:
        """Those first that wait for the longest time."""
        names = await self._index.queues()
        steps = [self._step(each, "overdue", seconds, most) for each in names]
        found: list[Entry] = []
        for name, entries in zip(names, await asyncio.gather(*steps), strict=True):
            found += _entries(name, entries)
        return sorted(found, key=lambda entry: -entry.waited)[:most]

    async def position(self, queue: str, thread_id: str, run_id: str) -> int | None:
        place = int(await self._step(queue, "position", _named(thread_id, run_id)))
        return None if place < 0 else place

    async def figures(self) -> dict[str, QueueFigures]:
        names = await self._index.queues()
        found = await asyncio.gather(*(self._step(each, "figures", SEEN) for each in names))
        figures = {
            name: QueueFigures(waiting, max(0.0, float(oldest)), workers)
            for name, (waiting, oldest, workers) in zip(names, found, strict=True)
        }
        return {name: each for name, each in figures.items() if each.waiting or each.workers}

    async def leave(self, worker: str) -> None:
        names = await self._index.queues()
        await asyncio.gather(*(self._step(each, "leave", worker) for each in names))

    async def _note(self, queue: str) -> None:
        """Have it found among all queues."""
        now = asyncio.get_running_loop().time()
        if self._noted_at.get(queue, float("-inf")) + NOTED < now:
            await self._index.queue_used(queue)
            self._noted_at[queue] = now

    async def _step(self, queue: str, name: str, *given: str | bytes | float) -> Answer:
        tag = f"{self._prefix}{{{queue}}}"  # in a cluster, what stands in braces lives together
        keys: list[Key] = [f"{tag}:{part}" for part in PARTS]
        lane: Literal["look", "write"] = "look" if name in LOOKS else "write"
        return await self._lua.run(lane, keys, name, self._lua.now(), *given)


def _named(thread_id: str, run_id: str) -> bytes:
    return jsontext.dumps([thread_id, run_id])


def _entries(queue: str, found: Sequence[Sequence[bytes]]) -> list[Entry]:
    entries = []
    for run, version, waited in found:
        thread_id, run_id = jsontext.loads(run)
        offer = Offer(thread_id, run_id, queue)
        entries.append(Entry(offer, version.decode(), float(waited)))
    return entries
