"""An agent of Microsoft's Agent Framework, for a runtime in another process:
`uvicorn examples.agent_framework_server:app --port 8100` in an environment of its own, and in the
runtime's `agents={"default": AGUIAgent("http://127.0.0.1:8100")}`.

Needs: pip install agent-framework-ag-ui agent-framework-openai uvicorn
"""

from agent_framework import Agent, tool
from agent_framework.openai import OpenAIChatCompletionClient
from agent_framework_ag_ui import add_agent_framework_fastapi_endpoint
from fastapi import FastAPI


@tool(approval_mode="never_require")
def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


agent = Agent(client=OpenAIChatCompletionClient(model="gpt-4o-mini"), tools=[weather])
app = FastAPI()
add_agent_framework_fastapi_endpoint(app, agent, "/", single_user=True)
