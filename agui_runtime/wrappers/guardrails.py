"""Checks a user's message beside the agent that answers it, and cuts the answer off if it must.

It does not look at what agents emit; wrap the agent for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Literal, Protocol

import httpx
from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import calls_at_once
from agui_runtime.agents.border import EventAgent, normal
from agui_runtime.connectors.shared import network
from agui_runtime.core.errors import GuardrailDenied, GuardrailFailure, InvalidInput
from agui_runtime.core.events import TERMINAL, Event, Topics
from agui_runtime.core.jsontext import Json
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.requests import text_of

logger = logger_of(__name__)

_COMPLETES = TERMINAL | {"TEXT_MESSAGE_END", "TOOL_CALL_END", "TOOL_CALL_RESULT"}


class Guardrail(Protocol):
    """Decides whether the latest message of the user may be answered."""

    async def check(self, request: RunAgentInput, topics: Topics) -> str | None:
        """None if it may, else the reason that the user gets.

        `topics` is what the front end asks for; it may be empty. Raise anything if it cannot be
        decided: then the message is not answered.
        """


class TopicChecker:
    """Asks an HTTP service about the user's message: CopilotKit Cloud's, or one that speaks alike.

    POST `{"input", "messages": [{"role", "content"}], "allowList", "denyList"}`, `messages` being
    those before; the answer is `{"status": "allowed" | "denied", "reason"?}`. The front end's
    topics are added to what is `denied` here, and stand for what is `allowed` where nothing is
    given here. Without any topics the service is not called.

    `on_failure`: what becomes of a message when the service does not answer properly within
    `timeout` seconds. `allow` lets it through, with a warning in the log.
    """

    def __init__(
        self,
        url: str,
        *,
        allowed: Sequence[str] = (),
        denied: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
        on_failure: Literal["deny", "allow"] = "deny",
    ) -> None:
        network.check(url)
        self._url = url
        self._own = Topics(allowed, denied)
        self._headers = dict(headers or {})
        self._timeout = timeout
        self._fail_open = on_failure == "allow"

    async def check(self, request: RunAgentInput, topics: Topics) -> str | None:
        """Raises httpx.HTTPError, TimeoutError or ValueError if the service does not answer so."""
        denied = [*self._own.denied, *topics.denied]
        wanted = Topics(self._own.allowed or topics.allowed, list(dict.fromkeys(denied)))
        conversation = _conversation(request)
        if not wanted or not conversation:
            return None
        try:
            return _reason(await self._verdict_on(conversation, wanted))
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            if not self._fail_open:
                raise
            logger.warning("a message was let through unchecked: %r", error)
            return None

    async def _verdict_on(self, conversation: Sequence[Mapping[str, str]], topics: Topics) -> Json:
        body = {
            "input": conversation[-1]["content"],
            "messages": conversation[:-1],
            "allowList": list(topics.allowed),
            "denyList": list(topics.denied),
        }
        async with network.client(timeout=self._timeout) as client:
            async with asyncio.timeout(self._timeout):
                answer = await client.post(self._url, json=body, headers=self._headers)
        return answer.raise_for_status().json()


def guarded(agent: EventAgent, guardrails: Sequence[Guardrail], topics: Topics) -> EventAgent:
    """The agent for one run, under the guardrails.

    They check while the agent begins to answer. Nothing is completed before they agree: until then
    text and arguments stream, but no message, call or run ends, and so no action is carried out.
    The run fails with GuardrailDenied or GuardrailFailure; the agent is closed. Raises InvalidInput
    if topics are to be checked and there are no guardrails.
    """
    if guardrails:
        return _GuardedAgent(agent, guardrails, topics)
    if topics:
        raise InvalidInput(
            "this page asks for guardrails, and this server has none; "
            "give them to CopilotRuntime(guardrails=[...])"
        )
    return agent


class _GuardedAgent:
    """May be called several times within its run; the user's message is checked once."""

    def __init__(self, agent: EventAgent, guardrails: Sequence[Guardrail], topics: Topics) -> None:
        self.name = agent.name
        self.description = agent.description
        self.calls_at_once = calls_at_once(agent)
        self._agent = agent
        self._guardrails = guardrails
        self._topics = topics
        self._agreed = False

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        if self._agreed:
            async with aclosing(self._agent.run(request)) as events:
                async for event in events:
                    yield event
            return
        verdict = _Verdict(asyncio.create_task(self._check(request)))
        try:
            async with (
                aclosing(self._agent.run(request)) as events,
                aclosing(verdict.beside(events)) as passed,
            ):
                async for event in passed:
                    if event["type"] in _COMPLETES:
                        await verdict.agreed()
                    yield event
                await verdict.agreed()
            self._agreed = True
        finally:
            await verdict.close()

    async def _check(self, request: RunAgentInput) -> None:
        for guardrail in self._guardrails:
            try:
                reason = await guardrail.check(request, self._topics)
            except Exception as error:  # user code: a guardrail
                logger.exception("a guardrail failed")
                raise GuardrailFailure from error
            if reason is not None:
                raise GuardrailDenied(reason)


class _Verdict:
    """The guardrails' decision, awaited beside an agent's events. `task` raises if they deny."""

    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task = task

    async def agreed(self) -> None:
        """Return when they agree; raises what they raise."""
        await asyncio.shield(self._task)

    async def beside(self, events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
        """The events as they come; the wait for one ends when the guardrails deny."""
        while not self._task.done():
            try:
                event = await self._next(events)
            except StopAsyncIteration:
                return
            yield event
        await self.agreed()
        async for event in events:
            yield event

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait((self._task,))
        if not self._task.cancelled():
            self._task.exception()  # it was raised before, or does not matter any more

    async def _next(self, events: AsyncIterator[Event]) -> Event:
        """The agent's own task waits, and is interrupted: what an agent holds open, it must close
        where it opened it.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as patience:
                waiting = True

                def interrupt(done: asyncio.Task[None]) -> None:
                    denied = not done.cancelled() and done.exception() is not None
                    if waiting and denied:
                        patience.reschedule(loop.time())

                self._task.add_done_callback(interrupt)
                try:
                    return await anext(events)
                finally:
                    waiting = False
                    self._task.remove_done_callback(interrupt)
        except TimeoutError:
            if patience.expired():
                await self.agreed()
            raise


def _conversation(request: RunAgentInput) -> list[dict[str, str]]:
    """The conversation up to the latest message of the user; empty if there is none."""
    conversation = []
    for message in request.messages:
        if message.role in ("user", "assistant"):
            conversation.append({"role": message.role, "content": text_of(message.content)})
    while conversation and conversation[-1]["role"] != "user":
        conversation.pop()
    return conversation


def _reason(answer: object) -> str | None:
    match answer:
        case {"status": "allowed"}:
            return None
        case {"status": "denied", **rest}:
            return str(rest.get("reason") or "This message is not allowed.")
    raise ValueError("the answer has neither status 'allowed' nor 'denied'")
