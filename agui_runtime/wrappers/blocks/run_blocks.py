"""What the blocks of one run share, however often its agent is called: their number, their ids,
what was refused, and what tools returned.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from contextvars import ContextVar

from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import current_run
from agui_runtime.core.events import Event, RunContext
from agui_runtime.wrappers.blocks.records import Records

MOST = 64
"""So many blocks a run shows."""

REPAIRS = 2
"""So often a model may write a block again that was refused."""

BLOCK = "block-"
"""What the id of a block begins with; that of the call or the message that says it follows."""


class RunBlocks:
    """`refusals` counts, by kind, those since a block of the kind was shown."""

    def __init__(self, context: RunContext | None) -> None:
        self.context = context
        self.records = Records()
        self.refusals: Counter[str] = Counter()
        self._count = 0
        self._places: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        self._ids: set[str] = set()
        self._blocks: set[str] = set()
        self._before: frozenset[str] | None = None

    def enter(self, request: RunAgentInput) -> None:
        """Take in a request: what is new in it since the run's first one, the run has done itself.
        What a front end sends is not taken for what a tool returned.
        """
        before = frozenset(message.id for message in request.messages)
        known = before if self._before is None else self._before
        names: dict[str, str] = {}
        for message in request.messages:
            self._ids.add(message.id)
            for call in getattr(message, "tool_calls", None) or ():
                names[call.id] = call.function.name
                self._ids |= {call.id, BLOCK + call.id}
            if message.role == "tool" and message.id not in known:
                name = names.get(message.tool_call_id, "")
                self.records.note(name, message.tool_call_id, message.content)
        self._before = known

    def note(self, event: Event) -> None:
        """Take notice of an id that is in use, and of what a tool returned."""
        for field in ("messageId", "toolCallId", "parentMessageId"):
            if id_ := event.get(field):
                self._ids.add(id_)
        if event["type"] == "TOOL_CALL_START":
            self.records.name(event["toolCallId"], event["toolCallName"])
        elif event["type"] == "TOOL_CALL_RESULT":
            self.records.note("", event["toolCallId"], event["content"])

    def knows(self, id_: str) -> bool:
        """Whether a message of that id was there before the run."""
        return id_ in (self._before or ())

    def free(self, wanted: str) -> str:
        """The id, or one like it that no message of the run or before has; it is taken now."""
        id_, number = wanted, 1
        while id_ in self._ids:
            number += 1
            id_ = f"{wanted}-{number}"
        self._ids.add(id_)
        return id_

    def text_id(self, wanted: str, *, again: bool) -> str:
        """The id of a text: its own, unless it goes on behind a block, or a block has it."""
        if not again and wanted not in self._blocks:
            self._ids.add(wanted)
            return wanted
        return self.free(f"{wanted}-text")

    def place(self, kind: str, wanted: str) -> tuple[str, int]:
        """The id and the index of a new block: those of one that was refused and is written again,
        if there is one.
        """
        if self._places[kind]:
            return self._places[kind].pop(0)
        index, self._count = self._count, self._count + 1
        id_ = self.free(BLOCK + wanted)
        self._blocks.add(id_)
        return id_, index

    def refused(self, kind: str, place: tuple[str, int] | None = None) -> None:
        """Count it; it may be written again in its place."""
        self.refusals[kind] += 1
        if place is not None:
            self._places[kind].append(place)

    def shown(self, kind: str) -> None:
        self.refusals.pop(kind, None)

    def is_given_up(self, kind: str) -> bool:
        """Whether the kind was refused too often to be written again."""
        return self.refusals[kind] > REPAIRS


def blocks_of_run(request: RunAgentInput) -> RunBlocks:
    """Those of the present run, which has taken in the request."""
    context = current_run.get(None)
    blocks = _present.get(None)
    if blocks is None or context is None or blocks.context is not context:
        blocks = RunBlocks(context)
        _present.set(blocks)
    blocks.enter(request)
    return blocks


_present: ContextVar[RunBlocks] = ContextVar("agui_runtime.blocks")
"""In the run's task; it goes with it."""
