"""The names that users import, from `agui_runtime` itself: it loads them when one is used."""

from agui_runtime.agents.actions import Action, action
from agui_runtime.agents.agent import Agent, KeepsState, KeptState
from agui_runtime.agents.border import FunctionAgent, wrap
from agui_runtime.app import create_app
from agui_runtime.arguments import WireOptions
from agui_runtime.authentication import BearerTokens, JsonWebTokens, TokenRules, TrustedProxy
from agui_runtime.connectors.transcription import Recording, TranscriptionService
from agui_runtime.core.access import Access, Authorize, Resource
from agui_runtime.core.errors import AgentFailure, AguiError, Misconfigured, RunFailure
from agui_runtime.core.events import Caller, RunContext, Topics
from agui_runtime.core.prices import PriceTable
from agui_runtime.core.schedules import Recurrence
from agui_runtime.core.totals import Usage
from agui_runtime.hooks.callbacks import Callbacks, Turn
from agui_runtime.hooks.hook import Hook, RunReport
from agui_runtime.memories.memory import Memory
from agui_runtime.runs.deadlines import RunLimits
from agui_runtime.runs.run import current_run
from agui_runtime.runtime.allowance import Budget
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.states import StateSchema, StateStoreManager
from agui_runtime.wires.a2a.wire import A2AWire
from agui_runtime.wires.agui.annotate import Annotation, Recorded, Recorder
from agui_runtime.wires.agui.wire import AguiWire
from agui_runtime.wires.copilotkit_remote.wire import CopilotKitRemoteWire
from agui_runtime.wires.graphql.engine.limits import OperationLimits
from agui_runtime.wires.graphql.wire import GraphQLWire
from agui_runtime.wires.mcp.wire import McpWire
from agui_runtime.wires.openai.wire import OpenAIWire
from agui_runtime.wires.rest.wire import RestWire
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.limits import ServerLimits
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.sockets import SocketLimits
from agui_runtime.wires.shared.wire import Wire, WireRoute
from agui_runtime.wires.ui.wire import UiWire
from agui_runtime.wires.websocket.wire import WebSocketWire
from agui_runtime.wrappers.blocks.kinds import Block
from agui_runtime.wrappers.blocks.options import Blocks
from agui_runtime.wrappers.drawing.pages import GenerativeUI
from agui_runtime.wrappers.guardrails import Guardrail, TopicChecker

Limits = RunLimits  # the name of earlier releases

__all__ = [
    "A2AWire",
    "Access",
    "Action",
    "Agent",
    "AgentFailure",
    "AguiError",
    "AguiWire",
    "Annotation",
    "Authorize",
    "BearerTokens",
    "Block",
    "Blocks",
    "BodyLimits",
    "Budget",
    "Callbacks",
    "Caller",
    "CopilotKitRemoteWire",
    "CopilotRuntime",
    "FunctionAgent",
    "GenerativeUI",
    "GraphQLWire",
    "Guardrail",
    "Hook",
    "JsonWebTokens",
    "KeepsState",
    "KeptState",
    "Limits",
    "McpWire",
    "Memory",
    "Misconfigured",
    "OpenAIWire",
    "OperationLimits",
    "Options",
    "PriceTable",
    "Recorded",
    "Recorder",
    "Recording",
    "Recurrence",
    "Resource",
    "RestWire",
    "RunContext",
    "RunFailure",
    "RunLimits",
    "RunReport",
    "ServerLimits",
    "ServerOptions",
    "SocketLimits",
    "StateSchema",
    "StateStoreManager",
    "TokenRules",
    "TopicChecker",
    "Topics",
    "TranscriptionService",
    "TrustedProxy",
    "Turn",
    "UiWire",
    "Usage",
    "WebSocketWire",
    "Wire",
    "WireOptions",
    "WireRoute",
    "action",
    "create_app",
    "current_run",
    "wrap",
]
