"""What the SDK's routes call: A2A's methods over the runtime's log."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import time

from a2a.server.context import ServerCallContext
from a2a.server.request_handlers.request_handler import RequestHandler
from a2a.types.a2a_pb2 import (
    AgentCard,
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTaskPushNotificationConfigsResponse,
    ListTasksRequest,
    ListTasksResponse,
    SendMessageConfiguration,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskPushNotificationConfig,
    TaskState,
)
from a2a.utils.errors import (
    A2AError,
    InvalidParamsError,
    TaskNotCancelableError,
    UnsupportedOperationError,
)
from a2a.utils.proto_utils import validate_proto_required_fields

from agui_runtime.core.access import Resource
from agui_runtime.core.errors import AguiError
from agui_runtime.core.events import TERMINAL, Event
from agui_runtime.core.log_lines import logger_of
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime.dismissals import dismiss
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import Batch
from agui_runtime.wires.a2a.call import Call, call_of, in_the_sdks_words
from agui_runtime.wires.a2a.listing import listed
from agui_runtime.wires.a2a.notices import Notices
from agui_runtime.wires.a2a.options import A2AOptions
from agui_runtime.wires.a2a.starts import Started, Starts
from agui_runtime.wires.a2a.stored_tasks import StoredTask, StoredTasks
from agui_runtime.wires.a2a.task_events import ENDED, TaskEvents, Update
from agui_runtime.wires.a2a.task_ids import begins_another
from agui_runtime.wires.a2a.webhooks import Webhooks
from agui_runtime.wires.shared.pace import paced
from agui_runtime.wires.shared.self_describing_ids import Place

logger = logger_of(__name__)


class A2AHandler(RequestHandler):
    """Each method finds the caller and the agent in its context. A task is a run, or several with
    answers between them: it goes on whether or not anybody reads it.
    """

    def __init__(self, runtime: CopilotRuntime, options: A2AOptions) -> None:
        self._runtime = runtime
        self._limits = options.server.body
        self._webhooks = Webhooks(lambda: runtime.store.states, options.webhooks)
        self._notices = Notices.of(runtime, options.webhooks)

    async def on_message_send(self, params: SendMessageRequest, context: ServerCallContext) -> Task:
        """Start a run and wait for its end, unless the client wants to have the task at once."""
        call = call_of(context)
        with in_the_sdks_words():
            history = _history_length(params.configuration)
            started = await self._started(call, params)
            if not params.configuration.return_immediately:
                await _fed(started.events, started.handle)
            return started.events.task(history)

    async def on_message_send_stream(
        self, params: SendMessageRequest, context: ServerCallContext
    ) -> AsyncGenerator[Task | Update, None]:
        """The task, and what becomes of it up to its end, or to its next question."""
        call = call_of(context)
        with in_the_sdks_words():
            history = _history_length(params.configuration)
            await call.stack.enter_async_context(self._runtime.streams.place(call.caller.owner))
            started = await self._started(call, params)
            yield started.events.task(history)
            paces = paced(started.handle.batches(), ended=started.handle.ended)
            batches = await call.stack.enter_async_context(aclosing(paces))
            async for batch in batches:
                for update in started.events.feed(_events(batch), time()):
                    yield update

    async def on_subscribe_to_task(
        self, params: SubscribeToTaskRequest, context: ServerCallContext
    ) -> AsyncGenerator[Task | Update, None]:
        """The task as it is now, and what becomes of it from there."""
        call = call_of(context)
        with in_the_sdks_words():
            validate_proto_required_fields(params)
            await call.stack.enter_async_context(self._runtime.streams.place(call.caller.owner))
            stored = await self._tasks(call).find(params.id)
            if stored.events.state in ENDED:
                raise UnsupportedOperationError("the task has ended: get it")
            yield stored.events.task()
            rest = paced(self._rest(stored, call))
            batches = await call.stack.enter_async_context(aclosing(rest))
            async for batch in batches:
                gone_on = begins_another(batch.records[0], stored.last)
                fed = stored.events.feed(_events(batch), time())
                for update in stored.events.abandon() if gone_on else fed:
                    yield update
                if gone_on:
                    return

    async def on_get_task(self, params: GetTaskRequest, context: ServerCallContext) -> Task:
        call = call_of(context)
        with in_the_sdks_words():
            validate_proto_required_fields(params)
            history = _history_length(params)
            return (await self._tasks(call).find(params.id)).events.task(history)

    async def on_list_tasks(
        self, params: ListTasksRequest, context: ServerCallContext
    ) -> ListTasksResponse:
        """Those of the caller with this agent, the latest first."""
        call = call_of(context)
        with in_the_sdks_words():
            return await listed(self._tasks(call), params, _history_length(params))

    async def on_cancel_task(self, params: CancelTaskRequest, context: ServerCallContext) -> Task:
        """Stop the run, which ends the call of its model. A task that waits for an answer ends
        without one.
        """
        call = call_of(context)
        with in_the_sdks_words():
            validate_proto_required_fields(params)
            stored = await self._tasks(call).find(params.id)
            if stored.events.state in ENDED:
                raise TaskNotCancelableError
            run, log = stored.last, self._runtime.store.log
            if stored.events.interrupts:
                await self._runtime.threads.get(run.thread_id, call.caller, "stop")
                await dismiss(log, run)
                await self._notices.send(Place(run.thread_id, run.run_id), call.caller)
            else:
                await self._runtime.stop(run.thread_id, call.caller, run.run_id)
                await log.wait_idle(run.thread_id)
            ended = await self._tasks(call).find(params.id)
            if ended.events.state != TaskState.TASK_STATE_CANCELED:
                raise TaskNotCancelableError
            return ended.events.task()

    async def on_get_extended_agent_card(
        self, params: GetExtendedAgentCardRequest, context: ServerCallContext
    ) -> AgentCard:
        raise UnsupportedOperationError("this agent has one card, which is at its well-known path")

    async def on_create_task_push_notification_config(
        self, params: TaskPushNotificationConfig, context: ServerCallContext
    ) -> TaskPushNotificationConfig:
        """The webhook as it is noted; it is called from now on."""
        call = call_of(context)
        former = call.exchange.is_former
        with in_the_sdks_words():
            if former and not params.authentication.scheme:  # it may be empty there
                params.ClearField("authentication")
            validate_proto_required_fields(params)
            self._webhooks.check(params)
            stored = await self._startable(call, params.task_id)
            return await self._webhooks.add(stored.runs, params, is_former=former)

    async def on_get_task_push_notification_config(
        self, params: GetTaskPushNotificationConfigRequest, context: ServerCallContext
    ) -> TaskPushNotificationConfig:
        with in_the_sdks_words():
            self._webhooks.check_offered()
            stored = await self._tasks(call_of(context)).find(params.task_id)
            return await self._webhooks.get(stored.runs, params.id)

    async def on_list_task_push_notification_configs(
        self, params: ListTaskPushNotificationConfigsRequest, context: ServerCallContext
    ) -> ListTaskPushNotificationConfigsResponse:
        """All of them: there are few."""
        with in_the_sdks_words():
            self._webhooks.check_offered()
            stored = await self._tasks(call_of(context)).find(params.task_id)
            found = await self._webhooks.of(stored.runs)
            return ListTaskPushNotificationConfigsResponse(configs=found)

    async def on_delete_task_push_notification_config(
        self, params: DeleteTaskPushNotificationConfigRequest, context: ServerCallContext
    ) -> None:
        with in_the_sdks_words():
            self._webhooks.check_offered()
            stored = await self._startable(call_of(context), params.task_id)
            await self._webhooks.remove(stored.runs, params.id)

    async def _started(self, call: Call, params: SendMessageRequest) -> Started:
        """The run that the message starts. A webhook for which there is no room starts nothing."""
        if not params.configuration.HasField("task_push_notification_config"):
            return await self._starts(call).of(params)
        webhook = params.configuration.task_push_notification_config
        self._webhooks.check(webhook)
        if params.message.task_id:
            stored = await self._tasks(call).find(params.message.task_id)
            await self._webhooks.check_room(stored.runs, webhook.id)
        started = await self._starts(call).of(params)
        await self._note(webhook, started, call)
        return started

    async def _note(
        self, webhook: TaskPushNotificationConfig, started: Started, call: Call
    ) -> None:
        """Note what came with a message. It misses no end: of a run that has ended before, it is
        told here. A fault is no answer to the message, whose run has started.
        """
        run, task, former = started.handle.run, started.events.ids.task, call.exchange.is_former
        try:
            stored = await self._tasks(call).find(task)
            await self._webhooks.add(stored.runs, webhook, is_former=former)
            if await self._runtime.store.log.active(run.thread_id) is None:
                await self._notices.send(Place(run.thread_id, run.run_id), call.caller)
        except (A2AError, AguiError) as error:
            logger.warning("the webhook of task %s is not noted: %s", task, error.message)

    async def _startable(self, call: Call, task: str) -> StoredTask:
        """A task with which the caller may go on; raises TaskNotFoundError and Forbidden."""
        stored = await self._tasks(call).find(task)
        here = Resource(call.agent, stored.last.thread_id)
        await self._runtime.permissions.check(call.caller, "start", here)
        return stored

    def _tasks(self, call: Call) -> StoredTasks:
        return StoredTasks(self._runtime.threads, call.caller, call.agent)

    def _starts(self, call: Call) -> Starts:
        return Starts(self._runtime, self._limits, call)

    async def _rest(self, stored: StoredTask, call: Call) -> AsyncGenerator[Batch, None]:
        """What follows of the task: of its live run, or of the one with which it goes on when it
        is answered, to that run's end.
        """
        thread = stored.last.thread_id
        batches = self._runtime.threads.follow(thread, call.caller, stored.cursor)
        async with aclosing(batches):
            async for batch in batches:
                for count, record in enumerate(batch.records, 1):
                    if record.event["type"] in TERMINAL:
                        yield Batch(batch.records[:count], batch.cursor)
                        return
                yield batch
                del batch, record  # nothing is held in silence


async def _fed(events: TaskEvents, handle: RunHandle) -> None:
    """Feed all of the run, which is waited for."""
    async with aclosing(handle.batches()) as batches:
        async for batch in batches:
            for _ in events.feed(_events(batch), time()):
                pass


def _events(batch: Batch) -> list[Event]:
    return [each.event for each in batch.records]


def _history_length(
    request: SendMessageConfiguration | GetTaskRequest | ListTasksRequest,
) -> int | None:
    """How many messages the client wants at most; None for all."""
    if not request.HasField("history_length"):
        return None
    if request.history_length < 0:
        raise InvalidParamsError("historyLength: 0 or more")
    return request.history_length
