"""What a service replays on a new connection, against what an earlier one brought. Pure."""

from __future__ import annotations

from collections import deque

from agentscope.event import AgentEvent

MOST = 1100
"""Ids of events that are remembered: a service replays the newest 1,000 at most."""

_FIRST = frozenset({"REPLY_START", "USER_CONFIRM_RESULT", "EXTERNAL_EXECUTION_RESULT"})
"""Events with which the log of a reply begins."""


class Gap(Exception):
    """Events came while nobody read, and the service does not replay them any more."""


class Replay:
    """Of one reply: tells the events that are new. `count` is how many those were."""

    def __init__(self) -> None:
        self.count = 0
        self._ids: deque[str] = deque(maxlen=MOST)
        self._known: frozenset[str] | None = None

    def again(self) -> None:
        """Another connection begins, which replays what the service still has."""
        self._known = frozenset(self._ids)

    def is_new(self, event: AgentEvent) -> bool:
        """Raises Gap where the first new event does not follow the last one that came."""
        if self._known is not None and self._repeats(event, self._known):
            return False
        self.count += 1
        self._ids.append(event.id)
        return True

    def _repeats(self, event: AgentEvent, known: frozenset[str]) -> bool:
        if not known and event.type == "CUSTOM":
            return False  # what waits elsewhere, of which each connection is reminded
        if not known and event.type in _FIRST:
            self._known = None
            return False
        if event.id not in known:
            raise Gap
        if event.id == self._ids[-1]:
            self._known = None
        return True
