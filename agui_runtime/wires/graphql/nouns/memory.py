"""What the schema calls the tiers of memory, and what it takes to write to one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import strawberry

from agui_runtime.memories.entries import Origin, Proposal, Tier
from agui_runtime.wires.graphql.nouns.inputs import given


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
