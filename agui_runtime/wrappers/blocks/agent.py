"""Agents that say blocks: by calls of tools, which are answered here, or within their text."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from typing import Protocol

from ag_ui.core import RunAgentInput, Tool

from agui_runtime.agents.border import EventAgent, normal
from agui_runtime.agents.passes import Pass, accounted, continued
from agui_runtime.agents.tool_loop import MAX_PASSES
from agui_runtime.core.events import TERMINAL, Event
from agui_runtime.core.jsontext import Json
from agui_runtime.wrappers.blocks.calls import CalledBlocks
from agui_runtime.wrappers.blocks.guide import guide, guided
from agui_runtime.wrappers.blocks.history import note, with_lines, without_fallbacks
from agui_runtime.wrappers.blocks.options import Blocks, tool_of
from agui_runtime.wrappers.blocks.run_blocks import RunBlocks, blocks_of_run
from agui_runtime.wrappers.blocks.shown import Shown
from agui_runtime.wrappers.blocks.texts import WrittenBlocks
from agui_runtime.wrappers.drawing import Drawing, drawn_by
from agui_runtime.wrappers.popup import is_popup, without_activities

USUAL = Blocks()


class BlocksAgent(Drawing):
    """An agent that can show charts, tables, timelines and records, and kinds of a user's own.

    It is offered a tool for each kind. What it writes there is validated and shown as an activity;
    the call returns that it is shown, or what is wrong with it, so that the model writes it again,
    twice at most. In text (`Blocks(form="text")`) a block is a JSON object with a `type`; the next
    run has a line in its place. Whatever else the agent does passes.
    """

    draws = "blocks"

    def __init__(self, agent: object, options: Blocks = USUAL) -> None:
        super().__init__(agent)
        self._options = options
        self._tools = {kind: tool_of(kind, model) for kind, model in options.models.items()}
        self._guide = guide(options.models) if options.form == "text" else ""
        self._names = frozenset(tool.name for tool in self._tools.values())

    @normal
    def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        if is_popup(request):
            return without_activities(self.agent).run(request)
        by_tools = self._options.form == "tool"
        return self._with_tools(request) if by_tools else self._in_text(request)

    async def _in_text(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        run = blocks_of_run(request)
        models = self._options.models
        blocks = WrittenBlocks(Shown(self._options, run, repaired=False), run, models)
        behind = request.messages[-1].id if request.messages else ""
        given = guided(await with_lines(request), self._guide)
        async with aclosing(_through(self.agent.run(given), blocks)) as events:
            async for event in events:
                if event["type"] in TERMINAL:
                    await note(blocks.taken(behind))
                yield event
        await note(blocks.taken(behind))

    async def _with_tools(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        run = blocks_of_run(request)
        request = without_fallbacks(request)
        usage: list[Json] = []
        for number in range(1, MAX_PASSES + 1):
            current, shown = Pass(), Shown(self._options, run, repaired=True)
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
        emitted = _passed(self.agent.run(offered), current)
        async with aclosing(_through(emitted, calls)) as events:
            async for event in events:
                yield event

    def _offered(self, request: RunAgentInput, run: RunBlocks) -> Sequence[Tool]:
        """The tools, and those of blocks, without those that were refused too often."""
        others = [tool for tool in request.tools or () if tool.name not in self._names]
        own = [tool for kind, tool in self._tools.items() if not run.is_given_up(kind)]
        return [*others, *own]


def with_blocks(agent: EventAgent, options: Blocks) -> EventAgent:
    """The agent, which can say blocks, unless it can already."""
    return agent if BlocksAgent.draws in drawn_by(agent) else BlocksAgent(agent, options)


class _Reader(Protocol):
    """What makes blocks of an agent's events."""

    def through(self, event: Event) -> Iterator[Event]: ...

    def rest(self) -> AsyncIterator[Event]: ...

    def broken_off(self) -> Iterator[Event]: ...

    async def close(self) -> None: ...


async def _through(
    events: AsyncGenerator[Event, None], blocks: _Reader
) -> AsyncGenerator[Event, None]:
    """The events and the blocks in them, all of which end before the agent does."""
    ended = False
    try:
        async with aclosing(events):
            async for event in events:
                if event["type"] in TERMINAL and not ended:
                    ended = True
                    async for shown in blocks.rest():
                        yield shown
                for shown in blocks.through(event):
                    yield shown
        async for shown in blocks.rest():
            yield shown
    except Exception:  # user code: an agent may raise anything
        for shown in blocks.broken_off():
            yield shown
        raise
    finally:
        await blocks.close()


async def _passed(
    events: AsyncGenerator[Event, None], current: Pass
) -> AsyncGenerator[Event, None]:
    async with aclosing(events):
        async for event in events:
            if current.passes(event):
                yield event
