"""A saved state as a line of JSON, written and read: the format of export and import. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from agui_runtime.core.events import ThreadInfo
from agui_runtime.core.ids import fault_of
from agui_runtime.stores.base import AgentState
from agui_runtime.stores.shared.json_lines import as_line, read_line


def _thread_id(value: str) -> str:
    fault = fault_of(value) if value else "an id has at least one character"
    if fault is not None:
        raise PydanticCustomError("thread_id", "{fault}", {"fault": fault})
    return value


ThreadId = Annotated[str, AfterValidator(_thread_id)]

Name = Annotated[str, StringConstraints(min_length=1, max_length=400)]


@dataclass(frozen=True, slots=True)
class SavedStateLine:
    """What a line tells: a state, whose it is, and the thread's own agent."""

    thread_id: str
    owner: str
    thread_agent: str
    agent: str
    saved: AgentState


class _Message(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: str
    role: str


class _Line(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, strict=True)

    thread_id: ThreadId
    owner: str
    thread_agent: str
    agent: Name
    schema_version: int = Field(1, ge=1)
    state: Any
    messages: list[_Message] = []


def to_line(agent: str, thread: ThreadInfo, saved: AgentState) -> bytes:
    """The state as a line, newline included."""
    fields = {
        "threadId": thread.thread_id,
        "owner": thread.owner,
        "threadAgent": thread.agent,
        "agent": agent,
        "version": saved.version,
        "schemaVersion": saved.schema_version,
        "savedAt": saved.saved_at,
        "state": saved.state,
        "messages": list(saved.messages),
    }
    return as_line(fields)


def from_line(line: bytes) -> SavedStateLine:
    """Read a line back; raises InvalidInput. Its `version` and `savedAt` are for the reader."""
    parsed = read_line(line, _Line.model_validate)
    messages = [message.model_dump() for message in parsed.messages]
    saved = AgentState(parsed.state, messages, schema_version=parsed.schema_version)
    return SavedStateLine(parsed.thread_id, parsed.owner, parsed.thread_agent, parsed.agent, saved)
