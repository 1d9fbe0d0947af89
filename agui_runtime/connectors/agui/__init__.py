"""Any AG-UI endpoint on another server as an agent."""

from agui_runtime.connectors.agui.agent import AGUIAgent
from agui_runtime.connectors.shared.remote import RemoteOptions

__all__ = ["AGUIAgent", "RemoteOptions"]
