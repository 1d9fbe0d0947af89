"""A second opinion on the order of events, written from the protocol's rules alone.

It shares no code with the grammar, so that the two can be held against each other.
"""

from __future__ import annotations

from collections.abc import Iterable

from agui_runtime.core.events import Event

TEXT = ("text", "message", "messageId")
THOUGHT = ("thought", "reasoning", "messageId")
SPAN = ("span", "reasoning", "messageId")
CALL = ("call", "call", "toolCallId")

STREAMS = {
    **{f"TEXT_MESSAGE_{part}": TEXT for part in ("START", "CONTENT", "END")},
    **{f"REASONING_MESSAGE_{part}": THOUGHT for part in ("START", "CONTENT", "END")},
    **{f"REASONING_{part}": SPAN for part in ("START", "END")},
    **{f"TOOL_CALL_{part}": CALL for part in ("START", "ARGS", "END")},
}
"""By event type: what is open, in which namespace its owner is kept, which field has its id."""


class Illegal(AssertionError):
    """A verifier of the AG-UI 1.0 client would refuse the stream at this event."""


class Verifier:
    """Sees one stream of any number of runs, as a client does that replays a thread."""

    def __init__(self) -> None:
        self.phase = "before"
        self.open: dict[str, set[str]] = {}
        self.owner: dict[str, str] = {}
        self.steps: set[str] = set()
        self.subagents: dict[str, bool] = {}

    def see(self, event: Event) -> None:
        kind = event["type"]
        if event.get("subagentRunId", "") is None:
            raise Illegal("null tag")
        if kind == "RUN_STARTED":
            self._start(event)
        elif kind == "RUN_ERROR":
            if self.phase == "failed":
                raise Illegal("nothing but a new run follows RUN_ERROR")
            self.phase = "failed"
        elif self.phase != "running":
            raise Illegal(f"{kind} while {self.phase}")
        elif kind == "RUN_FINISHED":
            self._finish()
        else:
            self._during(kind, event)

    def _start(self, event: Event) -> None:
        if self.phase == "running":
            raise Illegal("RUN_STARTED during a run")
        self.phase = "running"
        self.open = {"text": set(), "call": set(), "thought": set(), "span": set()}
        self.owner, self.steps, self.subagents = {}, set(), {}
        self._restate(event.get("input", {}).get("messages", []))

    def _finish(self) -> None:
        if any(self.open.values()) or self.steps or any(self.subagents.values()):
            raise Illegal("RUN_FINISHED while something is open")
        self.phase = "finished"

    def _during(self, kind: str, event: Event) -> None:
        if kind.endswith("_CHUNK") or kind.startswith("THINKING_"):
            raise Illegal(f"{kind} was not expanded")
        if kind in STREAMS:
            self._streamed(*STREAMS[kind], event)
        elif kind == "TOOL_CALL_RESULT":
            self.owner[f"message {event['messageId']}"] = event.get("subagentRunId", "main")
        elif kind == "MESSAGES_SNAPSHOT":
            self._restate(event["messages"])
        elif kind.startswith("STEP_"):
            self._step(kind, f"{event.get('subagentRunId')}/{event['stepName']}")
        elif kind.startswith("SUBAGENT_"):
            self._subagent(kind, event)

    def _streamed(self, what: str, space: str, field: str, event: Event) -> None:
        kind, id_ = event["type"], event[field]
        thing = f"{space} {id_}"
        tag = event.get("subagentRunId")
        if kind.endswith("_START"):
            if id_ in self.open[what]:
                raise Illegal(f"{kind} of open {id_}")
            self.open[what].add(id_)
            self.owner.setdefault(thing, self._first_owner(event))
        elif id_ not in self.open[what]:
            raise Illegal(f"{kind} of {id_}, which is not open")
        if tag is not None and tag != self.owner[thing]:
            raise Illegal(f"{kind} of {id_} by another agent")
        if kind.endswith("_END"):
            self.open[what].remove(id_)

    def _first_owner(self, event: Event) -> str:
        parent = self.owner.get(f"message {event.get('parentMessageId')}", "main")
        owner: str = event.get("subagentRunId", parent)
        return owner

    def _restate(self, messages: list[Event]) -> None:
        for message in messages:
            owner = message.get("subagentRunId", "main")
            space = "reasoning" if message["role"] == "reasoning" else "message"
            self.owner[f"{space} {message['id']}"] = owner
            self.owner |= {f"call {call['id']}": owner for call in message.get("toolCalls", [])}

    def _step(self, kind: str, step: str) -> None:
        if (kind == "STEP_STARTED") == (step in self.steps):
            raise Illegal(f"{kind} of {step}")
        self.steps ^= {step}

    def _subagent(self, kind: str, event: Event) -> None:
        id_ = event["subagentRunId"]
        if kind == "SUBAGENT_STARTED":
            if id_ in self.subagents or event.get("parentSubagentRunId", id_) not in {
                id_,
                *self.subagents,
            }:
                raise Illegal(f"{kind} of {id_}")
        elif not self.subagents.get(id_):
            raise Illegal(f"{kind} of {id_}, which is not active")
        self.subagents[id_] = kind == "SUBAGENT_STARTED"


def verify(events: Iterable[Event]) -> Verifier:
    """Raise Illegal unless a client would take all of it."""
    verifier = Verifier()
    for event in events:
        verifier.see(event)
    return verifier
