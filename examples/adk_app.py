"""A Google ADK agent in the same process: `uvicorn examples.adk_app:app`.

Needs: pip install ag-ui-adk litellm==1.100.5 'mcp<2'
"""

from ag_ui_adk import ADKAgent, AGUIToolset
from google.adk.agents import LlmAgent
from google.adk.models.lite_llm import LiteLlm

from agui_runtime import CopilotRuntime, create_app


def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


tools = [weather, AGUIToolset()]
agent = LlmAgent(name="assistant", model=LiteLlm("openai/gpt-4o-mini"), tools=tools)
adapter = ADKAgent(adk_agent=agent, app_name="weather", user_id="anybody")
app = create_app(CopilotRuntime(agents={"default": adapter}))
