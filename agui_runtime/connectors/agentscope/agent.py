"""The agent over AgentScope: it loads the thread's state, runs, and saves the state."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from ag_ui.core import RunAgentInput
from agentscope.agent import Agent
from agentscope.message import ToolCallState
from agentscope.state import AgentState

from agui_runtime.agents.agent import current_run
from agui_runtime.connectors.agentscope.additions import equip
from agui_runtime.connectors.agentscope.approvals import answers, interrupt_id
from agui_runtime.connectors.agentscope.conversation import (
    AgentInputs,
    PausedRun,
    covered,
    inputs_of,
    keys,
    legible,
    news,
    restarted,
    settle,
)
from agui_runtime.connectors.agentscope.failures import model_failure
from agui_runtime.connectors.agentscope.reply import AgentScopeReply
from agui_runtime.connectors.agentscope.translator import AgentScopeTranslator
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Event, Message
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.requests import request_messages
from agui_runtime.off_loop import is_much, unless_long

Build: TypeAlias = Callable[[AgentState, RunAgentInput], Agent | Awaitable[Agent]]
"""Makes the agent for one run, out of the state that its last run on the thread left."""


@explains_arguments
class AgentScopeAgent:
    """Runs an agent that `build` makes anew for each run; models and MCP clients may be shared.

    The agent's state is kept by thread, so that tools which ask for permission can be approved
    later, after a restart or by another replica. Front ends never see it, and what they claim of
    approvals or of the agent's own tools is not believed. A conversation that was changed (an
    edited message, a regenerated answer) replaces the agent's own memory of it; what the agent may
    do without asking stays.
    """

    def __init__(
        self,
        build: Build,
        *,
        name: str = "agentscope",
        description: str = "",
        on_close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`on_close` lets go of what the agents share, when the runtime shuts down.

        Two of these on one thread (one as a tool of the other, or with a handoff) need names of
        their own.
        """
        self.name = name
        self.description = description or (inspect.getdoc(build) or "").split("\n")[0]
        self._build = build
        self._on_close = on_close

    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        """The events of one reply, or of its continuation.

        Raises ModelFailure for what the model's provider refuses, InvalidInput for an answer that
        fits no question, AgentFailure when the agent ends with an error.
        """
        sent = await unless_long(is_much(request.messages), _conversation, request)
        notes = current_run.get().notes if current_run.get(None) else None
        paused = PausedRun.read(await notes.read(self.name) if notes else None)
        agent = await self._built(paused, request, sent)
        turn = _turn(paused, agent, sent, request)
        translator = AgentScopeTranslator(request, {result.id for result in turn.results})
        reply = AgentScopeReply(agent, turn.inputs(agent))
        try:
            async for event in reply:
                for each in translator.feed(event):
                    yield each
        except Exception as error:  # user code: the agent, its models and tools
            if failure := model_failure(error, speaking=bool(translator.made)):
                failure.usage = translator.usage
                raise failure from failure.__cause__
            raise
        finally:
            await reply.end()
            if notes and reply.begun:
                settle(agent.state, agent.name)
                seen = [*covered(sent, agent.state, agent.name), *translator.made]
                pausing = PausedRun(agent.state, seen, turn.answered)
                await notes.write(self.name, pausing.written())
        state = agent.state
        for each in translator.end(state.get_awaiting_tool_calls(agent.name), state.reply_id):
            yield each

    async def close(self) -> None:
        """Let go of what the agents share."""
        if self._on_close is not None:
            await self._on_close()

    async def _built(
        self, paused: PausedRun, request: RunAgentInput, sent: Sequence[Message]
    ) -> Agent:
        made = self._build(paused.state, request)
        agent = await made if inspect.isawaitable(made) else made
        if agent.state is not paused.state:
            raise Misconfigured(f"build of agent {self.name!r} must pass its state on to the Agent")
        equip(agent, request, taken={*paused.seen, *keys(sent)})
        return agent


def _conversation(request: RunAgentInput) -> list[Message]:
    """The conversation without prompts, thoughts and activities."""
    return request_messages(request, {"user", "assistant", "tool"})


def _turn(
    paused: PausedRun, agent: Agent, sent: Sequence[Message], request: RunAgentInput
) -> AgentInputs:
    state, name, sent = agent.state, agent.name, legible(sent, agent)
    waiting = state.get_awaiting_tool_calls(name)
    asking = [call for call in waiting if call.state == ToolCallState.ASKING]
    approvals = answers(request, asking, state.reply_id, paused.answered)
    fresh = news(paused, sent)
    if approvals:
        answered = [interrupt_id(each.tool_call, state.reply_id) for each in approvals]
        return replace(inputs_of(fresh or (), agent), approvals=approvals, answered=answered)
    if request.resume:
        return AgentInputs(answered=paused.answered)  # the same answers again, after a failure
    if fresh is None:
        return restarted(state, sent, name)
    turn = inputs_of(fresh, agent)
    return turn if turn.messages else replace(turn, answered=paused.answered)
