"""`/models`: each agent is a model."""

from __future__ import annotations

from agui_runtime.core.access import Resource
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.openai.exchange import OpenAIExchange
from agui_runtime.wires.openai.options import OpenAIOptions


class Models:
    """The handlers of `/models` and of what is below."""

    def __init__(self, runtime: CopilotRuntime, options: OpenAIOptions) -> None:
        self._runtime = runtime
        self._forwarded = options.server.forwarded

    async def all(self, exchange: OpenAIExchange) -> None:
        """Those that the caller may see."""
        found = await self._runtime.discover(exchange.run_context(self._forwarded, {}))
        await exchange.answer({"object": "list", "data": [_model(each.name) for each in found]})

    async def retrieve(self, exchange: OpenAIExchange, model: str) -> None:
        await self._runtime.find(model, exchange.run_context(self._forwarded, {}))
        await self._runtime.permissions.check(exchange.caller, "read", Resource(model))
        await exchange.answer(_model(model))


def _model(name: str) -> JsonObject:
    """Agents have no date; clients demand one."""
    return {"id": name, "object": "model", "created": 0, "owned_by": "agui_runtime"}
