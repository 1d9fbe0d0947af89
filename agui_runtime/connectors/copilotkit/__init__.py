"""CopilotKit's remote endpoint: the protocol of its Python SDK, from the caller's side."""

from agui_runtime.connectors.copilotkit.endpoint import RemoteEndpoint

__all__ = ["RemoteEndpoint"]
