"""Agents that every published client of OpenAI's protocols is tried with, and what it is to make of
them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime
from agui_runtime.core.errors import ModelFailure
from agui_runtime.core.events import Event
from tests.runtime.worlds import text
from tests.wires.openai.careful import Careful
from tests.wires.openai.server_calls import acting
from tests.wires.openai.serving import USAGE, Recorder, thought, two_calls


async def weather(request: RunAgentInput) -> AsyncIterator[Event]:
    """Calls the client's tool for two cities at once, then repeats what it returned."""
    results = [str(each.content) for each in request.messages if each.role == "tool"]
    made = text("m1", " and ".join(results)) if results else two_calls()
    for event in made:
        yield event


async def seeing(request: RunAgentInput) -> AsyncIterator[Event]:
    """Says what was attached."""
    content = request.messages[-1].content
    found = content if isinstance(content, list) else []
    kinds = [getattr(part, "type", "text") for part in found]
    for event in text("m1", f"I see: {', '.join(kinds)}"):
        yield event


async def failing(request: RunAgentInput) -> AsyncIterator[Event]:
    """Breaks off in the middle of its answer."""
    for event in text("m1", "Hel"):
        yield event
    raise ModelFailure("UNAVAILABLE", "the model broke off")


def a_runtime() -> CopilotRuntime:
    default = Recorder(
        *thought("Well", "."), *text("m1", "Hello ", "world"), end={"usage": [USAGE]}
    )
    agents = {"default": default, "weather": weather, "seeing": seeing, "failing": failing}
    agents |= {"careful": Careful(), "acting": acting()}
    return CopilotRuntime(agents)


MADE_OF_IT = {
    "text": "Hello world",
    "thought": "Well.",
    "tokens": 18,
    "tools": "sunny in Rome and sunny in Oslo",
    "seen": "I see: image",
}
"""By all clients that show what they think; what a failure becomes is each one's own."""
