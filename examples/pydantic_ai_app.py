"""A Pydantic AI agent in the same process: `uvicorn examples.pydantic_ai_app:app`.

Needs: pip install 'pydantic-ai-slim[ag-ui,openai]'
"""

from collections.abc import AsyncIterator

from ag_ui.core import BaseEvent, RunAgentInput
from pydantic_ai import Agent
from pydantic_ai.ui.ag_ui import AGUIAdapter

from agui_runtime import CopilotRuntime, create_app

agent = Agent("openai-chat:gpt-4o-mini")


@agent.tool_plain
def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


def answer(request: RunAgentInput) -> AsyncIterator[BaseEvent]:
    """Tells the weather."""
    return AGUIAdapter(agent=agent, run_input=request).run_stream()


app = create_app(CopilotRuntime(agents={"default": answer}))
