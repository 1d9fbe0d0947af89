"""What is remembered of an owner, and how much of it. Nouns only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from agui_runtime.core.errors import AguiError

Tier: TypeAlias = Literal["core", "associative", "episodic", "proactive"]
"""`core`: what counts always, by key. `associative`: facts, found by what is asked. `episodic`: a
summary for each thread. `proactive`: patterns that may be suggested.
"""

TIERS: tuple[Tier, ...] = get_args(Tier)

EMBEDDED: frozenset[Tier] = frozenset({"associative", "episodic"})
"""The tiers that are found by what is asked."""


def tier_of(id_: str) -> Tier:
    """Of the entry with this id, which begins with it."""
    start = id_.partition(".")[0]
    return next(tier for tier in TIERS if tier == start)


class MemoryUnreadable(AguiError):
    """What is remembered was sealed with a key that is not there. It is left as it is."""

    code, status = "MEMORY_UNREADABLE", 503


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an entry comes from. `extractor` is who wrote it: `user`, `agent`, `rules`, or the name
    of a model.
    """

    thread_id: str = ""
    run_id: str = ""
    message_id: str = ""
    extractor: str = "user"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants remembered. `key` names what core memory holds, and what an episodic
    summary is of; `entity` is what a fact is about.
    """

    tier: Tier
    text: str
    origin: Origin = field(default_factory=Origin)
    key: str = ""
    entity: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is remembered. Times are seconds since 1970. `times` counts how often it was proposed,
    `shown` and `accepted` how often a pattern was suggested, and accepted: the last time it was
    shown at `shown_at`, as the message `offered`, which is empty once it was sent.
    """

    id: str
    tier: Tier
    text: str
    origin: Origin
    created_at: float
    updated_at: float
    key: str = ""
    entity: str = ""
    times: int = 1
    shown: int = 0
    accepted: int = 0
    shown_at: float = 0.0
    offered: str = ""

    @property
    def confidence(self) -> float:
        """How likely a pattern is to be taken when it is suggested the next time: from 0 to 1.
        Each time that it was seen counts as one at which it was shown and accepted.
        """
        return (self.times + self.accepted + 1) / (self.times + self.shown + 2)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry that does not open: it was changed, or belongs elsewhere. It can be deleted."""

    id: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class MemoryLimits:
    """At most so much for each owner; lengths are characters."""

    core_keys: int = 64
    core_length: int = 4096
    facts: int = 10_000
    episodes: int = 1000
    patterns: int = 200
    text_length: int = 1024
    key_length: int = 100


LIMITS = MemoryLimits()
