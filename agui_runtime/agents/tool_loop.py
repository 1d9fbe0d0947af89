"""Carries out server-side actions while an agent runs, and the agents that it calls as tools.

Connectors know nothing of it: they only see more tools.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from typing import Self, TypeAlias

from ag_ui.core import RunAgentInput

from agui_runtime.agents.actions import ActionResult, ServerAction
from agui_runtime.agents.agent import ResultParts, ShownResult, calls_at_once, current_run
from agui_runtime.agents.border import EventAgent, normal, normalized
from agui_runtime.agents.delegates import Delegate
from agui_runtime.agents.passes import MANY_WORDS, Pass, accounted, continued, result_of
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json, whole
from agui_runtime.core.observation import Operation, observed

MAX_PASSES = 10
"""So often an agent may go on after its actions within one run."""

_UNANSWERED = "agui_runtime.actions"
"""The note of calls that nobody carried out because the agent had a question first."""

_Tool: TypeAlias = ServerAction | Delegate
_Call: TypeAlias = Mapping[str, Json]


def with_actions(
    agent: EventAgent,
    actions: Sequence[ServerAction],
    follow_up: bool,
    delegates: Sequence[Delegate] = (),
) -> EventAgent:
    """The agent, with the actions and delegates among its tools; calls that it leaves to us are
    carried out. Of two tools with one name the first counts, the front end's come last.

    An action begins when the agent has completed its call, if the agent allows that (see
    `calls_at_once`), else when the agent has ended. Results follow what the agent emitted, in the
    order of the calls: pages take a call that comes after a result for another message's.

    With `follow_up` the agent is run again with the results, until it makes no such call.
    """
    tools: list[_Tool] = [*actions, *delegates]
    return _ActingAgent(agent, tools, follow_up) if tools else agent


class _ActingAgent:
    def __init__(self, agent: EventAgent, tools: Sequence[_Tool], follow_up: bool) -> None:
        self.name = agent.name
        self.description = agent.description
        self._agent = agent
        self._box = {each.name: each for each in reversed(tools)}
        self._offered = [each.tool for each in tools if each is self._box[each.name]]
        self._follow_up = follow_up

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        request = self._offering(request)
        usage: list[Json] = []
        last = MAX_PASSES if self._follow_up else 1
        for number in range(1, last + 1):
            current = Pass()
            words = current.words
            async with _Work(self._box, request, self._follow_up, usage) as work:
                async with aclosing(self._agent.run(request)) as events:
                    async for event in events:
                        if event["type"] == "TEXT_MESSAGE_CONTENT" and len(words) < MANY_WORDS:
                            words.append(event)  # nearly always: without a call
                            yield event
                        elif current.passes(event):
                            yield event
                            self._begin(event, current, work)  # stored, as it goes on
                usage += current.usage
                pending = await self._pending(current, request)
                ours = self._ours(pending)
                async with aclosing(work.done(ours)) as done:
                    async for event in done:
                        current.note(event)
                        yield event
            elsewhere = current.awaited - {call["id"] for call in ours}
            if not ours or ours != pending or elsewhere or number == last:
                break
            request = continued(request, current.fold.messages)
        for event in current.end(usage):
            yield event

    def _offering(self, request: RunAgentInput) -> RunAgentInput:
        """The request with our tools, and those of the front end that have other names."""
        others = [tool for tool in request.tools or [] if tool.name not in self._box]
        return request.model_copy(update={"tools": [*self._offered, *others]})

    def _ours(self, calls: Iterable[_Call]) -> list[_Call]:
        return [call for call in calls if call["function"]["name"] in self._box]

    def _begin(self, event: Event, current: Pass, work: _Work) -> None:
        """Begin the call that the agent has completed, if it has, where it allows that."""
        if event["type"] == "TOOL_CALL_END" and calls_at_once(self._agent):
            call_id = event["toolCallId"]
            work.begin(call for call in current.fold.open_tool_calls if call["id"] == call_id)

    async def _pending(self, current: Pass, request: RunAgentInput) -> list[_Call]:
        """The calls that wait for an answer, and those of earlier runs that the agent waits for."""
        if current.asks:
            await self._note_calls(current, request)
        pending = current.unanswered()
        return pending + await _noted_calls(current.awaited - {call["id"] for call in pending})

    async def _note_calls(self, current: Pass, request: RunAgentInput) -> None:
        """Note the calls that are ours and wait with the agent, for the run that answers it."""
        run = current_run.get(None)
        ours = self._ours(current.fold.open_tool_calls)
        if not ours or run is None or run.notes is None:
            return
        answered = {m.tool_call_id for m in request.messages if m.role == "tool"}
        earlier = [
            call for call in await run.notes.read(_UNANSWERED) or () if call["id"] not in answered
        ]
        await run.notes.write(_UNANSWERED, [*earlier, *ours])


class _Work:
    """The calls of one pass: actions side by side, agents one after the other, whose usage it adds
    to the run's. A failure within its block also reports the usage so far.
    """

    def __init__(
        self,
        box: Mapping[str, _Tool],
        request: RunAgentInput,
        follow_up: bool,
        usage: list[Json],
    ) -> None:
        self._box = box
        self._request = request
        self._follow_up = follow_up
        self.usage = usage
        self._tasks: dict[str, asyncio.Task[ActionResult]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, failure: BaseException | None, trace: object) -> None:
        if self._tasks:
            await self._cancel()
        try:
            if isinstance(failure, Exception):
                with accounted(self.usage):
                    raise failure
        finally:
            del failure  # its traceback refers to this call

    def begin(self, calls: Iterable[_Call]) -> None:
        """Begin the actions among the calls that have not begun yet."""
        for call in calls:
            tool = self._box.get(call["function"]["name"])
            if tool is None or isinstance(tool, Delegate) or call["id"] in self._tasks:
                continue
            work = _called(tool, call)
            self._tasks[call["id"]] = asyncio.create_task(work)

    async def done(self, calls: Sequence[_Call]) -> AsyncGenerator[Event, None]:
        """The results in the order of the calls, with what delegates do beside them."""
        self.begin(calls)
        for call in calls:
            tool = self._box[call["function"]["name"]]
            if isinstance(tool, Delegate):
                async with aclosing(self._delegated(tool, call["id"])) as events:
                    async for event in events:
                        yield event
            else:
                content = await self._tasks[call["id"]]
                for event in _answered(call["id"], content, tool.return_direct):
                    yield event

    async def _cancel(self) -> None:
        """Cancel what has not ended: nobody waits for its result any more."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _delegated(self, delegate: Delegate, call_id: str) -> AsyncGenerator[Event, None]:
        """What the delegate does. A caller that goes on gets its answer as the call's result; a
        front end that goes on by itself gets, as from the reference, that it began.
        """
        engagement = delegate.engaged(call_id, self._request)
        if not self._follow_up:
            yield result_of(call_id, f"{delegate.name} agent started")
        async with aclosing(engagement.events()) as events:
            async for event in events:
                yield event
        self.usage += engagement.usage
        if self._follow_up:
            yield result_of(call_id, engagement.answer)


async def _called(action: ServerAction, call: _Call) -> ActionResult:
    arguments = call["function"]["arguments"]
    operation = Operation("execute_tool", action.name, call["id"], request=arguments)
    with observed(operation) as seen, seen.inside():
        result = await action.call(arguments)
        operation.answer = result if isinstance(result, str) else None
        return result


async def _noted_calls(ids: Collection[str]) -> list[_Call]:
    """Those of them that an earlier run noted, as it made them, not as a front end sends them."""
    run = current_run.get(None)
    if not ids or run is None or run.notes is None:
        return []
    latest = {call["id"]: call for call in await run.notes.read(_UNANSWERED) or ()}
    return [call for id_, call in latest.items() if id_ in ids]


def _answered(call_id: str, result: ActionResult, is_answer: bool) -> list[Event]:
    made = result if isinstance(result, ShownResult) else ShownResult(result)
    content = made.content
    text = content.words if isinstance(content, ResultParts) else content
    answer = _message(f"{call_id}-answer", whole(text)) if is_answer else []
    return [result_of(call_id, content), *answer, *normalized(made.events)]


def _message(message_id: str, text: str) -> list[Event]:
    return [
        {"type": "TEXT_MESSAGE_START", "messageId": message_id, "role": "assistant"},
        {"type": "TEXT_MESSAGE_CONTENT", "messageId": message_id, "delta": text},
        {"type": "TEXT_MESSAGE_END", "messageId": message_id},
    ]
