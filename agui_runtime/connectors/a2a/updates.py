"""Updates of an A2A task as AG-UI events. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from agui_runtime.connectors.a2a.wording import parts_of, texts_of
from agui_runtime.core.errors import AgentFailure, ProtocolFailure, RemoteFailure
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.message_parts import MEDIA, UNKNOWN_TYPE
from agui_runtime.core.secrets import redact

STATE = "state"
"""The id of the artifact that is an agent's state, where our own wire is the far side."""

_LONGEST_ERROR = 1000


@dataclass(slots=True)
class _Text:
    """A message under way: what was shown of the artifact."""

    message_id: str
    text: str = ""
    open: bool = True


@dataclass(slots=True)
class TaskUpdates:
    """Fed with the updates of one run's task in their order; artifacts that come again as a whole,
    after a broken stream, show only what is new of them. `ended` says that the task needs no more
    from the agent, `interrupts` are what it waits for then; `by_id` where the agent named
    them. What is of the artifacts `older` was shown before this run, and a `resumed` task may come
    with its old question once more.
    """

    run_id: str
    task_id: str = ""
    context_id: str = ""
    ended: bool = False
    cancelled: bool = False
    by_id: bool = False
    interrupts: list[JsonObject] = field(default_factory=list)
    older: Collection[str] = ()
    resumed: bool = False
    _texts: dict[str, _Text] = field(default_factory=dict)
    _progress: str = ""
    _count: int = 0

    def feed(self, kind: str, update: JsonObject) -> Iterator[Event]:
        """Raises AgentFailure, RemoteFailure and ProtocolFailure."""
        self.identify(kind, update)
        yield from _FED[kind](self, update)

    @property
    def is_over(self) -> bool:
        """Whether there is no more to come before somebody answers."""
        return self.ended or bool(self.interrupts)

    @property
    def shown(self) -> list[str]:
        """The ids of the task's artifacts that were shown, by earlier runs, too."""
        return [*self.older, *self._texts]

    def closing(self) -> Iterator[Event]:
        """The ends of what is open."""
        for each in self._texts.values():
            yield from self._close(each)

    def identify(self, kind: str, update: JsonObject) -> None:
        """Note which task it is; raises ProtocolFailure for another one than before."""
        id_ = update.get("id" if kind == "task" else "taskId")
        context = update.get("contextId")
        if isinstance(id_, str) and id_:
            if self.task_id not in ("", id_):
                raise ProtocolFailure("the agent sent an update of another task")
            self.task_id = id_
        if isinstance(context, str):
            self.context_id = context

    def _task(self, task: JsonObject) -> Iterator[Event]:
        for artifact in _objects(task, "artifacts"):
            if artifact.get("artifactId") not in self.older:
                yield from self._artifact(artifact, append=False)
        yield from self._status(task.get("status"))
        if self.resumed and self.interrupts:
            self.ended = False

    def _message(self, message: JsonObject) -> Iterator[Event]:
        """An answer without a task."""
        yield from self._say(texts_of(message))
        yield from self._others(f"message-{self._count}", message)
        self.ended = True

    def _artifact_update(self, update: JsonObject) -> Iterator[Event]:
        artifact = update.get("artifact")
        if not isinstance(artifact, dict):
            raise ProtocolFailure("the agent sent an update of no artifact")
        yield from self._artifact(artifact, append=update.get("append") is True)
        if update.get("lastChunk") is True:
            found = self._texts.get(str(artifact.get("artifactId")))
            yield from self._close(found) if found else ()

    def _artifact(self, artifact: JsonObject, *, append: bool) -> Iterator[Event]:
        id_, text = str(artifact.get("artifactId")), texts_of(artifact)
        yield from self._others(id_, artifact)
        if not text:
            return
        known = self._texts.get(id_)
        if known is None or (not append and not text.startswith(known.text)):
            yield from self._close(known) if known else ()
            known = self._texts[id_] = _Text(self._new_id())
            yield from _started(known.message_id)
        new = text if append else text[len(known.text) :]
        if new and not known.open:
            yield from self._say(new)
        elif new:
            yield _content(known.message_id, new)
        known.text += new

    def _others(self, id_: str, holder: JsonObject) -> Iterator[Event]:
        """What is no text: the state, or an activity for whoever can show it."""
        data = [each["data"] for each in parts_of(holder) if "data" in each]
        files = [_file(each) for each in parts_of(holder) if "raw" in each or "url" in each]
        if data and id_ == STATE:
            yield {"type": "STATE_SNAPSHOT", "snapshot": data[-1]}
            data = []
        if data or files:
            content: JsonObject = {"artifactId": id_, "data": data, "files": files}
            name = holder.get("name")
            content |= {"name": name} if isinstance(name, str) and name else {}
            yield _activity(f"{self.run_id}-{id_}", "a2a.artifact", content)

    def _status_update(self, update: JsonObject) -> Iterator[Event]:
        yield from self._status(update.get("status"))

    def _status(self, status: Json) -> Iterator[Event]:
        if not isinstance(status, dict):
            raise ProtocolFailure("the agent sent a status that is no JSON object")
        state = str(status.get("state")).removeprefix("TASK_STATE_")
        handle = _STATES.get(state)
        if handle is None:
            raise ProtocolFailure(f"the agent sent a state that A2A has not: {state[:50]}")
        yield from handle(self, status.get("message") or {})

    def _working(self, message: Json) -> Iterator[Event]:
        self.interrupts = []
        text = texts_of(message)
        if text and text != self._progress:
            self._progress = text
            yield _activity(f"{self.run_id}-status", "a2a.status", {"text": text})

    def _completed(self, message: Json) -> Iterator[Event]:
        """Many agents answer with their last status, and many say there again what an artifact
        said.
        """
        text = texts_of(message)
        shown = [each.text.strip() for each in self._texts.values()]
        if not text and not shown:
            text = self._progress
        if text and text.strip() not in (*shown, "".join(shown), "\n".join(shown)):
            yield from self._say(text)
        self.ended, self.interrupts = True, []

    def _canceled(self, message: Json) -> Iterator[Event]:
        self.ended = self.cancelled = True
        return iter(())

    def _asking(self, message: Json) -> Iterator[Event]:
        self.interrupts = _named(message)
        self.by_id = bool(self.interrupts)
        if not self.interrupts:
            question = texts_of(message)
            worded = {"message": question} if question else {}
            self.interrupts = [{"id": self.task_id, "reason": "input_required", **worded}]
        self.ended = True
        return iter(())

    def _failed(self, message: Json) -> Iterator[Event]:
        metadata = message.get("metadata") if isinstance(message, dict) else None
        code = metadata.get("code") if isinstance(metadata, dict) else None
        text = redact(texts_of(message), _LONGEST_ERROR) or "the agent failed"
        raise AgentFailure(text, code if isinstance(code, str) else None)

    def _refused(self, message: Json) -> Iterator[Event]:
        text = redact(texts_of(message), _LONGEST_ERROR) or "it does not say why"
        raise RemoteFailure("REFUSED", f"the agent refused: {text}")

    def _say(self, text: str) -> Iterator[Event]:
        if text:
            id_ = self._new_id()
            yield from _started(id_)
            yield _content(id_, text)
            yield {"type": "TEXT_MESSAGE_END", "messageId": id_}

    def _close(self, text: _Text) -> Iterator[Event]:
        if text.open:
            text.open = False
            yield {"type": "TEXT_MESSAGE_END", "messageId": text.message_id}

    def _new_id(self) -> str:
        """Agents number their artifacts anew for each task; a thread's messages are of many."""
        self._count += 1
        return f"{self.run_id}-{self._count}"


def _named(message: Json) -> list[JsonObject]:
    """Interrupts with ids, as our own wire sends them."""
    for part in parts_of(message):
        data = part.get("data")
        found = data.get("interrupts") if isinstance(data, dict) else None
        if isinstance(found, list) and found and all(map(_is_interrupt, found)):
            return found
    return []


def _is_interrupt(value: Json) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(key), str) for key in ("id", "reason")
    )


def _objects(holder: JsonObject, key: str) -> list[JsonObject]:
    found = holder.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _started(id_: str) -> Iterator[Event]:
    yield {"type": "TEXT_MESSAGE_START", "messageId": id_, "role": "assistant"}


def _content(id_: str, text: str) -> Event:
    return {"type": "TEXT_MESSAGE_CONTENT", "messageId": id_, "delta": text}


def _activity(id_: str, kind: str, content: Mapping[str, Json]) -> Event:
    return {
        "type": "ACTIVITY_SNAPSHOT",
        "messageId": id_,
        "activityType": kind,
        "content": content,
        "replace": True,
    }


def _file(part: JsonObject) -> JsonObject:
    """The part of AG-UI for a file."""
    mime = part.get("mediaType") or UNKNOWN_TYPE
    kind = str(mime).partition("/")[0]
    place = ("data", part["raw"]) if "raw" in part else ("url", part["url"])
    name = part.get("filename")
    return {
        "type": kind if kind in MEDIA else "document",
        "source": {"type": place[0], "value": place[1], "mimeType": mime},
        **({"metadata": {"filename": name}} if name else {}),
    }


_FED = {
    "task": TaskUpdates._task,
    "message": TaskUpdates._message,
    "statusUpdate": TaskUpdates._status_update,
    "artifactUpdate": TaskUpdates._artifact_update,
}

_STATES = {
    "SUBMITTED": TaskUpdates._working,
    "WORKING": TaskUpdates._working,
    "COMPLETED": TaskUpdates._completed,
    "CANCELED": TaskUpdates._canceled,
    "INPUT_REQUIRED": TaskUpdates._asking,
    "AUTH_REQUIRED": TaskUpdates._refused,
    "FAILED": TaskUpdates._failed,
    "REJECTED": TaskUpdates._refused,
}
