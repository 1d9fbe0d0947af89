"""Server-side actions: Python functions that an agent may call as tools, carried out during its
run.

`with_actions` wraps an agent; connectors know nothing of actions, they only see more tools.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

import orjson
from ag_ui.core import Message as AnyMessage, RunAgentInput, Tool
from pydantic import BaseModel, TypeAdapter, ValidationError, create_model
from pydantic.errors import PydanticUserError

from agui_runtime.connectors.base import Agent, AgentEvent, closing, decoded
from agui_runtime.errors import Misconfigured
from agui_runtime.events import TERMINAL, Event, Message
from agui_runtime.fold import Fold

logger = logging.getLogger(__name__)

MAX_STEPS = 10
"""So often an agent may go on after its actions within one run."""


@dataclass(frozen=True, slots=True)
class Action:
    """A function offered to models under a name, with a pydantic model of its arguments.

    `return_direct`: the result is also shown to the user, as the answer.
    """

    name: str
    description: str
    arguments: type[BaseModel]
    function: Callable[..., Any]
    return_direct: bool = False

    @property
    def tool(self) -> Tool:
        """The action as agents see it."""
        parameters = _untitled(self.arguments.model_json_schema())
        return Tool(name=self.name, description=self.description, parameters=parameters)

    async def call(self, arguments: str) -> str:
        """Carry it out; text results are returned as they are, None as "", the rest as JSON.

        Bad arguments and exceptions are results too, so that the model can react, in the
        reference's form: `{"error": {"code": "INVALID_ARGUMENTS" | "HANDLER_ERROR", "message":
        ...}, "result": ""}`.
        """
        try:
            given = self.arguments.model_validate_json(arguments or "{}")
        except ValidationError as error:
            return _failure("INVALID_ARGUMENTS", _first_fault(error))
        values = {name: getattr(given, name) for name in self.arguments.model_fields}
        try:
            return _encoded(await self._invoke(values))
        except Exception as error:  # an action is the user's code and may raise anything
            logger.exception("action %s failed", self.name)
            return _failure("HANDLER_ERROR", str(error))

    async def _invoke(self, values: Mapping[str, Any]) -> object:
        if inspect.iscoroutinefunction(self.function):
            return await self.function(**values)
        return await asyncio.to_thread(self.function, **values)


def action(
    function: Callable[..., Any], *, name: str | None = None, return_direct: bool = False
) -> Action:
    """Make an Action of a function with typed parameters; its docstring tells the model what it
    does.

    Describe a parameter with `Annotated[str, Field(description=...)]`. A plain function runs in a
    thread. Raises Misconfigured if pydantic cannot make a schema of a parameter.
    """
    name = name or function.__name__
    try:
        arguments = create_model(name, **_fields(function))
        arguments.model_json_schema()
    except (PydanticUserError, NameError, TypeError) as error:
        raise Misconfigured(f"action {name!r} cannot be described: {error}") from error
    return Action(name, inspect.getdoc(function) or "", arguments, function, return_direct)


def with_actions(agent: Agent, actions: Sequence[Action], follow_up: bool) -> Agent:
    """The agent, with the actions among its tools; calls that it leaves to us are carried out.

    With `follow_up` the agent is run again with the results, until it makes no such call.
    """
    return _ActingAgent(agent, actions, follow_up) if actions else agent


class _ActingAgent:
    def __init__(self, agent: Agent, actions: Sequence[Action], follow_up: bool) -> None:
        self.name = agent.name
        self.description = agent.description
        self._agent = agent
        self._actions = {each.name: each for each in actions}
        self._steps = MAX_STEPS if follow_up else 1

    async def run(self, request: RunAgentInput) -> AsyncIterator[AgentEvent]:
        request = request.model_copy(update={"tools": self._tools(request)})
        usage: list[Any] = []
        for number in range(1, self._steps + 1):
            step = _Step()
            async with closing(self._agent.run(request)) as items:
                async for item in items:
                    for event in step.through(decoded(item)):
                        yield event
            pending = step.unanswered()
            ours = [call for call in pending if call["function"]["name"] in self._actions]
            async for event in self._carry_out(ours):
                step.fold.feed(event)
                yield event
            usage += step.usage
            if not ours or ours != pending or number == self._steps:
                break
            request = _continued(request, step.fold.messages)
        for event in step.end(usage):
            yield event

    def _tools(self, request: RunAgentInput) -> list[Tool]:
        """Ours come first and win over the front end's of the same name."""
        others = [tool for tool in request.tools or [] if tool.name not in self._actions]
        return [each.tool for each in self._actions.values()] + others

    async def _carry_out(self, calls: Sequence[Mapping[str, Any]]) -> AsyncIterator[Event]:
        """Results in the order of the calls; the actions of one step run side by side."""
        functions = [call["function"] for call in calls]
        tasks = [
            asyncio.create_task(self._actions[each["name"]].call(each["arguments"]))
            for each in functions
        ]
        try:
            for call, task in zip(calls, tasks, strict=True):
                content = await task
                yield _result(call["id"], content)
                if self._actions[call["function"]["name"]].return_direct:
                    for event in _said(f"{call['id']}-answer", content):
                        yield event
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _fields(function: Callable[..., Any]) -> dict[str, Any]:
    hints = get_type_hints(function, include_extras=True)
    fields = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise TypeError(f"{parameter} cannot be given by name")
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hints.get(parameter.name, Any), default)
    return fields


class _Step:
    """One pass of the agent: what it said, and the end it wanted, held back until the actions are
    done.
    """

    def __init__(self) -> None:
        self.fold = Fold()
        self._terminal: Event | None = None

    @property
    def usage(self) -> Sequence[Any]:
        return (self._terminal or {}).get("usage") or ()

    def through(self, events: Sequence[Event]) -> Sequence[Event]:
        passed = []
        for event in events:
            if event["type"] in TERMINAL:
                self._terminal = event
            else:
                self.fold.feed(event)
                passed.append(event)
        return passed

    def unanswered(self) -> list[Mapping[str, Any]]:
        """The calls that nobody answered, the browser's among them; none if the agent failed or
        waits.
        """
        terminal = self._terminal or {}
        if terminal.get("type") == "RUN_ERROR" or "interrupts" in (terminal.get("outcome") or {}):
            return []
        return list(self.fold.open_tool_calls)

    def end(self, usage: Sequence[Any]) -> list[Event]:
        """The agent's own end, if it said one, with the usage of all passes."""
        if self._terminal is None:
            return []
        return [self._terminal | ({"usage": list(usage)} if usage else {})]


def _continued(request: RunAgentInput, said: Sequence[Message]) -> RunAgentInput:
    messages = _MESSAGES.validate_python([*request.messages, *said])
    return request.model_copy(update={"messages": messages})


def _result(call_id: str, content: str) -> Event:
    ids = {"messageId": f"result-{call_id}", "toolCallId": call_id}
    return {"type": "TOOL_CALL_RESULT", **ids, "content": content, "role": "tool"}


def _said(message_id: str, text: str) -> list[Event]:
    return [
        {"type": "TEXT_MESSAGE_START", "messageId": message_id, "role": "assistant"},
        {"type": "TEXT_MESSAGE_CONTENT", "messageId": message_id, "delta": text},
        {"type": "TEXT_MESSAGE_END", "messageId": message_id},
    ]


def _encoded(result: object) -> str:
    if result is None:
        return ""
    return result if isinstance(result, str) else _ANYTHING.dump_json(result).decode()


def _failure(code: str, message: str) -> str:
    return orjson.dumps({"error": {"code": code, "message": message}, "result": ""}).decode()


def _first_fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]


def _untitled(schema: object) -> object:
    """The schema without pydantic's titles, which only cost tokens."""
    if isinstance(schema, list):
        return [_untitled(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    titled = isinstance(schema.get("title"), str)
    return {
        key: _untitled(value) for key, value in schema.items() if not (titled and key == "title")
    }


_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)
_MESSAGES: TypeAdapter[list[AnyMessage]] = TypeAdapter(list[AnyMessage])
