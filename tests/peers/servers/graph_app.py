"""Our runtime over the graph of `langgraph_dev` in its own process, behind either adapter."""

from ag_ui_langgraph import LangGraphAgent
from copilotkit import LangGraphAGUIAgent
from langgraph.checkpoint.memory import MemorySaver

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.connectors.langgraph import GraphAgent
from tests.peers.servers.langgraph_dev.graph import builder

graph = builder.compile(checkpointer=MemorySaver())
ADAPTERS = {
    "ag-ui": LangGraphAgent(name="ag-ui", graph=graph),
    "state_agent": LangGraphAgent(name="state_agent", graph=graph),  # the name that a page asks for
    "copilotkit": LangGraphAGUIAgent(name="copilotkit", graph=graph),
    "structured": LangGraphAgent(name="structured", graph=graph, emit_interrupt_outcome=True),
}
app = create_app(CopilotRuntime({name: GraphAgent(each) for name, each in ADAPTERS.items()}))
