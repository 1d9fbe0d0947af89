"""One run of an agent on another server, and what it amounts to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event, Message, RunContext, RunRequest
from agui_runtime.core.fold import fold
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.runtime.worlds import ANN, ran


@dataclass(frozen=True, slots=True)
class Told:
    """The events of one run, RUN_STARTED with the request's new messages among them."""

    events: Sequence[Event]

    @property
    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]

    @property
    def messages(self) -> list[Message]:
        return fold(self.events).messages

    @property
    def state(self) -> Any:  # noqa: ANN401  # JSON
        return fold(self.events).state

    @property
    def answers(self) -> list[str]:
        """What the agent said, message by message."""
        return self._contents("assistant")

    @property
    def thoughts(self) -> list[str]:
        return self._contents("reasoning")

    @property
    def results(self) -> list[str]:
        return self._contents("tool")

    @property
    def calls(self) -> list[tuple[str, str]]:
        """The names and arguments of the calls that the agent streamed."""
        started = [event for event in self.events if event["type"] == "TOOL_CALL_START"]
        return [(it["toolCallName"], self._arguments(it["toolCallId"])) for it in started]

    @property
    def end(self) -> Event:
        """The terminal event, which must be the only one, and the last."""
        ends = [it for it in self.events if it["type"] in {"RUN_FINISHED", "RUN_ERROR"}]
        assert ends == [self.events[-1]]
        return ends[0]

    def _arguments(self, call: str) -> str:
        pieces = [it for it in self.events if it["type"] == "TOOL_CALL_ARGS"]
        return "".join(it["delta"] for it in pieces if it["toolCallId"] == call)

    def _contents(self, role: str) -> list[str]:
        found = [it.get("content") for it in self.messages if it["role"] == role]
        return [content for content in found if isinstance(content, str) and content]


def user(text: str, identity: str = "u1") -> Message:
    return {"id": identity, "role": "user", "content": text}


def tool(name: str, *parameters: str) -> Mapping[str, Any]:
    """A tool of the front end's, with these texts as its parameters."""
    properties = {each: {"type": "string"} for each in parameters}
    schema = {"type": "object", "properties": properties, "required": list(parameters)}
    return {"name": name, "description": f"Does {name}", "parameters": schema}


async def hear(
    runtime: CopilotRuntime,
    *messages: Message,
    agent: str = "default",
    thread: str = "t1",
    **rest: Any,  # noqa: ANN401  # the other fields of the request
) -> Told:
    """Let the agent answer these messages."""
    asked = {"threadId": thread, "runId": "", "messages": messages, **rest}
    context = RunContext(ANN, "req-1", properties={"p": 1})
    request = RunRequest(RunAgentInput.model_validate(asked), context, agent)
    return Told(await ran(runtime, request))
