"""The CopilotKit runtime in Python."""

from agui_runtime.actions import Action, action
from agui_runtime.app import create_app
from agui_runtime.callbacks import Callbacks, Turn
from agui_runtime.connectors.base import Agent, FunctionAgent, KeepsState, KeptState
from agui_runtime.connectors.transcription import Recording, TranscriptionService
from agui_runtime.errors import AgentFailure, AguiError, RunFailure
from agui_runtime.events import Caller, RunContext, Topics
from agui_runtime.guardrails import Guardrail, TopicChecker
from agui_runtime.hooks import Hook, RunReport
from agui_runtime.run import Limits, current_run
from agui_runtime.runtime import CopilotRuntime, Options
from agui_runtime.states import StateSchema, StateStoreManager
from agui_runtime.wires.copilotkit.annotate import Annotation, Recorded, Recorder
from agui_runtime.wires.copilotkit.options import WireOptions
from agui_runtime.wires.limits import ServerLimits
from agui_runtime.wrappers.drawing.pages import GenerativeUI

__all__ = [
    "Action",
    "Agent",
    "AgentFailure",
    "AguiError",
    "Annotation",
    "Callbacks",
    "Caller",
    "CopilotRuntime",
    "FunctionAgent",
    "GenerativeUI",
    "Guardrail",
    "Hook",
    "KeepsState",
    "KeptState",
    "Limits",
    "Options",
    "Recorded",
    "Recorder",
    "Recording",
    "RunContext",
    "RunFailure",
    "RunReport",
    "ServerLimits",
    "StateSchema",
    "StateStoreManager",
    "TopicChecker",
    "Topics",
    "TranscriptionService",
    "Turn",
    "WireOptions",
    "action",
    "create_app",
    "current_run",
]
