"""Tools of MCP servers, offered to agents like actions of this server. Its prompts and resources
are not used.
"""

from agui_runtime.connectors.mcp.servers import McpServers
from agui_runtime.connectors.mcp.session import McpServer

__all__ = ["McpServer", "McpServers"]
