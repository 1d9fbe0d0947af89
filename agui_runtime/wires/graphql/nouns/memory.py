"""What is remembered of a caller, as the schema says it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Self

import strawberry

from agui_runtime.memories.entries import Entry, Origin, Proposal, Tier, Unreadable
from agui_runtime.wires.graphql.nouns.inputs import given
from agui_runtime.wires.graphql.nouns.scalars import DateTimeISO
from agui_runtime.wires.graphql.nouns.usage import moment


@strawberry.enum
class MemoryTier(Enum):
    """`Core`: what counts always, by key. `Associative`: facts. `Episodic`: a summary for each
    thread. `Proactive`: patterns that may be suggested.
    """

    Core = "core"
    Associative = "associative"
    Episodic = "episodic"
    Proactive = "proactive"


TIERS: Mapping[MemoryTier, Tier] = {
    MemoryTier.Core: "core",
    MemoryTier.Associative: "associative",
    MemoryTier.Episodic: "episodic",
    MemoryTier.Proactive: "proactive",
}


@strawberry.type
class MemoryOrigin:
    """Where an entry comes from, as far as that is known; `extractor` is who wrote it: `user`,
    `agent`, `rules`, or the name of a model.
    """

    thread_id: str
    run_id: str
    message_id: str
    extractor: str

    @classmethod
    def of(cls, origin: Origin) -> Self:
        return cls(
            thread_id=origin.thread_id,
            run_id=origin.run_id,
            message_id=origin.message_id,
            extractor=origin.extractor,
        )


@strawberry.type
class MemoryEntry:
    """Something that is remembered. `key` is what core memory knows it by, and `entity` what a fact
    is about, if not the user. `times` counts how often it was noticed, `confidence` (0 to 1) says
    how likely a pattern is to be taken up. One that no key opens is not `readable`: its texts are
    empty, and it can only be deleted.
    """

    id: str
    tier: MemoryTier
    readable: bool
    text: str = ""
    key: str = ""
    entity: str = ""
    times: int = 0
    confidence: float = 0.0
    created_at: DateTimeISO | None = None
    updated_at: DateTimeISO | None = None
    origin: MemoryOrigin

    @classmethod
    def of(cls, entry: Entry | Unreadable) -> Self:
        if isinstance(entry, Unreadable):
            nowhere = MemoryOrigin.of(Origin(extractor=""))
            return cls(id=entry.id, tier=MemoryTier(entry.tier), readable=False, origin=nowhere)
        return cls(
            id=entry.id,
            tier=MemoryTier(entry.tier),
            readable=True,
            text=entry.text,
            key=entry.key,
            entity=entry.entity,
            times=entry.times,
            confidence=entry.confidence,
            created_at=moment(entry.created_at),
            updated_at=moment(entry.updated_at),
            origin=MemoryOrigin.of(entry.origin),
        )


@strawberry.input
class RememberInput:
    """Something to remember, in one sentence. Core and episodic memory need a `key`: the name of
    the value, for example `language`, and that of the summary.
    """

    tier: MemoryTier
    text: str
    key: str | None = strawberry.UNSET
    entity: str | None = strawberry.UNSET

    @property
    def proposal(self) -> Proposal:
        key, entity = given(self.key) or "", given(self.entity) or ""
        return Proposal(TIERS[self.tier], self.text, Origin(), key, entity)
