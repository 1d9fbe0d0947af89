"""The CopilotKit runtime in Python."""

from agui_runtime.agents.actions import Action, action
from agui_runtime.agents.agent import Agent, KeepsState, KeptState
from agui_runtime.agents.border import FunctionAgent, wrap
from agui_runtime.app import create_app
from agui_runtime.connectors.transcription import Recording, TranscriptionService
from agui_runtime.core.errors import AgentFailure, AguiError, RunFailure
from agui_runtime.core.events import Caller, RunContext, Topics
from agui_runtime.hooks.callbacks import Callbacks, Turn
from agui_runtime.hooks.hook import Hook, RunReport
from agui_runtime.runs.deadlines import RunLimits
from agui_runtime.runs.run import current_run
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.states import StateSchema, StateStoreManager
from agui_runtime.wires.agui.annotate import Annotation, Recorded, Recorder
from agui_runtime.wires.agui.options import WireOptions
from agui_runtime.wires.shared.limits import ServerLimits
from agui_runtime.wrappers.drawing.pages import GenerativeUI
from agui_runtime.wrappers.guardrails import Guardrail, TopicChecker

Limits = RunLimits  # the name of earlier releases

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
    "RunLimits",
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
    "wrap",
]
