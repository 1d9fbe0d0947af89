"""A LangGraph graph in the same process: `uvicorn examples.langgraph_app:app`.

Needs: pip install 'ag-ui-langgraph[fastapi]' langchain-openai
"""

from ag_ui_langgraph import LangGraphAgent
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import MemorySaver
from langgraph.prebuilt import create_react_agent

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.connectors.langgraph import GraphAgent


def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


graph = create_react_agent(ChatOpenAI(model="gpt-4o-mini"), [weather], checkpointer=MemorySaver())
adapter = LangGraphAgent(name="default", graph=graph)
app = create_app(CopilotRuntime(agents={"default": GraphAgent(adapter)}))
