"""Calls the webhooks of tasks: whoever carries out a run does, when the run is over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import httpx
from a2a.compat.v0_3.conversions import to_compat_task
from a2a.types.a2a_pb2 import Task
from a2a.utils.proto_utils import to_stream_response
from google.protobuf.json_format import MessageToDict

from agui_runtime.connectors.shared import network
from agui_runtime.core import jsontext
from agui_runtime.core.errors import AguiError, Misconfigured
from agui_runtime.core.events import Caller
from agui_runtime.core.log_lines import logger_of
from agui_runtime.hooks.hook import Hook, RunReport
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.a2a.stored_tasks import StoredTask, StoredTasks
from agui_runtime.wires.a2a.task_events import ENDED
from agui_runtime.wires.a2a.task_ids import TaskRuns, tasks_in
from agui_runtime.wires.a2a.webhook_hosts import WebhookHosts
from agui_runtime.wires.a2a.webhooks import Webhook, Webhooks
from agui_runtime.wires.shared.self_describing_ids import Place

logger = logger_of(__name__)

WAITS = (1.0, 4.0, 16.0)
"""Seconds before each further attempt."""

PATIENCE = 10.0
"""Seconds for one attempt."""

GRACE = 2.0
"""Seconds that a server which stops waits for calls."""

AT_ONCE = 200
"""So many runs' calls may be under way in this process."""

AT_ONCE_OF_ONE = 20
"""So many of them may be of runs of one owner: others are not in the way of slow receivers."""

_PASSING = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class _Call:
    webhook: Webhook
    body: bytes


class Notices(Hook):
    """After each run that ends its task, or leaves a question: all of it, to each webhook of the
    task. Who receives it may get it twice. A call that fails is repeated and then logged; a
    process that ends meanwhile gives up. No run waits for an answer.
    """

    def __init__(self, runtime: CopilotRuntime) -> None:
        self._runtime = runtime
        self._hosts = WebhookHosts(())
        self._under_way: dict[asyncio.Task[None], str] = {}
        """Of which owner each is."""

    @classmethod
    def of(cls, runtime: CopilotRuntime, hosts: WebhookHosts) -> Notices:
        """The only one of the runtime, which calls these hosts from now on, and those of the
        runtime's other apps.
        """
        notices = runtime.hook_of(cls)
        if notices is None:
            notices = cls(runtime)
            runtime.add_hook(notices)
        notices._hosts |= hosts
        return notices

    async def after_run(self, report: RunReport) -> None:
        if not report.context.ephemeral:
            place = Place(report.run.thread_id, report.run.run_id)
            await self.send(place, report.context.caller)

    async def send(self, place: Place, caller: Caller) -> None:
        """Tell of the task that the run is of, and of the one that waited until it began."""
        if not self._hosts.any:
            return
        stored = Webhooks(lambda: self._runtime.store.states, self._hosts)
        webhooks = await stored.to_call(place.thread_id)
        if not webhooks:
            return
        try:
            calls = await self._calls(place, caller, webhooks)
        except AguiError as error:
            logger.warning("no webhook of thread %s is called: %s", place.thread_id, error.message)
            return
        if not calls:
            return
        if not self._has_room(caller.owner):
            logger.warning("webhooks of run %s are not called: too many are", place.run_id)
            return
        sending = asyncio.create_task(_sent(calls))
        self._under_way[sending] = caller.owner
        sending.add_done_callback(self._under_way.pop)

    async def before_close(self) -> None:
        if self._under_way:
            _, late = await asyncio.wait([*self._under_way], timeout=GRACE)
            for each in late:
                each.cancel()

    def _has_room(self, owner: str) -> bool:
        owners = [*self._under_way.values()]
        return len(owners) < AT_ONCE and owners.count(owner) < AT_ONCE_OF_ONE

    async def _calls(
        self, place: Place, caller: Caller, webhooks: Mapping[str, Sequence[Webhook]]
    ) -> list[_Call]:
        threads = self._runtime.threads
        tasks = tasks_in(await threads.runs(place.thread_id, caller))
        calls: list[_Call] = []
        for each in _changed(tasks, place.run_id):
            if own := webhooks.get(each.place.run_id):
                stored = await StoredTasks(threads, caller, each.runs[0].agent).read(each)
                calls += _calls_of(stored, own)
        return calls


def _changed(tasks: Sequence[TaskRuns], run_id: str) -> Iterable[TaskRuns]:
    """The task with that run, and the one that was abandoned for it."""
    for count, each in enumerate(tasks):
        if any(run.run_id == run_id for run in each.runs):
            yield each
            if count and each.place.run_id == run_id and tasks[count - 1].abandoned:
                yield tasks[count - 1]


def _calls_of(stored: StoredTask, webhooks: Sequence[Webhook]) -> list[_Call]:
    if stored.events.state not in ENDED and not stored.events.interrupts:
        return []  # it goes on already
    task = stored.events.task(history=0)
    bodies = {
        former: _body(task, former=former) for former in {each.is_former for each in webhooks}
    }
    return [_Call(each, bodies[each.is_former]) for each in webhooks]


def _body(task: Task, *, former: bool) -> bytes:
    if former:
        return jsontext.dumps(
            to_compat_task(task).model_dump(mode="json", by_alias=True, exclude_none=True)
        )
    return jsontext.dumps(MessageToDict(to_stream_response(task)))


async def _sent(calls: Iterable[_Call]) -> None:
    async with network.client() as client:
        await asyncio.gather(*(_delivered(client, each) for each in calls))


async def _delivered(client: httpx.AsyncClient, call: _Call) -> None:
    """Call until it is answered well, or for good, or often enough."""
    for wait in (*WAITS, None):
        fault, may_pass = await _fault(client, call)
        if fault is None:
            return
        if wait is None or not may_pass:
            config = call.webhook.config
            host = httpx.URL(config.url).host
            logger.warning("the webhook of task %s at %s failed: %s", config.task_id, host, fault)
            return
        await asyncio.sleep(wait)


async def _fault(client: httpx.AsyncClient, call: _Call) -> tuple[str | None, bool]:
    """What is wrong with the answer, if anything, and whether that may pass. No redirection is
    followed, and nothing is read but the status.
    """
    url, headers = call.webhook.config.url, call.webhook.headers
    try:
        async with (
            asyncio.timeout(PATIENCE),
            client.stream("POST", url, content=call.body, headers=headers) as answer,
        ):
            status = answer.status_code
    except (httpx.HTTPError, TimeoutError) as error:
        return type(error).__name__, True
    except Misconfigured as error:  # the environment's proxies
        return str(error), False
    except Exception as error:  # noqa: BLE001  # a foreign SDK: the neighbours' calls go on
        return type(error).__name__, False
    return (None, False) if answer.is_success else (f"status {status}", status in _PASSING)
