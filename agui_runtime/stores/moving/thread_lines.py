"""Threads as lines of JSON, written and read: the format of export and import. No I/O.

A thread is a line of its own, then come its runs, oldest first, then its saved states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.event_shape import is_event
from agui_runtime.core.events import Event, RunInfo, ThreadInfo
from agui_runtime.core.ids import fault_of
from agui_runtime.stores.base import AgentState
from agui_runtime.stores.shared.json_lines import as_line, read_line


@dataclass(frozen=True, slots=True)
class ThreadLine:
    thread: ThreadInfo
    kind: Literal["thread"] = "thread"


@dataclass(frozen=True, slots=True)
class RunLine:
    run: RunInfo
    events: Sequence[dict[str, Any]]
    kind: Literal["run"] = "run"


@dataclass(frozen=True, slots=True)
class StateLine:
    thread_id: str
    agent: str
    state: Any = None
    messages: Sequence[dict[str, Any]] = field(default_factory=list)
    schema_version: int = 1
    replaced: Sequence[str] = ()
    kind: Literal["state"] = "state"

    @property
    def saved(self) -> AgentState:
        return AgentState(
            self.state,
            self.messages,
            schema_version=self.schema_version,
            replaced=self.replaced,
        )


Line: TypeAlias = ThreadLine | RunLine | StateLine

_LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="kind")])


def thread_line(thread: ThreadInfo) -> bytes:
    return _text(ThreadLine(thread))


def run_line(run: RunInfo, events: Sequence[Event]) -> bytes:
    return _text(RunLine(run, events))


def state_line(thread_id: str, agent: str, saved: AgentState) -> bytes:
    found = (saved.state, list(saved.messages), saved.schema_version, list(saved.replaced))
    return _text(StateLine(thread_id, agent, *found))


def line_of(text: bytes) -> Line:
    """Read a line back; raises InvalidInput."""
    line = read_line(text, _LINE.validate_python)
    fault = fault_of(thread_of(line))
    if fault is not None:
        raise InvalidInput(f"thread_id: {fault}")
    if isinstance(line, RunLine) and not all(map(is_event, line.events)):
        raise InvalidInput("events: not all of them are AG-UI events")
    return line


def thread_of(line: Line) -> str:
    """The thread that the line belongs to."""
    if isinstance(line, ThreadLine):
        return line.thread.thread_id
    return line.run.thread_id if isinstance(line, RunLine) else line.thread_id


def _text(line: Line) -> bytes:
    return as_line({"kind": line.kind} | asdict(line))
