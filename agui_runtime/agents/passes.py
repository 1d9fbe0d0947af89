"""One pass: one call of an agent within a run of several. The tool loop calls the agent again with
its actions' results; after a handoff another agent is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property

from ag_ui.core import Message as AnyMessage, RunAgentInput
from pydantic import TypeAdapter

from agui_runtime.agents.agent import ResultParts
from agui_runtime.core.errors import AgentFailure, AguiError, RunFailure
from agui_runtime.core.events import TERMINAL, Event, Message, as_event
from agui_runtime.core.fold import Fold
from agui_runtime.core.jsontext import Json


class Pass:
    """What the agent emitted. Its end is held back, as another pass may follow."""

    def __init__(self) -> None:
        self.words: list[Event] = []
        """Those that are not added up yet. Whoever knows that an event is a word may put it here in
        place of calling `passes`, as long as there are not MANY_WORDS.
        """
        self._only_words = True
        self._terminal: Event | None = None

    @cached_property
    def _fold(self) -> Fold:
        return Fold()

    @property
    def fold(self) -> Fold:
        """What it amounts to so far. Words, which are nearly all of it, are mostly added up only
        here: after most passes nobody looks.
        """
        self._add_up()
        return self._fold

    @property
    def usage(self) -> Sequence[Json]:
        return (self._terminal or {}).get("usage") or ()

    @property
    def asks(self) -> bool:
        """The agent waits for an answer, and does nothing more before."""
        return "interrupts" in self._outcome

    @property
    def awaited(self) -> frozenset[str]:
        """The calls, of earlier runs too, whose results the agent declares that it waits for."""
        return frozenset(self._outcome.get("pendingToolCallIds") or ())

    @property
    def _outcome(self) -> Mapping[str, Json]:
        return (self._terminal or {}).get("outcome") or {}

    def passes(self, event: Event) -> bool:
        """Take the event in. False for an end, which is not to be emitted yet."""
        kind = event["type"]
        if kind in _WORDS:
            self.words.append(event)
            if len(self.words) >= MANY_WORDS:
                self._add_up()
            return True
        if kind in TERMINAL:
            self._terminal = event
            return False
        self._take(event)
        return True

    def note(self, event: Event) -> None:
        """Take in what others did for the agent, neither for themselves nor for the page alone."""
        if "subagentRunId" not in event and not event["type"].startswith("ACTIVITY_"):
            self._take(event)

    def _add_up(self) -> None:
        self._fold.feed_all(self.words)
        self.words.clear()

    def _take(self, event: Event) -> None:
        self._only_words = False
        self.fold.feed(event)

    def unanswered(self) -> list[Mapping[str, Json]]:
        """The calls that nobody answered, the browser's among them; none if the agent failed or
        waits.
        """
        if self._only_words or self.asks or (self._terminal or {}).get("type") == "RUN_ERROR":
            return []
        return list(self.fold.open_tool_calls)

    def end(self, usage: Sequence[Json]) -> list[Event]:
        """The agent's own end, if it emitted one, with the usage of all passes; where there is
        usage, there is an end.
        """
        if not usage:
            return [self._terminal] if self._terminal else []
        return [(self._terminal or _FINISHED) | {"usage": list(usage)}]


MANY_WORDS = 1000
"""So many take more memory than what they amount to, whoever looks at that."""

_WORDS = frozenset({"TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END"})

_FINISHED: Event = {"type": "RUN_FINISHED", "threadId": "", "runId": ""}
"""The run puts its own ids in."""


@contextmanager
def accounted(usage: Sequence[Json]) -> Iterator[None]:
    """A failure within the block also reports this usage, of the passes before it."""
    try:
        yield
    except RunFailure as failure:
        failure.usage = [*usage, *failure.usage]
        raise
    except AguiError:
        raise
    except Exception as error:  # user code: an agent
        if not usage:
            raise
        fault = AgentFailure()
        fault.usage = list(usage)
        raise fault from error


def continued(request: RunAgentInput, answers: Sequence[Message]) -> RunAgentInput:
    """The request with the messages since; answers to questions were given, and count once."""
    messages = _MESSAGES.validate_python([*request.messages, *answers])
    props = request.forwarded_props
    if isinstance(props, dict):
        props = {name: value for name, value in props.items() if name != "command"}
    changes = {"messages": messages, "resume": None, "forwarded_props": props}
    return request.model_copy(update=changes)


def result_of(call_id: str, content: str | ResultParts) -> Event:
    """The event that answers a call; raises ProtocolFailure for parts that are none."""
    ids = {"messageId": f"result-{call_id}", "toolCallId": call_id}
    parts = content.parts if isinstance(content, ResultParts) else content
    return as_event({"type": "TOOL_CALL_RESULT", **ids, "content": parts, "role": "tool"})


_MESSAGES: TypeAdapter[list[AnyMessage]] = TypeAdapter(list[AnyMessage])
