"""A graph behind CopilotKit's own adapter: `uvicorn examples.copilotkit_langgraph_app:app`.

Needs: pip install copilotkit 'ag-ui-langgraph[fastapi]' langchain-openai
"""

from copilotkit import CopilotKitState, LangGraphAGUIAgent
from langchain_core.runnables import RunnableConfig
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import StateGraph

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.connectors.langgraph import GraphAgent


async def chat(state: CopilotKitState, config: RunnableConfig) -> dict[str, list[object]]:
    """Answer, or call one of the front end's tools."""
    tools = state.get("copilotkit", {}).get("actions", [])
    model = ChatOpenAI(model="gpt-4o-mini").bind_tools(tools)
    return {"messages": [await model.ainvoke(state["messages"], config)]}


builder = StateGraph(CopilotKitState).add_node("chat", chat).set_entry_point("chat")
graph = builder.compile(checkpointer=MemorySaver())
adapter = LangGraphAGUIAgent(name="default", graph=graph)
app = create_app(CopilotRuntime(agents={"default": GraphAgent(adapter)}))
