"""Agents that say blocks: by calls of tools, which are answered here."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from ag_ui.core import RunAgentInput, Tool

from agui_runtime.agents.border import EventAgent, normal
from agui_runtime.agents.passes import Pass, accounted, continued
from agui_runtime.agents.tool_loop import MAX_PASSES
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json
from agui_runtime.wrappers.blocks.calls import CalledBlocks
from agui_runtime.wrappers.blocks.options import Blocks, tool_of
from agui_runtime.wrappers.blocks.run_blocks import RunBlocks, blocks_of_run
from agui_runtime.wrappers.blocks.shown import Shown
from agui_runtime.wrappers.drawing import Drawing, drawn_by
from agui_runtime.wrappers.popup import is_popup, without_activities

USUAL = Blocks()


class BlocksAgent(Drawing):
    """An agent that can show charts, tables, timelines and records, and kinds of a user's own.

    It is offered a tool for each kind. What it writes there is validated and shown as an activity;
    the call returns that it is shown, or what is wrong with it, so that the model writes it again,
    twice at most. Whatever else it does passes.
    """

    draws = "blocks"

    def __init__(self, agent: object, options: Blocks = USUAL) -> None:
        super().__init__(agent)
        self._options = options
        self._tools = {kind: tool_of(kind, model) for kind, model in options.models.items()}
        self._names = frozenset(tool.name for tool in self._tools.values())

    @normal
    def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        if is_popup(request):
            return without_activities(self.agent).run(request)
        return self._with_tools(request)

    async def _with_tools(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        run = blocks_of_run(request)
        usage: list[Json] = []
        for number in range(1, MAX_PASSES + 1):
            current, shown = Pass(), Shown(self._options, run)
            calls = CalledBlocks(shown, run, self._tools)
            with accounted(usage):
                async with aclosing(self._emitted(request, run, current, calls)) as events:
                    async for event in events:
                        yield event
            usage += current.usage
            pending = current.unanswered()
            results = list(calls.results(pending))
            for result in results:
                current.note(result)
                yield result
            if not results or len(results) < len(pending) or current.awaited:
                break
            if number < MAX_PASSES:
                request = continued(request, current.fold.messages)
        for event in current.end(usage):
            yield event

    async def _emitted(
        self, request: RunAgentInput, run: RunBlocks, current: Pass, calls: CalledBlocks
    ) -> AsyncGenerator[Event, None]:
        """What the agent emits in one pass, with its blocks, without its end."""
        offered = request.model_copy(update={"tools": self._offered(request, run)})
        try:
            async with aclosing(self.agent.run(offered)) as events:
                async for event in events:
                    if current.passes(event):
                        for shown in calls.through(event):
                            yield shown
            async for shown in calls.rest():
                yield shown
        except Exception:  # user code: an agent may raise anything
            for shown in calls.broken_off():
                yield shown
            raise
        finally:
            await calls.close()

    def _offered(self, request: RunAgentInput, run: RunBlocks) -> Sequence[Tool]:
        """The tools, and those of blocks, without those that were refused too often."""
        others = [tool for tool in request.tools or () if tool.name not in self._names]
        own = [tool for kind, tool in self._tools.items() if not run.is_given_up(kind)]
        return [*others, *own]


def with_blocks(agent: EventAgent, options: Blocks) -> EventAgent:
    """The agent, which can say blocks, unless it can already."""
    return agent if BlocksAgent.draws in drawn_by(agent) else BlocksAgent(agent, options)
