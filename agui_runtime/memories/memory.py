"""What is remembered of each user, over all threads: written, found again, shown, and forgotten."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from agui_runtime.agents.agent import Closable, Preparable
from agui_runtime.core.errors import AguiError, InvalidInput, Misconfigured, MissingExtra
from agui_runtime.core.key_ring import KeyRing
from agui_runtime.core.observation import Operation, observed
from agui_runtime.memories import rules
from agui_runtime.memories.backlog import Backlog, Unread, find, id_of
from agui_runtime.memories.embedders.base import Embedder
from agui_runtime.memories.embedders.border import embedded, text_of
from agui_runtime.memories.embedders.hashing import HashingEmbedder
from agui_runtime.memories.entries import (
    EMBEDDED,
    LIMITS,
    TIERS,
    Entry,
    MemoryLimits,
    Proposal,
    Tier,
    Unreadable,
)
from agui_runtime.memories.extractors.base import Extractor
from agui_runtime.memories.extractors.rules import RuleExtractor
from agui_runtime.memories.listing import place_of, shown
from agui_runtime.memories.master_keys import MasterKeys, wrapping
from agui_runtime.memories.notebook import Notebook
from agui_runtime.memories.notebooks import Notebooks
from agui_runtime.memories.recalling import Recalled as Recalled
from agui_runtime.memories.renewal import Renewal
from agui_runtime.memories.sealing import Vector
from agui_runtime.memories.timely import timely
from agui_runtime.stores.sealed_rows import SealedRows

NEAR, RECENT, PATTERNS = 8, 3, 3
"""At most so many facts, latest episodes and others that match, and patterns are recalled."""


class EntryNotFound(InvalidInput):
    """There is no such entry of this owner."""

    code, status = "MEMORY_NOT_FOUND", 404

    def __init__(self, id_: str) -> None:
        super().__init__(f"there is no entry {id_!r}")


class _Stored(NamedTuple):
    """What there is of a memory while it is kept in a store."""

    notebooks: Notebooks
    backlog: Backlog
    renewal: Renewal


class Memory:
    """Entries of owners over the sealed rows of the runtime's store: give it to the agents that are
    to have it, and to `CopilotRuntime(memory=...)`.

    What users say is given to the `extractor` when no run of the thread was begun for `quiet`
    seconds. With `anonymous` there is a memory, too, that all have in common who did not say who
    they are. `keys` wrap the keys of owners in place of the server's keys: those of a service
    elsewhere. Raises MissingExtra without the packages that it needs. All methods raise
    StoreUnavailable while the store is away, MemoryUnreadable where the keys do not open what is
    kept, and Misconfigured before `keep_in`.
    """

    def __init__(
        self,
        embedder: Embedder | None = None,
        *,
        extractor: Extractor | None = None,
        quiet: float = 60.0,
        limits: MemoryLimits = LIMITS,
        anonymous: bool = False,
        keys: MasterKeys | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        try:
            import numpy  # noqa: F401
        except ModuleNotFoundError:  # pragma: no cover - needs an installation without it
            raise MissingExtra("memory", "memory") from None
        self.anonymous = anonymous
        self.keys = keys
        self.extractor = extractor or RuleExtractor()
        self.quiet = quiet
        self._embedder = embedder or HashingEmbedder()
        self._limits = limits
        self.now = clock
        self._rows: SealedRows | None = None
        self._stored: _Stored | None = None

    def keep_in(self, rows: SealedRows, keys: KeyRing | MasterKeys) -> None:
        """Keep entries in these rows, sealed by these keys, until it is closed. Raises
        Misconfigured while it keeps them in another store.
        """
        if self._rows not in (None, rows):
            raise Misconfigured("a memory is of one store: give each runtime a Memory() of its own")
        self._rows = rows
        notebooks = Notebooks(rows, wrapping(keys))
        renewal = Renewal(notebooks, self._embedder)
        self._stored = _Stored(notebooks, Backlog(notebooks, self.now), renewal)

    async def prepare(self) -> None:
        """Load what the embedder needs; raises Misconfigured where that cannot be used."""
        if isinstance(self._embedder, Preparable):
            await self._embedder.prepare()

    async def close(self) -> None:
        """Stop what is done in the background, and let go of the embedder and the extractor."""
        self._rows = None
        if self._stored is not None:
            await self._stored.renewal.close()
        for each in (self._embedder, self.extractor):
            if isinstance(each, Closable):
                await each.close()

    @property
    def backlog(self) -> Backlog:
        """What users said and nobody has looked at yet."""
        return self._in_store().backlog

    @property
    def _notebooks(self) -> Notebooks:
        return self._in_store().notebooks

    def _in_store(self) -> _Stored:
        if self._stored is None:
            raise Misconfigured("a memory has no store: give it to CopilotRuntime(memory=...)")
        return self._stored

    async def remember(self, owner: str, proposals: Sequence[Proposal]) -> Sequence[Entry]:
        """The entries as they are then; all are written or none. Raises InvalidInput for what may
        not be remembered, and TooLarge where there is no room.
        """
        wanted = [rules.checked(each, self._limits) for each in proposals]

        def change(draft: rules.Draft) -> Sequence[str]:
            return [rules.write(draft, *each) for each in zip(wanted, vectors, strict=True)]

        with observed(Operation("upsert_memory", count=len(wanted))):
            vectors = await self._vectors(wanted)
            return await self._changed(owner, change)

    async def learn(
        self,
        owner: str,
        unread: Unread,
        proposals: Sequence[Proposal],
        accepted: Collection[str] = (),
    ) -> Sequence[AguiError]:
        """Remember what may be remembered of what was unread, and which patterns were accepted, in
        one step; why some may not. Nothing where somebody else did, or the user has said more.
        """
        wanted, refused = rules.sifted(proposals, self._limits)
        too_many: list[AguiError] = []

        def change(draft: rules.Draft) -> Sequence[str]:
            if find(draft.notebook, unread.thread_id) == unread:
                draft.delete(id_of(draft.notebook, unread.thread_id))
                too_many[:] = rules.learned(draft, zip(wanted, vectors, strict=True), accepted)
            return []

        with observed(Operation("upsert_memory", count=len(wanted))):
            vectors = await self._vectors(wanted)
            await self._changed(owner, change)
        return [*refused, *too_many]

    async def recall(self, owner: str, about: str, budget: float | None = None) -> Recalled:
        """What is known of the owner that may matter for what is asked. With a `budget` it takes
        so many seconds at most and raises nothing: what is late, or fails, is left out.
        """
        search = Operation("search_memory", request=about)
        with observed(search):
            found = await self._recalled(owner, about, budget)
            found.note(search)
        return found

    async def _recalled(self, owner: str, about: str, budget: float | None) -> Recalled:
        until = None if budget is None else asyncio.get_running_loop().time() + budget
        found = Recalled()
        try:
            notebook = await timely(self._notebooks.read(owner), until)
            found = self._known(notebook)
            return await timely(self._with_matches(owner, notebook, about, found), until)
        except AguiError as error:
            if budget is None or isinstance(error, Misconfigured):
                raise
            return replace(found, shortage=error)

    async def list(self, owner: str, tier: Tier | None = None) -> Sequence[Entry | Unreadable]:
        """All entries, or the tier's, the latest first, and last those that do not open."""
        notebook = await self._notebooks.read(owner)
        found = [await shown(notebook, *each) for each in enumerate(notebook.ids(tier))]
        return sorted(filter(None, found), key=place_of, reverse=True)

    async def correct(self, owner: str, id_: str, text: str) -> Entry:
        """Put the text in the place of what the entry says; raises MEMORY_NOT_FOUND, also where it
        says something else by then, and as `remember`.
        """
        found = (await self._notebooks.read(owner)).entry(id_)
        if found is None:
            raise EntryNotFound(id_)
        origin = replace(found.origin, extractor="user")
        proposal = Proposal(found.tier, text, origin, found.key, found.entity)
        wanted = rules.checked(proposal, self._limits)

        def change(draft: rules.Draft) -> Sequence[str]:
            there = draft.entry(id_)
            if there is None or there.text != found.text:
                raise EntryNotFound(id_)
            draft.delete(id_)
            return [rules.write(draft, wanted, vector)]

        with observed(Operation("update_memory", id=id_, count=1)):
            (vector,) = await self._vectors([wanted])
            (entry,) = await self._changed(owner, change)
        return entry

    async def delete(self, owner: str, id_: str) -> None:
        """Raises MEMORY_NOT_FOUND."""

        def change(draft: rules.Draft) -> Sequence[str]:
            if id_ not in draft.notebook.ids():
                raise EntryNotFound(id_)
            draft.delete(id_)
            return []

        with observed(Operation("delete_memory", id=id_, count=1)):
            await self._changed(owner, change)

    async def delete_thread(self, owner: str, thread_id: str) -> int:
        """Delete what came from the thread; how many entries. Nothing is learned of what was said
        in it until then.
        """
        deleted: list[str] = []

        def change(draft: rules.Draft) -> Sequence[str]:
            if find(draft.notebook, thread_id) is not None:
                draft.delete(id_of(draft.notebook, thread_id))
            every = (each for tier in TIERS for each in draft.notebook.entries(tier))
            deleted[:] = [each.id for each in every if each.origin.thread_id == thread_id]
            for id_ in deleted:
                draft.delete(id_)
            return []

        deletion = Operation("delete_memory")
        with observed(deletion):
            await self._changed(owner, change)
            deletion.count = len(deleted)
        return len(deleted)

    async def note_shown(self, owner: str, messages: Mapping[str, str]) -> None:
        """The patterns of these ids were suggested, as these messages; what is gone by now is
        passed over. All that a page shows within ten minutes counts once. A message that may not
        be remembered counts for nothing.
        """

        def change(draft: rules.Draft) -> Sequence[str]:
            for entry in filter(None, map(draft.entry, wanted)):
                draft.put(rules.shown(entry, wanted[entry.id], draft.now), None)
            return []

        limits = self._limits
        wanted = {id_: each for id_, each in messages.items() if rules.may_be_offered(each, limits)}
        await self._changed(owner, change)

    async def offered(self, owner: str) -> Mapping[str, str]:
        """The messages as which patterns were suggested last, which the user has not sent since,
        and the ids of these patterns.
        """
        patterns = (await self._notebooks.read(owner)).entries("proactive")
        return {each.offered: each.id for each in patterns if each.offered}

    async def forget(self, owner: str) -> None:
        """Delete all entries, and first the owner's key. Copies of the store from before have both,
        and open with the keys that wrapped it then: rotate, and destroy these, and they do not.
        """
        with observed(Operation("delete_memory")):
            await self._notebooks.forget(owner)

    async def rotate(self) -> int:
        """Have the first of the keys wrap every owner's key; how many there are. Raises
        MemoryUnreadable after all others if some do not open.
        """
        return await self._notebooks.rotate()

    async def _changed(
        self, owner: str, change: Callable[[rules.Draft], Sequence[str]]
    ) -> Sequence[Entry]:
        found: list[Entry] = []

        def decide(notebook: Notebook) -> Mapping[str, bytes | None]:
            draft = rules.Draft(notebook, self._limits, self.now())
            found[:] = filter(None, map(draft.entry, change(draft)))
            return draft.sealed()

        await self._notebooks.change(await self._notebooks.name(owner), decide)
        return found

    async def _vectors(self, proposals: Sequence[Proposal]) -> Sequence[Vector | None]:
        wanted = [at for at, each in enumerate(proposals) if each.tier in EMBEDDED]
        found: list[Vector | None] = [None] * len(proposals)
        if wanted:
            texts = [text_of(proposals[at]) for at in wanted]
            vectors = await embedded(self._embedder, texts)
            for at, vector in zip(wanted, vectors, strict=True):
                found[at] = vector
        return found

    def _known(self, notebook: Notebook) -> Recalled:
        """What does not depend on what is asked."""
        core = sorted(notebook.entries("core"), key=lambda each: each.key)
        episodes = sorted(notebook.entries("episodic"), key=lambda each: -each.updated_at)
        return Recalled(core, (), episodes[:RECENT], self._patterns(notebook))

    async def _with_matches(
        self, owner: str, notebook: Notebook, about: str, found: Recalled
    ) -> Recalled:
        """Besides, what is like that which is asked."""
        await self._in_store().renewal.look_at(owner, notebook)
        if not about.strip() or not any(map(notebook.ids, EMBEDDED)):
            return found
        (vector,) = await embedded(self._embedder, [about])

        def like(tier: Tier, most: int) -> Sequence[tuple[Entry, float]]:
            near = notebook.near(tier, vector, most, self._embedder.alike)
            return [(entry, each.score) for each in near if (entry := notebook.readable(each.id))]

        others = [each for each, _ in like("episodic", RECENT) if each not in found.episodes]
        return replace(found, facts=like("associative", NEAR), episodes=[*found.episodes, *others])

    def _patterns(self, notebook: Notebook) -> Sequence[Entry]:
        now = self.now()
        rated = [(rules.strength(each, now), each) for each in notebook.entries("proactive")]
        strong = [pair for pair in rated if pair[0] > rules.SUGGESTED]
        return [each for _, each in sorted(strong, key=lambda pair: -pair[0])[:PATTERNS]]
