"""A2UI surfaces as activities: while a model writes them, and as tools return them. Pure.

All that happens to one surface, from the first sign of life on, has one activity, which each state
replaces: `building`, `retrying`, `failed`, or the operations that draw it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import uuid4

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.events import TERMINAL, Event, as_event
from agui_runtime.core.jsontext import Json
from agui_runtime.wrappers.drawing.components import Fault, faults_of
from agui_runtime.wrappers.drawing.partial import PartialObject

TOOL = "render_a2ui"
USER_ACTION = "log_a2ui_event"
VERSION = "v0.9"

ACTIVITY = "a2ui-surface"
OPERATIONS = "a2ui_operations"
"""Whatever tool returns an object with these draws."""

EXHAUSTED = "a2ui_recovery_exhausted"
"""The code in what a tool returns that has tried often enough to have a model draw."""

MAX_ATTEMPTS = 3
"""So often such tools try; what pages are told of it."""

TOKENS_PER_SIGN = 20
"""While nothing can be drawn yet, a sign of life is sent for each so many tokens, about."""

Operation = Mapping[str, Json]


class ComponentCatalog(NamedTuple):
    """What surfaces are made of: the catalog's id, and JSON Schemas by the components' names, None
    where nobody knows them.
    """

    id: str
    components: Mapping[str, Json] | None = None


class Surfaces:
    """The surfaces of one run: of calls that draw, and of what tools return."""

    def __init__(self, catalog: ComponentCatalog) -> None:
        self._catalog = catalog
        self._calls: dict[str, _Drawing] = {}
        self._outer: str | None = None
        self._attempts: Counter[str] = Counter()
        self._returned = Returned()

    def through(self, event: Event) -> Iterator[Event]:
        """What the page is shown of it, and the event itself."""
        kind = event["type"]
        if kind == "TOOL_CALL_START":
            yield from self._begun(event)
        elif kind == "TOOL_CALL_ARGS" and event["toolCallId"] in self._calls:
            yield from self._noted(self._calls[event["toolCallId"]].drawn(event["delta"]))
        elif kind == "MESSAGES_SNAPSHOT":
            self._hold(event["messages"])
        elif kind in TERMINAL and kind != "RUN_ERROR":
            yield from self.results()
        yield event
        if kind == "TOOL_CALL_RESULT":
            self._calls.pop(event["toolCallId"], None)
            self._outer = None if self._outer == event["toolCallId"] else self._outer
            yield from self._returned.drawn(event)

    def results(self) -> Iterator[Event]:
        """For the calls that the agent has not answered itself."""
        calls, self._calls = self._calls, {}
        for call in calls.values():
            if call.awaits_result:
                yield call.result()

    def _begun(self, start: Event) -> Iterator[Event]:
        """A call within that of another tool is an attempt of that one; the last one counts."""
        call_id, name = start["toolCallId"], start["toolCallName"]
        if name == TOOL:
            key = self._outer or call_id
            self._attempts[key] += 1
            call = _Drawing(call_id, key, self._catalog, self._attempts[key])
            self._calls[call_id] = call
            if key not in self._returned.retrying:
                yield from self._noted([_activity(key, {"status": "building"})])
        elif name != USER_ACTION:
            self._outer = call_id

    def _noted(self, activities: Iterator[Event] | Sequence[Event]) -> Iterator[Event]:
        for activity in activities:
            self._returned.note(activity)
            yield activity

    def _hold(self, messages: Sequence[Mapping[str, Json]]) -> None:
        """An agent that says what its messages are expects no result for a call in none of them."""
        calls = {call["id"] for each in messages for call in each.get("toolCalls") or ()}
        returned = {each.get("toolCallId") for each in messages}
        for id_, call in self._calls.items():
            call.awaits_result = id_ in calls - returned


class Returned:
    """What tools return that draws: `{"a2ui_operations": [...]}`, or that it could not be drawn.

    What was drawn already, in this run, is not drawn again. `tools` names those whose results
    count; by default all do.
    """

    def __init__(self, tools: Collection[str] | None = None) -> None:
        self.retrying: set[str] = set()
        self._tools = tools
        self._calls: set[str] = set()
        self._drawn: set[str] = set()
        self._surfaces: set[str] = set()
        self._waiting: list[str] = []

    def note(self, event: Event) -> None:
        """Take notice of a call, or of an activity."""
        if event["type"] == "TOOL_CALL_START" and event["toolCallName"] in (self._tools or ()):
            self._calls.add(event["toolCallId"])
        elif event["type"] == "ACTIVITY_SNAPSHOT" and event["activityType"] == ACTIVITY:
            content = event["content"]
            self._follow(event["messageId"].removeprefix(f"{ACTIVITY}-"), content)
            names = (_surface_of(each) for each in content.get(OPERATIONS) or ())
            self._surfaces |= {name for name in names if name}

    def drawn(self, result: Event) -> Iterator[Event]:
        """The activities that a result stands for."""
        call_id, content = result["toolCallId"], _object(result["content"])
        if call_id in self._drawn or (self._tools is not None and call_id not in self._calls):
            return
        if isinstance(content.get(OPERATIONS), list):
            yield from self._surfaces_of(call_id, content[OPERATIONS])
        elif content.get("code") == EXHAUSTED:
            attempts = content.get("attempts")
            count = len(attempts) if isinstance(attempts, list) else 0
            error = str(content.get("error") or "The interface could not be drawn")
            failed = {"status": "failed", "error": error, "attempts": attempts or []}
            key = self._waiting[-1] if self._waiting and call_id not in self._waiting else call_id
            yield self._shown(key, {**failed, "maxAttempts": count or MAX_ATTEMPTS})

    def _surfaces_of(self, call_id: str, listed: Sequence[object]) -> Iterator[Event]:
        by_surface: dict[str, list[Operation]] = {}
        for each in listed:
            if isinstance(each, Mapping):
                by_surface.setdefault(_surface_of(each) or "default", []).append(each)
        new = {name: each for name, each in by_surface.items() if not self._repeats(name, each)}
        for name, operations in new.items():
            key = call_id if len(new) == 1 else f"{name}-{call_id}"
            yield self._shown(key, {OPERATIONS: operations})

    def _repeats(self, surface: str, operations: Sequence[Operation]) -> bool:
        """Tools return again what a model drew within them; an update is no repetition."""
        return surface in self._surfaces and any("createSurface" in each for each in operations)

    def _shown(self, key: str, content: Mapping[str, Json]) -> Event:
        self._follow(key, content)
        return _activity(key, content)

    def _follow(self, key: str, content: Mapping[str, Json]) -> None:
        status = content.get("status")
        self.retrying.discard(key)
        self._waiting = [each for each in self._waiting if each != key]
        if status == "retrying":
            self.retrying.add(key)
        if status in {"building", "retrying"}:
            self._waiting.append(key)
        if OPERATIONS in content:
            self._drawn.add(key)


class _Drawing:
    """One call that draws; each activity replaces the one before, so that the last says all."""

    def __init__(self, call_id: str, key: str, catalog: ComponentCatalog, attempt: int) -> None:
        self.awaits_result = True
        self._call_id = call_id
        self._key = key
        self._catalog = catalog
        self._attempt = attempt
        self._arguments = PartialObject()
        self._signs = 0
        self._components: Sequence[Mapping[str, Json]] | None = None
        self._faults: Sequence[Fault] = ()
        self._shown: object = None

    def drawn(self, delta: str) -> Iterator[Event]:
        """The activities that the next piece of the arguments makes possible."""
        self._arguments.feed(delta)
        if self._components is None:
            yield from self._progress()
        complete = self._arguments.complete
        if "surfaceId" not in complete or "components" not in complete or self._faults:
            return
        if self._components is None:
            self._components = _value(complete["components"])
            self._faults = faults_of(self._components, self._catalog.components)
            if self._faults:
                yield self._retrying()
                return
            yield _activity(self._key, {OPERATIONS: self._operations()})
        data = self._data()
        if data is not None and data != self._shown:
            self._shown = data
            yield _activity(self._key, {OPERATIONS: [*self._operations(), self._filling(data)]})

    def result(self) -> Event:
        if self._components is None or self._faults:
            faults = [f"{each['path']}: {each['message']}" for each in self._faults]
            missing = ["components: missing"]
            content: Mapping[str, Json] = {"status": "error", "errors": faults or missing}
        else:
            content = {"status": "rendered"}
        return {
            "type": "TOOL_CALL_RESULT",
            "messageId": str(uuid4()),
            "toolCallId": self._call_id,
            "content": jsontext.dumps(content).decode(),
        }

    def _retrying(self) -> Event:
        """The model has to write it again; which attempt that will be."""
        attempt = min(self._attempt + 1, MAX_ATTEMPTS)
        about = {"attempt": attempt, "maxAttempts": MAX_ATTEMPTS, "errors": self._faults}
        return _activity(self._key, {"status": "retrying", **about})

    def _progress(self) -> Iterator[Event]:
        tokens = round(self._arguments.length / 4)
        if self._attempt == 1 and tokens - self._signs >= TOKENS_PER_SIGN:
            self._signs = tokens
            yield _activity(self._key, {"status": "building", "progressTokens": tokens})

    def _data(self) -> Mapping[str, Json] | None:
        """The data, if it is there; a model writes what it repeats last, so it comes as a whole."""
        data = _value(self._arguments.complete.get("data"))
        return data if isinstance(data, dict) else None

    def _operations(self) -> list[Operation]:
        surface = {"surfaceId": self._arguments.complete["surfaceId"]}
        return [
            {"version": VERSION, "createSurface": {**surface, "catalogId": self._catalog.id}},
            {"version": VERSION, "updateComponents": {**surface, "components": self._components}},
        ]

    def _filling(self, data: Mapping[str, Json]) -> Operation:
        surface = {"surfaceId": self._arguments.complete["surfaceId"]}
        return {"version": VERSION, "updateDataModel": {**surface, "path": "/", "value": data}}


def _activity(key: str, content: Mapping[str, Json]) -> Event:
    activity = {
        "type": "ACTIVITY_SNAPSHOT",
        "messageId": f"{ACTIVITY}-{key}",
        "activityType": ACTIVITY,
        "content": content,
        "replace": True,
    }
    return as_event(activity)


def _surface_of(operation: Operation) -> str | None:
    """The surface that an operation is about; each says it in the object of its own name."""
    bodies = (value for value in operation.values() if isinstance(value, Mapping))
    ids = (body.get("surfaceId") for body in bodies)
    return next((id_ for id_ in ids if isinstance(id_, str)), None)


def _value(written: object) -> Json:
    """What a model wrote; some write it as the text of its JSON."""
    if not isinstance(written, str):
        return written
    try:
        return jsontext.loads(written)
    except orjson.JSONDecodeError:
        return written


def _object(content: object) -> Mapping[str, Json]:
    """The object in a result: its JSON, or the JSON of its JSON; {} for anything else. Texts of
    several parts are one.
    """
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) for part in content)
    for _ in range(2):
        if isinstance(content, str) and content.lstrip()[:1] in {"{", '"'}:
            try:
                content = jsontext.loads(content)
            except orjson.JSONDecodeError:
                return {}
    return content if isinstance(content, Mapping) else {}
