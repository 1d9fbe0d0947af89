"""What an agent notes of a thread's conversation with its far side. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agui_runtime.core.jsontext import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Parked:
    """The context on the far side, "" for a new one; the task that waits for an answer there, ""
    for none, whether it named its questions, which of its artifacts were shown, and the latest
    message that was sent.
    """

    context_id: str = ""
    task_id: str = ""
    by_id: bool = False
    shown: Sequence[str] = ()
    latest: str = ""

    @classmethod
    def read(cls, note: Json) -> Parked:
        """What `written` gave; an empty one for anything else."""
        if not isinstance(note, dict):
            return cls()
        return cls(
            str(note.get("contextId") or ""),
            str(note.get("taskId") or ""),
            note.get("byId") is True,
            [str(each) for each in note.get("shown") or ()],
            str(note.get("latest") or ""),
        )

    def written(self) -> JsonObject:
        return {
            "contextId": self.context_id,
            "taskId": self.task_id,
            "byId": self.by_id,
            "shown": list(self.shown),
            "latest": self.latest,
        }
