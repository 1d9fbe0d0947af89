"""What front ends request first: which agents there are, and what this runtime can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from agui_runtime.agents.agent import Agent
from agui_runtime.runtime.catalog import AgentInfo, described
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.exchange import AguiExchange
from agui_runtime.wires.agui.options import AguiOptions

THREAD_ENDPOINTS = {"list": True, "inspect": True, "mutations": True, "realtimeMetadata": False}


class Info:
    """`/info`. It names no licences or entitlements: there are none."""

    def __init__(self, runtime: CopilotRuntime, options: AguiOptions) -> None:
        self._runtime = runtime
        self._options = options
        self._version = version("agui-runtime")  # reads a file

    async def info(self, exchange: AguiExchange) -> None:
        """The agents and the abilities of this runtime.

        In an envelope it adds that threads can be requested in envelopes, too.
        """
        context = exchange.run_context({}, self._options.server.forwarded)
        described = self._described((await self._runtime.catalog(context)).agents)
        remembers = self._runtime.owned_memory.is_there_for(exchange.caller)
        description = {**described, "memoryEnabled": remembers}
        if exchange.enveloped:
            reached = {"resourceOperations": True, "threadEndpoints": THREAD_ENDPOINTS}
            description = {**description, "singleRoute": reached}
        await exchange.answer(description)

    def _described(self, agents: Mapping[str, Agent]) -> Mapping[str, Any]:
        return {
            "version": self._version,
            "agents": _by_name(described(agents)),
            "audioFileTranscriptionEnabled": self._options.transcription is not None,
            "mode": "sse",
            "threadEndpoints": THREAD_ENDPOINTS,
            "suggestions": True,
            **self._drawing(agents),
            "telemetryDisabled": True,
        }

    def _drawing(self, agents: Mapping[str, Agent]) -> Mapping[str, Any]:
        """Which agents always draw, so that pages load what shows it, and describe their catalog to
        these; without names, to all.
        """
        drawing = self._runtime.options.generative_ui
        drawn = drawing.always(agents)
        surfaces = [name for name, kinds in drawn.items() if "a2ui" in kinds]
        open_ui = any("open-generative-ui" in kinds for kinds in drawn.values())
        flags = {"a2uiEnabled": bool(surfaces), "openGenerativeUIEnabled": open_ui}
        if not surfaces:
            return flags
        named = {} if drawing.all_draw_surfaces else {"agents": surfaces}
        return {**flags, "a2ui": {"enabled": True, **named}}


def _by_name(agents: Sequence[AgentInfo]) -> Mapping[str, Any]:
    return {
        each.name: {
            "name": each.name,
            "description": each.description,
            "className": each.class_name,
            **({"capabilities": each.capabilities} if each.capabilities else {}),
        }
        for each in agents
    }
