"""What is known of a user that may matter now. Nouns only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agui_runtime.core.errors import AguiError
from agui_runtime.memories.entries import Entry


@dataclass(frozen=True, slots=True)
class Recalled:
    """Each tier's entries, the most important first. `shortage` is why some are missing."""

    core: Sequence[Entry] = ()
    facts: Sequence[tuple[Entry, float]] = ()
    episodes: Sequence[Entry] = ()
    patterns: Sequence[Entry] = ()
    shortage: AguiError | None = None

    def __bool__(self) -> bool:
        return bool(self.core or self.facts or self.episodes or self.patterns)
