"""An AG2 agent in the same process: `uvicorn examples.ag2_app:app`.

Needs: pip install 'ag2[ag-ui,openai]'
"""

from collections.abc import AsyncIterator

from ag2 import Agent
from ag2.ag_ui import AGUIStream
from ag2.config import OpenAIConfig
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, create_app


def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


agent = Agent("default", config=OpenAIConfig("gpt-4o-mini", streaming=True), tools=[weather])


def answer(request: RunAgentInput) -> AsyncIterator[str]:
    """Tells the weather."""
    return AGUIStream(agent).dispatch(request)


app = create_app(CopilotRuntime(agents={"default": answer}))
