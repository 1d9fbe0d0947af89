"""What is known of a user that may matter now, and what of it those see who measure runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agui_runtime.core.errors import AguiError
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.observation import Operation
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

    @property
    def scored(self) -> Iterator[tuple[Entry, float | None]]:
        """All of it. What is not found by what is asked has no score."""
        yield from ((entry, None) for entry in self.core)
        yield from self.facts
        yield from ((entry, None) for entry in (*self.episodes, *self.patterns))

    def note(self, search: Operation) -> None:
        """Fill in what the search has found."""
        found = list(self.scored)
        search.count = len(found)
        search.answer = [_record(*each) for each in found]
        search.failure = "" if self.shortage is None else self.shortage.code


def _record(entry: Entry, score: float | None) -> JsonObject:
    record = {"id": entry.id, "content": entry.text}
    return record if score is None else {**record, "score": score}
