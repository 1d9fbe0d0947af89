"""Server-side actions: Python functions that an agent may call as tools, and tools of other
servers.

`tool_loop` carries them out during a run; nothing here knows of runs.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, get_type_hints

import orjson
from ag_ui.core import Tool
from pydantic import BaseModel, TypeAdapter, ValidationError, create_model
from pydantic.errors import PydanticUserError

from agui_runtime.agents.agent import OfferedTool, ResultParts, ShownResult
from agui_runtime.core import jsontext
from agui_runtime.core.call_results import failure_text
from agui_runtime.core.errors import AguiError, Misconfigured, first_fault
from agui_runtime.core.jsontext import Json, JsonObject, copied
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.observation import note_failure
from agui_runtime.off_loop import in_a_thread, is_cancelled

logger = logger_of(__name__)


ActionResult: TypeAlias = str | ResultParts | ShownResult


class ServerAction(Protocol):
    """What agents may call on this server, as models see it and as it is carried out."""

    @property
    def name(self) -> str: ...

    @property
    def tool(self) -> Tool: ...

    @property
    def return_direct(self) -> bool:
        """The result is also shown to the user, as the answer."""

    async def call(self, arguments: str) -> ActionResult:
        """The result for the model, of the JSON text of an object. Failures are results too; it
        raises nothing.
        """


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
    _parameters: object = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Once: it takes longer than a short run, and leaves a kilobyte in cycles.
        schema = _untitled(self.arguments.model_json_schema())
        object.__setattr__(self, "_parameters", schema)

    @property
    def tool(self) -> Tool:
        """The action as agents see it, each time one of its own: some change it."""
        parameters = copied(self._parameters)
        return Tool(name=self.name, description=self.description, parameters=parameters)

    async def call(self, arguments: str) -> str | ResultParts:
        """Carry it out; text results are returned as they are, None as "", the rest as JSON.

        Bad arguments (INVALID_ARGUMENTS) and exceptions (HANDLER_ERROR) are results too, see
        `failed`, so that the model can react.
        """
        try:
            given = self.arguments.model_validate_json(jsontext.respelt(arguments or "{}"))
        except ValidationError as error:
            return failed("INVALID_ARGUMENTS", first_fault(error))
        values = {name: getattr(given, name) for name in self.arguments.model_fields}
        try:
            return _encoded(await self._invoke(values))
        except (KeyboardInterrupt, GeneratorExit):  # the process ends, or this coroutine
            raise
        except BaseException as error:  # user code: an action, which may raise anything
            if isinstance(error, asyncio.CancelledError) and is_cancelled():
                raise
            logger.exception("action %s failed", self.name)
            return failed("HANDLER_ERROR", str(error) or repr(error))

    async def _invoke(self, values: Mapping[str, Json]) -> object:
        if inspect.iscoroutinefunction(self.function):
            return await self.function(**values)
        return await in_a_thread(self.function, **values)


@dataclass(frozen=True, slots=True)
class OfferedAction:
    """A remote's tool as an action: its arguments are checked where it is carried out."""

    offered: OfferedTool
    return_direct: bool = False

    @property
    def name(self) -> str:
        return self.offered.tool.name

    @property
    def tool(self) -> Tool:
        return self.offered.tool

    async def call(self, arguments: str) -> ActionResult:
        """Carry it out; results and failures have the form of `Action.call`."""
        try:
            given = jsontext.loads(arguments or "{}")
        except orjson.JSONDecodeError as error:
            return failed("INVALID_ARGUMENTS", str(error))
        if not isinstance(given, dict):
            return failed("INVALID_ARGUMENTS", "the arguments must be a JSON object")
        try:
            result = await self.offered.call(given)
        except AguiError as error:
            logger.warning("action %s failed: %s", self.name, error.message)
            return failed("HANDLER_ERROR", error.message)
        if result is None:
            return ""
        if isinstance(result, str | ResultParts | ShownResult):
            return result
        return jsontext.dumps(result).decode()


def action(
    function: Callable[..., object], *, name: str | None = None, return_direct: bool = False
) -> Action:
    """Make an Action of a function with typed parameters; its docstring is what the model
    reads of it.

    Describe a parameter with `Annotated[str, Field(description=...)]`. A plain function runs in a
    thread. Raises Misconfigured if pydantic cannot make a schema of a parameter, for a generator,
    and for what has no name.
    """
    name = name or getattr(function, "__name__", "")
    if not name:
        raise Misconfigured(
            f"actions: a {type(function).__name__} has no name; write action(..., name='...')"
        )
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise Misconfigured(f"action {name!r} yields; an action returns its result")
    try:
        arguments = create_model(name, **_fields(function))
        return Action(name, inspect.getdoc(function) or "", arguments, function, return_direct)
    except (PydanticUserError, NameError, TypeError) as error:
        raise Misconfigured(f"action {name!r} cannot be described: {error}") from error


def failed(code: str, message: str) -> str:
    """The result of a call that failed, in the form that the reference gives it."""
    note_failure(code)
    return failure_text(code, message)


def _fields(function: Callable[..., Any]) -> JsonObject:
    hints = get_type_hints(function, include_extras=True)
    fields = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise TypeError(f"{parameter} cannot be given by name")
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hints.get(parameter.name, Any), default)
    return fields


def _encoded(result: object) -> str | ResultParts:
    if result is None:
        return ""
    if isinstance(result, str | ResultParts):
        return result
    try:
        return _ANYTHING.dump_json(result).decode()
    except (ValueError, TypeError):
        return jsontext.dumps(jsontext.plain(result)).decode()  # or raises what is wrong with it


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
