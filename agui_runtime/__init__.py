"""The CopilotKit runtime in Python."""

from agui_runtime.actions import Action, action
from agui_runtime.app import create_app
from agui_runtime.connectors.base import Agent, FunctionAgent
from agui_runtime.errors import AguiError
from agui_runtime.events import Caller, RunContext
from agui_runtime.hooks import Hook, RunReport
from agui_runtime.run import Limits, current_run
from agui_runtime.runtime import CopilotRuntime, Options

__all__ = [
    "Action",
    "Agent",
    "AguiError",
    "Caller",
    "CopilotRuntime",
    "FunctionAgent",
    "Hook",
    "Limits",
    "Options",
    "RunContext",
    "RunReport",
    "action",
    "create_app",
    "current_run",
]
