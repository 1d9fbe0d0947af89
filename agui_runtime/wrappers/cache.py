"""Equal side requests (suggestions come by the dozen) are answered once."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Protocol

import orjson
from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import current_run
from agui_runtime.agents.border import normal, normalized
from agui_runtime.core import jsontext
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json
from agui_runtime.core.requests import request_props
from agui_runtime.wrappers.base import Wrapper

_OF_ONE_REQUEST = frozenset({"id", "threadId", "runId", "parentRunId"})


class AnswerCache(Protocol):
    """Where answers are stored: bytes by key, until they are too old. Processes may share it."""

    async def get(self, key: str) -> bytes | None: ...

    async def put(self, key: str, answer: bytes) -> None: ...


def cached(agent: object, answers: AnswerCache | None = None) -> Wrapper:
    """The agent, which is not called again for an ephemeral request that it has answered.

    Requests are equal if their caller, their properties and their contents are, ids aside. Answers
    that call tools are not stored, except for the one tool that the request demands (as CopilotKit
    does for suggestions), nor are errors and questions. `answers` is memory when left out: 256 of
    them, for five minutes.
    """
    return _Cached(agent, answers or MemoryAnswers())


class MemoryAnswers:
    """The answers of this process, the least recently used forgotten first."""

    def __init__(
        self,
        most: int = 256,
        seconds: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._answers: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        stored_at, answer = self._answers.get(key, (0.0, None))
        if answer is None or self._clock() - stored_at > self._seconds:
            self._answers.pop(key, None)
            return None
        self._answers.move_to_end(key)
        return answer

    async def put(self, key: str, answer: bytes) -> None:
        self._answers[key] = (self._clock(), answer)
        self._answers.move_to_end(key)
        while len(self._answers) > self._most:
            self._answers.popitem(last=False)


class _Cached(Wrapper):
    def __init__(self, agent: object, answers: AnswerCache) -> None:
        super().__init__(agent)
        self._answers = answers

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        key = self._key(request)
        known = await self._answers.get(key) if key else None
        emitted: list[Event] = []
        if known is not None:
            for event in normalized(jsontext.loads(known)):  # others may write to a shared cache
                yield event
            return
        async with aclosing(self.agent.run(request)) as events:
            async for event in events:
                emitted.append(event)
                if key and event["type"] == "RUN_FINISHED" and _is_reusable(emitted, request):
                    await self._answers.put(key, jsontext.dumps(emitted))
                yield event

    def _key(self, request: RunAgentInput) -> str | None:
        context = current_run.get(None)
        if context is None or not context.ephemeral:
            return None
        contents = _without_ids(request.model_dump(mode="json", by_alias=True))
        about = [self.name, context.caller.owner, dict(context.properties), contents]
        return hashlib.sha256(jsontext.dumps(about, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _is_reusable(emitted: Sequence[Event], request: RunAgentInput) -> bool:
    demanded = request_props(request).get("toolChoiceFunctionName")
    calls = {event["toolCallName"] for event in emitted if "toolCallName" in event}
    types = {event["type"] for event in emitted}
    outcome = (emitted[-1].get("outcome") or {}).get("type", "success")
    return calls <= {demanded} and "TOOL_CALL_RESULT" not in types and outcome == "success"


def _without_ids(value: Json) -> Json:
    if isinstance(value, list):
        return [_without_ids(each) for each in value]
    if isinstance(value, Mapping):
        return {
            key: _without_ids(each) for key, each in value.items() if key not in _OF_ONE_REQUEST
        }
    return value
