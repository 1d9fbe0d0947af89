"""A Strands agent in the same process: `uvicorn examples.strands_app:app`.

Needs: pip install ag-ui-strands 'strands-agents[openai]'
"""

from ag_ui_strands import StrandsAgent
from strands import Agent, tool
from strands.models.openai import OpenAIModel

from agui_runtime import CopilotRuntime, create_app


@tool
def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


agent = Agent(model=OpenAIModel(model_id="gpt-4o-mini"), tools=[weather])
adapter = StrandsAgent(agent, name="default", description="Tells the weather.")
app = create_app(CopilotRuntime(agents={"default": adapter}))
