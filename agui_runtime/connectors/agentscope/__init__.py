"""Agents built with AgentScope 2.x, run in this process or by its service. Importing this imports
AgentScope.
"""

import importlib.util

from agui_runtime.core.errors import MissingExtra

if importlib.util.find_spec("agentscope") is None:
    raise MissingExtra("AgentScopeAgent", "agentscope")

from agui_runtime.connectors.agentscope.agent import AgentScopeAgent
from agui_runtime.connectors.agentscope.process import AgentScopeProcess
from agui_runtime.connectors.agentscope.service import AgentScopeService
from agui_runtime.connectors.agentscope.service_agents import AgentScopeAgents

__all__ = ["AgentScopeAgent", "AgentScopeAgents", "AgentScopeProcess", "AgentScopeService"]
