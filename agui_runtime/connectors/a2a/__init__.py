"""Any A2A agent on another server as an agent, in the protocol's generations 1.0 and 0.3."""

from agui_runtime.connectors.a2a.agent import A2AAgent
from agui_runtime.connectors.shared.remote import RemoteOptions

__all__ = ["A2AAgent", "RemoteOptions"]
