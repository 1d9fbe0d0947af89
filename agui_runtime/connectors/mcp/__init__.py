"""Tools of MCP servers, offered to agents like actions of this server. Their pages are shown by
`wrappers.mcp_apps`; their prompts and other resources are not used.
"""

from agui_runtime.connectors.mcp.servers import McpServers
from agui_runtime.connectors.mcp.session import McpServer

__all__ = ["McpServer", "McpServers"]
