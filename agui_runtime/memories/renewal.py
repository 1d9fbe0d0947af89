"""After a change of embedder, entries get vectors of the new one while they are in use."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from weakref import WeakSet

from agui_runtime.core.errors import AguiError
from agui_runtime.core.log_lines import logger_of
from agui_runtime.memories.embedders.base import Embedder
from agui_runtime.memories.embedders.border import embedded, text_of
from agui_runtime.memories.entries import EMBEDDED, Entry
from agui_runtime.memories.listing import BREATH
from agui_runtime.memories.notebook import Notebook
from agui_runtime.memories.notebooks import Notebooks

logger = logger_of(__name__)

BATCH = 32
"""Entries that are embedded, and stored, at a time."""


class Renewal:
    """In the background, one owner after the other. Whoever changes an entry meanwhile wins, and
    where the embedder or the store fails, the rest is done when the notebook is opened the next
    time.
    """

    def __init__(self, notebooks: Notebooks, embedder: Embedder) -> None:
        self._notebooks = notebooks
        self._embedder = embedder
        self._seen: WeakSet[Notebook] = WeakSet()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    async def look_at(self, owner: str, notebook: Notebook) -> None:
        """Begin if the owner's notebook has vectors of another embedder; once for each opening.
        Others may work while it opens them.
        """
        if notebook in self._seen:
            return
        lacking = []
        for count, id_ in enumerate([id_ for tier in EMBEDDED for id_ in notebook.ids(tier)]):
            if count % BREATH == BREATH - 1:
                await asyncio.sleep(0)
            if not notebook.has_vector_of(self._embedder.name, id_):
                lacking.append(id_)
        if notebook not in self._seen:
            self._seen.add(notebook)
            self.begin(owner, lacking)

    def begin(self, owner: str, ids: Sequence[str]) -> None:
        """With these entries, if they lack vectors."""
        if ids:
            task = asyncio.create_task(self._renew(owner, ids))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop; what is stored by then is."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _renew(self, owner: str, ids: Sequence[str]) -> None:
        try:
            async with self._turn:
                name = await self._notebooks.name(owner)
                for start in range(0, len(ids), BATCH):
                    await self._renew_some(name, ids[start : start + BATCH])
        except Exception as error:  # noqa: BLE001  # a foreign SDK: the store's client
            cause = str(error) if isinstance(error, AguiError) else repr(error)
            logger.warning("memory: texts do not get vectors of another embedder yet: %s", cause)

    async def _renew_some(self, name: str, ids: Sequence[str]) -> None:
        notebook = await self._notebooks.read_named(name)
        entries = self._lacking(notebook, ids)
        if not entries:
            return
        vectors = await embedded(self._embedder, [text_of(each) for each in entries])
        made = {entry.id: vector for entry, vector in zip(entries, vectors, strict=True)}

        def decide(now: Notebook) -> Mapping[str, bytes]:
            unchanged = [each for each in self._lacking(now, ids) if each in entries]
            return {each.id: now.seal.seal(each, made[each.id]) for each in unchanged}

        await self._notebooks.change(name, decide)

    def _lacking(self, notebook: Notebook, ids: Sequence[str]) -> list[Entry]:
        lacking = (id_ for id_ in ids if not notebook.has_vector_of(self._embedder.name, id_))
        return [entry for id_ in lacking if (entry := notebook.readable(id_)) is not None]
