"""LangGraph: graphs on a LangGraph server, over its HTTP API, and graphs in this process."""

from agui_runtime.connectors.langgraph.agent import LangGraphAgent
from agui_runtime.connectors.langgraph.inprocess import GraphAgent
from agui_runtime.connectors.langgraph.options import LangGraphOptions
from agui_runtime.connectors.shared.remote import RemoteOptions

__all__ = ["GraphAgent", "LangGraphAgent", "LangGraphOptions", "RemoteOptions"]
