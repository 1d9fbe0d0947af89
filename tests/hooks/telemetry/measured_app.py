"""A runtime whose runs call tools, a delegate and a model, or fail, for the tests of telemetry."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

from ag_ui.core import RunAgentInput

from agui_runtime import AgentFailure, CopilotRuntime
from agui_runtime.hooks.hook import Hook
from tests.runtime.worlds import call, text

USAGE = [{"provider": "openai", "model": "gpt-4o-mini", "inputTokens": 1000, "outputTokens": 100}]


class Planner:
    """Calls two tools and a delegate, then answers."""

    name = "planner"
    description = "Plans"
    calls_at_once = True

    async def run(self, request: RunAgentInput) -> AsyncGenerator[Mapping[str, object], None]:
        if request.messages[-1].role == "tool":
            for event in text(f"m{len(request.messages)}", "Sunny."):
                yield event
            ids = {"threadId": request.thread_id, "runId": request.run_id}
            yield {"type": "RUN_FINISHED", **ids, "usage": USAGE}
            return
        for name, arguments in (("weather", '{"city": "Rome"}'), ("broken", "{}"), ("scout", "{}")):
            for event in call(f"c-{name}", name, arguments):
                yield event


async def scout(request: RunAgentInput) -> AsyncGenerator[Mapping[str, object], None]:
    """Looks around."""
    for event in text("s1", "All clear."):
        yield event


async def failing(request: RunAgentInput) -> AsyncGenerator[Mapping[str, object], None]:
    for event in text("f1", "Well"):
        yield event
    raise AgentFailure("not today", "NOT_TODAY")


def weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


def broken() -> str:
    """Does not work."""
    raise RuntimeError("out of order")


def runtime_with(*hooks: Hook) -> CopilotRuntime:
    """The agents `planner`, `scout` and `failing`, and the tools `weather` and `broken`."""
    return CopilotRuntime(
        agents={"default": Planner(), "scout": scout, "failing": failing},
        actions=[weather, broken],
        hooks=hooks,
    )
