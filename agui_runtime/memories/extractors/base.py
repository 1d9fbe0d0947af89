"""The seam by which something is found in what users say. Promises only; no behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from agui_runtime.memories.entries import Proposal


class Utterance(NamedTuple):
    """A message of the user, in the run that it began."""

    run_id: str
    message_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a user said in a thread since somebody last looked at it, in order; `begins` says
    whether it is what the thread began with.
    """

    thread_id: str
    utterances: Sequence[Utterance]
    begins: bool = True


class Extractor(Protocol):
    """Looks at what the user said, and at nothing else: what agents said, what tools gave and what
    was recalled would otherwise be remembered as if the user had said it.
    """

    async def proposals(self, conversation: Conversation) -> Sequence[Proposal]:
        """What may be remembered of it; at most `NEW_FACTS` of them are facts."""


NEW_FACTS = 3
"""So many new facts at most are taken from what was said at a time."""
