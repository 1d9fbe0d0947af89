"""What clients send to the agent routes, as models: read by these and described by them. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, TypeVar

from ag_ui.core import Context, Message, ResumeEntry, RunAgentInput, Tool
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic.alias_generators import to_camel

from agui_runtime.core.errors import InvalidInput, first_fault
from agui_runtime.core.ids import MAX_ID
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.memories.entries import Tier
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.run_inputs import run_input, with_ids

Id = Annotated[str, Field(min_length=1, max_length=MAX_ID)]

C = TypeVar("C", bound=BaseModel)


class _Command(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, defer_build=True
    )


class RunCommand(_Command):
    """A run to start. Without `threadId` it begins a thread, without `runId` it has an id of the
    server's making; with one, the same command again is the same run. A message without an `id` is
    given one. `tools` are those that the client carries out itself.
    """

    thread_id: Id | None = None
    run_id: Id | None = None
    agent: str = "default"
    messages: list[Message]
    state: JsonValue = None
    tools: list[Tool] = []
    context: list[Context] = []
    forwarded_props: dict[str, JsonValue] = {}


class ResumeCommand(_Command):
    """Answers to what a run waits for, by the ids of its interrupts. The answer is a run of its
    own on the thread; the same command again is the same run. The rest is as in RunCommand.
    """

    thread_id: Id
    run_id: Id | None = None
    resume: list[ResumeEntry] = Field(min_length=1)
    state: JsonValue = None
    tools: list[Tool] = []
    context: list[Context] = []
    forwarded_props: dict[str, JsonValue] = {}


class StopCommand(_Command):
    """The thread on which the run is to be stopped."""

    thread_id: Id


class ScheduleCommand(_Command):
    """Runs that are to recur. `cron` has five fields: minute, hour, day of the month, month, day of
    the week, by the clocks of `zone`. Without `threadId` each run begins a thread. `properties` are
    as a front end's; headers are not stored.
    """

    cron: str
    message: str
    agent: str = "default"
    zone: str = "UTC"
    thread_id: Id | None = None
    properties: dict[str, JsonValue] = {}


class RememberCommand(_Command):
    """Something to remember, in one sentence. Core and episodic memory need a `key`: the name of
    the value, for example `language`, and that of the summary. `entity` is what a fact is about, if
    not the user.
    """

    tier: Tier
    text: str
    key: str = ""
    entity: str = ""


class CorrectCommand(_Command):
    """What an entry is to say from now on."""

    text: str


def command_in(model: type[C], payload: object) -> C:
    """The command in a body; raises InvalidInput, which names the first fault."""
    if not isinstance(payload, dict):
        raise InvalidInput(f"the body must be a JSON object, a {model.__name__}")
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        raise InvalidInput(first_fault(error)) from None


def input_in(payload: object, limits: BodyLimits) -> tuple[str, RunAgentInput]:
    """The agent's name and the run's input of a RunCommand; raises InvalidInput and TooLarge."""
    if not isinstance(payload, dict):
        raise InvalidInput("the body must be a JSON object, a RunCommand")
    known = {field.alias or name for name, field in RunCommand.model_fields.items()}
    if unknown := sorted(payload.keys() - known):
        raise InvalidInput(f"{unknown[0]}: a RunCommand has {', '.join(sorted(known))}")
    agent = payload.get("agent") or "default"
    if not isinstance(agent, str):
        raise InvalidInput("agent: give a name")
    rest = {key: it for key, it in payload.items() if key != "agent" and it is not None}
    return agent, run_input({**_NO_IDS, **rest, "messages": with_ids(rest.get("messages"))}, limits)


def resuming_input(
    command: ResumeCommand, run_id: str, messages: Sequence[Mapping[str, Json]]
) -> RunAgentInput:
    """The input of the run that goes on from these messages with the command's answers."""
    given: JsonObject = command.model_dump(mode="json", by_alias=True)
    return run_input({**given, "runId": run_id, "messages": list(messages)})


def resuming_id(thread_id: str, run_id: str) -> str:
    """That of the run which answers this one, where the client names none: always the same."""
    return str(uuid.uuid5(_RESUMING, f"{thread_id}\n{run_id}"))


_NO_IDS = {"threadId": "", "runId": ""}

_RESUMING = uuid.UUID("5c0b1a52-7f0e-5f5c-9d38-2d0d3f6f7a11")
