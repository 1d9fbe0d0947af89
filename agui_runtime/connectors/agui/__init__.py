"""Any AG-UI endpoint on another server as an agent."""

from agui_runtime.connectors.agui.agent import AGUIAgent

__all__ = ["AGUIAgent"]
