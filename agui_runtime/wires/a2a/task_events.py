"""What the records of a task add up to, and which updates each batch of them brings. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from a2a.types.a2a_pb2 import (
    Artifact,
    Message,
    Part,
    Role,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from agui_runtime.core.block_activities import fallback_of, is_whole
from agui_runtime.core.errors import GuardrailDenied
from agui_runtime.core.events import TERMINAL, Event, routed
from agui_runtime.core.fold import Fold
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.message_parts import parts_in
from agui_runtime.wires.a2a.answers import answer_parts
from agui_runtime.wires.a2a.parts import data_part, parts_of
from agui_runtime.wires.shared.stated import question, results_sent, stated_by

Update: TypeAlias = TaskStatusUpdateEvent | TaskArtifactUpdateEvent

STATE = "state"
"""The id of the artifact that is the agent's state, which is sent as a whole."""

ENDED = frozenset(
    {
        TaskState.TASK_STATE_COMPLETED,
        TaskState.TASK_STATE_CANCELED,
        TaskState.TASK_STATE_FAILED,
        TaskState.TASK_STATE_REJECTED,
    }
)
"""States that no task leaves."""


class Ids(NamedTuple):
    """Those of a task and of its context."""

    task: str
    context: str


class TaskEvents:
    """Fed with the events of a task's runs in their order. `state` is that of the task,
    `interrupts` are what it waits for.

    A block is an artifact: its data, and the text that stands for it. What A2A has no form for
    (calls, thoughts, steps, other activities) is left out.
    """

    def __init__(self, ids: Ids, at: float) -> None:
        self.ids = ids
        self.state = TaskState.TASK_STATE_SUBMITTED
        self.interrupts: list[JsonObject] = []
        self._at = at
        self._status_message: Message | None = None
        self._artifacts: dict[str, Artifact] = {}
        self._texts: dict[str, list[str]] = {}
        self._pending: tuple[str, list[str]] | None = None
        self._history: list[Message] = []
        self._foreign: set[str] = set()
        self._results: Iterable[str] = ()
        self._fold = Fold()
        self._has_state = False
        self._about = Struct()

    def feed(self, events: Iterable[Event], at: float) -> Iterator[Update]:
        """The updates that these events bring; they came at that time, in seconds since 1970. The
        pieces of one text become one update.
        """
        self._at = at
        for event in events:
            handle = _HANDLERS.get(event["type"])
            if handle is None:
                continue
            if not event["type"].startswith("TEXT_MESSAGE_"):
                yield from self._flushed()
            if event["type"] in TERMINAL:  # nothing comes behind the end
                yield from self._latest_state()
            yield from handle(self, event)
        yield from self._flushed()
        yield from self._latest_state()

    def task(self, history: int | None = None, *, artifacts: bool = True) -> Task:
        """The task as it is now, with so many of its latest messages (None: all)."""
        for id_, texts in self._texts.items():
            self._artifacts[id_].parts[0].text = "".join(texts)
        shown = (
            self._history
            if history is None
            else self._history[max(0, len(self._history) - history) :]
        )
        return Task(
            id=self.ids.task,
            context_id=self.ids.context,
            status=self.status(),
            artifacts=self._artifacts.values() if artifacts else (),
            history=() if history == 0 else shown,
            metadata=self._about if self._about.fields else None,
        )

    def status(self) -> TaskStatus:
        """Its status, with what was asked or reported last where that belongs to it."""
        made = Timestamp()
        made.FromMilliseconds(int(self._at * 1000))
        return TaskStatus(state=self.state, message=self._status_message, timestamp=made)

    def abandon(self) -> Iterator[Update]:
        """The conversation went on past its question."""
        self.interrupts = []
        return self._enter(TaskState.TASK_STATE_CANCELED)

    def reopen(self) -> None:
        """It was answered, and goes on."""
        self.state, self._status_message = TaskState.TASK_STATE_SUBMITTED, None
        self.interrupts = []

    def add(self, message: Message) -> None:
        """A message of the user's, unless it is there."""
        if not self.knows(message.message_id):
            self._history.append(message)

    def knows(self, message_id: str) -> bool:
        """Whether a message of that id is in its history."""
        return any(each.message_id == message_id for each in self._history)

    def _enter(self, state: TaskState, message: Message | None = None) -> Iterator[Update]:
        self.state, self._status_message = state, message
        ids = {"task_id": self.ids.task, "context_id": self.ids.context}
        return iter((TaskStatusUpdateEvent(**ids, status=self.status()),))

    def _artifact(
        self, artifact: Artifact, *, append: bool = False, last: bool = False
    ) -> TaskArtifactUpdateEvent:
        if not append:
            self._artifacts[artifact.artifact_id] = Artifact()
            self._artifacts[artifact.artifact_id].CopyFrom(artifact)
        return TaskArtifactUpdateEvent(
            task_id=self.ids.task,
            context_id=self.ids.context,
            artifact=artifact,
            append=append,
            last_chunk=last,
        )

    def _flushed(self, *, last: bool = False) -> Iterator[Update]:
        """The text that came since, as one update."""
        if self._pending is None:
            return
        (id_, texts), self._pending = self._pending, None
        begun = id_ in self._texts
        text = "".join(texts)
        self._texts.setdefault(id_, []).append(text)
        made = Artifact(artifact_id=id_, parts=[Part(text=text)])
        yield self._artifact(made, append=begun, last=last)

    def _latest_state(self) -> Iterator[Update]:
        if self._has_state:
            self._has_state = False
            yield self._artifact(Artifact(artifact_id=STATE, parts=[data_part(self._fold.state)]))

    def _started(self, event: Event) -> Iterator[Update]:
        self._fold.feed(event)
        self._results = results_sent(event)
        self.interrupts = []
        given = event.get("input") or {}
        if given.get("resume"):
            named = (given["resume"][0].get("metadata") or {}).get("messageId")
            id_ = str(named or f"{event['runId']}-answer")
            self.add(self._message(id_, answer_parts(given["resume"]), Role.ROLE_USER))
        for message in given.get("messages") or ():
            if message["role"] == "user":
                parts = parts_of(message["content"])
                self.add(self._message(message["id"], parts, Role.ROLE_USER))
        return self._enter(TaskState.TASK_STATE_WORKING)

    def _message(self, id_: str, parts: Iterable[Part], role: Role) -> Message:
        ids = {"task_id": self.ids.task, "context_id": self.ids.context}
        return Message(message_id=id_, role=role, parts=parts, **ids)

    def _text_started(self, event: Event) -> Iterator[Update]:
        if event.get("role", "assistant") != "assistant":
            self._foreign.add(event["messageId"])
        return iter(())

    def _text(self, event: Event) -> Iterator[Update]:
        id_ = event["messageId"]
        if id_ in self._foreign:
            return
        if self._pending is not None and self._pending[0] != id_:
            yield from self._flushed()
        if self._pending is None:
            self._pending = (id_, [])
        self._pending[1].append(event["delta"])

    def _text_ended(self, event: Event) -> Iterator[Update]:
        id_ = event["messageId"]
        if self._pending is not None and self._pending[0] == id_:
            yield from self._flushed(last=True)
        elif id_ in self._texts:
            made = Artifact(artifact_id=id_, parts=[Part(text="")])
            yield self._artifact(made, append=True, last=True)

    def _result(self, event: Event) -> Iterator[Update]:
        """Files that a tool returned; its words are the agent's to read."""
        content = event["content"]
        found = parts_in(content) if isinstance(content, str) else content
        files = [each for each in found or () if "source" in each]
        if files:
            yield self._artifact(
                Artifact(artifact_id=event["toolCallId"], parts=parts_of(files)), last=True
            )

    def _custom(self, event: Event) -> Iterator[Update]:
        """A router names who answers: metadata of the task, and of an update that it is at work."""
        chosen = routed(event)
        if chosen is None:
            return
        self._about = ParseDict({"routed": chosen}, Struct())
        for update in self._enter(TaskState.TASK_STATE_WORKING):
            update.metadata.CopyFrom(self._about)
            yield update

    def _stated(self, event: Event) -> Iterator[Update]:
        for message in stated_by(event, frozenset(self._results)):
            id_, text = message["id"], message.get("content")
            if message["role"] == "assistant" and text and id_ not in self._texts:
                self._texts[id_] = [str(text)]
                made = Artifact(artifact_id=id_, parts=[Part(text=str(text))])
                yield self._artifact(made, last=True)

    def _acted(self, event: Event) -> Iterator[Update]:
        if is_whole(event):
            text = fallback_of(event)
            words = [Part(text=text)] if text else []
            yield self._artifact(
                Artifact(
                    artifact_id=event["messageId"],
                    name=event["activityType"],
                    parts=[data_part(event["content"]), *words],
                ),
                last=True,
            )

    def _state(self, event: Event) -> Iterator[Update]:
        self._fold.feed(event)
        self._has_state = True
        return iter(())

    def _finished(self, event: Event) -> Iterator[Update]:
        outcome = event.get("outcome") or {}
        if outcome.get("type") == "cancelled":
            return self._enter(TaskState.TASK_STATE_CANCELED)
        if outcome.get("type") != "interrupt":
            return self._enter(TaskState.TASK_STATE_COMPLETED)
        self.interrupts = list(outcome.get("interrupts") or ())
        question_message = self._message(
            f"{event['runId']}-question", _questions(self.interrupts), Role.ROLE_AGENT
        )
        self._history.append(question_message)
        return self._enter(TaskState.TASK_STATE_INPUT_REQUIRED, question_message)

    def _failed(self, event: Event) -> Iterator[Update]:
        code = event.get("code") or ""
        refused = code == GuardrailDenied.code
        state = TaskState.TASK_STATE_REJECTED if refused else TaskState.TASK_STATE_FAILED
        message = self._message(
            f"{self.ids.task}-end", [Part(text=event["message"])], Role.ROLE_AGENT
        )
        message.metadata.CopyFrom(ParseDict({"code": code}, Struct()))
        return self._enter(state, message)


def _questions(interrupts: Iterable[JsonObject]) -> list[Part]:
    """As text for people, and as data for programs, which name an interrupt by its id."""
    texts = [Part(text=question(each.get("message") or each)) for each in interrupts]
    return [*texts, data_part({"interrupts": list(interrupts)})]


_HANDLERS: Mapping[str, Callable[[TaskEvents, Event], Iterator[Update]]] = {
    "RUN_STARTED": TaskEvents._started,
    "TEXT_MESSAGE_START": TaskEvents._text_started,
    "TEXT_MESSAGE_CONTENT": TaskEvents._text,
    "TEXT_MESSAGE_END": TaskEvents._text_ended,
    "TOOL_CALL_RESULT": TaskEvents._result,
    "MESSAGES_SNAPSHOT": TaskEvents._stated,
    "ACTIVITY_SNAPSHOT": TaskEvents._acted,
    "STATE_SNAPSHOT": TaskEvents._state,
    "STATE_DELTA": TaskEvents._state,
    "CUSTOM": TaskEvents._custom,
    "RUN_FINISHED": TaskEvents._finished,
    "RUN_ERROR": TaskEvents._failed,
}
