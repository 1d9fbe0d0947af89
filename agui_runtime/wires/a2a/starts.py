"""From a client's message to a run: a task of its own, or the answer to one that waits."""

from __future__ import annotations

import uuid
from dataclasses import replace

from a2a.types.a2a_pb2 import Message, Role, SendMessageRequest
from a2a.utils.errors import (
    InvalidParamsError,
    UnsupportedOperationError,
)
from a2a.utils.proto_utils import validate_proto_required_fields
from ag_ui.core import RunAgentInput

from agui_runtime.core.events import RunRequest
from agui_runtime.core.fold import fold
from agui_runtime.core.history import known_ids, without_prompts
from agui_runtime.core.ids import check_id
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.off_loop import LONG_LIST, is_much, unless_long
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.a2a.answers import answers_in
from agui_runtime.wires.a2a.call import Call
from agui_runtime.wires.a2a.parts import content_of, object_in
from agui_runtime.wires.a2a.stored_tasks import StoredTask, StoredTasks
from agui_runtime.wires.a2a.task_events import ENDED, Ids, TaskEvents
from agui_runtime.wires.a2a.task_ids import new_run_id, task_id
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.run_inputs import run_input
from agui_runtime.wires.shared.self_describing_ids import Place


class Started:
    """A run that was started, and the task that it goes on with."""

    def __init__(self, handle: RunHandle, events: TaskEvents) -> None:
        self.handle = handle
        self.events = events


class Starts:
    """Starts runs for one call."""

    def __init__(self, runtime: CopilotRuntime, limits: BodyLimits, call: Call) -> None:
        self._runtime = runtime
        self._limits = limits
        self._call = call
        self._tasks = StoredTasks(runtime.threads, call.caller, call.agent)

    async def of(self, request: SendMessageRequest) -> Started:
        """Raises A2AError and AguiError; then nothing was started."""
        validate_proto_required_fields(request)
        message = request.message
        if message.role != Role.ROLE_USER:
            raise InvalidParamsError("message.role: ROLE_USER, for whoever calls")
        if message.task_id:
            return await self._answer(request, await self._tasks.find(message.task_id))
        return await self._begin(request)

    async def resume(
        self, stored: StoredTask, entries: list[JsonObject], props: JsonObject
    ) -> Started:
        """Go on with the task that waits."""
        given = await self._input(stored.last.thread_id, "", (), props, entries)
        handle = await self._start(given, props)
        stored.events.reopen()
        return Started(handle, stored.events)

    async def _answer(self, request: SendMessageRequest, stored: StoredTask) -> Started:
        message = request.message
        if message.context_id and message.context_id != stored.last.thread_id:
            raise InvalidParamsError("message.contextId: the task is of another context")
        if stored.events.state in ENDED or not stored.events.interrupts:
            raise UnsupportedOperationError(_CLOSED if stored.events.state in ENDED else _BUSY)
        check_id(message.message_id, "message.messageId")
        found = answers_in(message.parts, stored.events.interrupts)
        given = _named(message, stored.events.ids)
        if stored.events.knows(given.message_id):
            given.message_id = str(uuid.uuid4())
        named = {"metadata": {"messageId": given.message_id}}  # the task's history finds it there
        entries = [{**each, **named} for each in found]
        stored.events.add(given)
        return await self.resume(stored, entries, _props(request))

    async def _begin(self, request: SendMessageRequest) -> Started:
        message = request.message
        thread = message.context_id or str(uuid.uuid4())
        check_id(thread, "message.contextId")
        check_id(message.message_id, "message.messageId")
        props = _props(request)
        user = {"id": message.message_id, "role": "user", "content": content_of(message.parts)}
        given = await self._input(thread, new_run_id(), (user,), props)
        sent = Message()
        sent.CopyFrom(message)
        sent.message_id = given.messages[-1].id
        handle = await self._start(given, props)
        ids = Ids(task_id(Place(handle.run.thread_id, handle.run.run_id)), thread)
        events = TaskEvents(ids, handle.run.started_at)
        events.add(_named(sent, ids))
        return Started(handle, events)

    async def _start(self, given: RunAgentInput, props: JsonObject) -> RunHandle:
        context = replace(self._call.context, properties=props)
        return await self._runtime.start(RunRequest(given, context, self._call.agent))

    async def _input(
        self,
        thread: str,
        run: str,
        new: tuple[JsonObject, ...],
        props: JsonObject,
        resume: list[JsonObject] | None = None,
    ) -> RunAgentInput:
        """What a run is given that goes on with the thread. A message whose id is known there gets
        another one: clients number them as they like, and an id would stand for the message that
        has it.
        """
        stored = await self._conversation(thread)
        known = known_ids(stored)
        added = [{**each, "id": str(uuid.uuid4())} if each["id"] in known else each for each in new]
        given = {
            "threadId": thread,
            "runId": run,
            "messages": [*stored, *added],
            "forwardedProps": props,
            "resume": resume,
        }
        return await unless_long(is_much(given), run_input, given, self._limits)

    async def _conversation(self, thread: str) -> list[JsonObject]:
        threads, caller = self._runtime.threads, self._call.caller
        if await threads.find(thread, caller) is None:
            return []
        events = [each.event for each in await threads.read(thread, caller)]
        folded = await unless_long(len(events) > LONG_LIST or is_much(events), fold, events)
        return list(without_prompts(folded.shared_messages))


_CLOSED = "the task has ended: send the message without its taskId, as a task of its own"
_BUSY = "the task waits for no message: wait for its end, or cancel it"


def _named(message: Message, ids: Ids) -> Message:
    """The message as the task's history has it."""
    made = Message()
    made.CopyFrom(message)
    made.task_id, made.context_id = ids
    return made


def _props(request: SendMessageRequest) -> JsonObject:
    """What agents get of the rest, as `forwardedProps`."""
    metadata = object_in(request.metadata) | object_in(request.message.metadata)
    references = list(request.message.reference_task_ids)
    props: JsonObject = {"metadata": metadata} if metadata else {}
    return props | ({"referenceTaskIds": references} if references else {})
