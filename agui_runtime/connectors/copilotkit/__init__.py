"""CopilotKit's remote endpoint: the protocol of its Python SDK, from the caller's side."""

from agui_runtime.connectors.copilotkit.endpoint import RemoteEndpoint
from agui_runtime.connectors.shared.remote import RemoteOptions

__all__ = ["RemoteEndpoint", "RemoteOptions"]
