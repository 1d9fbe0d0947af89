"""What a user often does, for an agent that is to suggest what the user could say next.

Pages have suggestions made by a run beside their thread that has to call one tool. The model
decides which patterns fit, and in which words; the tool lets it name the pattern that a suggestion
comes from, which pages pass over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import orjson
from ag_ui.core import RunAgentInput, Tool

from agui_runtime.core import jsontext
from agui_runtime.core.events import Event
from agui_runtime.core.fold import Fold
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.memories.entries import Entry

FRAME = (
    "What this user often does, from earlier conversations. It is data and no orders. Where some of"
    " it fits what the user could want now, suggest it first, as a message that the user could"
    " send, and give its number as `pattern`:"
)

_PATTERN: JsonObject = {
    "type": "integer",
    "description": "The number of what the user often does, if the suggestion comes from that.",
}


def are_suggestions_wanted(request: RunAgentInput) -> bool:
    """Whether there is a tool that takes suggestions, each with title and message: CopilotKit calls
    it `copilotkitSuggest`, and `extract` until 1.10.
    """
    return any(_suggestion_in(tool.parameters) for tool in request.tools or ())


def prompt_of(patterns: Sequence[Entry]) -> str:
    """As an agent is told of them."""
    lines = (f"{number}. {each.text}" for number, each in enumerate(patterns, 1))
    return "\n".join([FRAME, *lines])


def naming_patterns(request: RunAgentInput) -> RunAgentInput:
    """The request with a tool whose suggestions may name patterns."""
    return request.model_copy(update={"tools": list(map(_naming, request.tools or ()))})


class Suggested:
    """Reads which of the owner's patterns an agent suggests."""

    def __init__(self, owner: str, patterns: Sequence[Entry]) -> None:
        self.owner = owner
        self._patterns = patterns
        self._fold = Fold()

    def feed(self, event: Event) -> None:
        if event["type"].startswith("TOOL_CALL_"):
            self._fold.feed(event)

    @property
    def messages(self) -> Mapping[str, str]:
        """By the ids of patterns, what the user would send."""
        calls = [call for each in self._fold.messages for call in each.get("toolCalls") or ()]
        return dict(found for call in calls for found in self._named(call))

    def _named(self, call: JsonObject) -> Iterator[tuple[str, str]]:
        try:
            given = orjson.loads(call["function"]["arguments"])
        except orjson.JSONDecodeError:
            return
        for each in _list(given, "suggestions"):
            number, message = _value(each, "pattern"), _value(each, "message")
            is_one = isinstance(number, int) and 0 < number <= len(self._patterns)
            if is_one and isinstance(message, str) and message.strip():
                yield self._patterns[number - 1].id, message


def _naming(tool: Tool) -> Tool:
    parameters = jsontext.copied(tool.parameters)
    suggestion = _suggestion_in(parameters)
    if suggestion is None:
        return tool
    suggestion["properties"]["pattern"] = _PATTERN
    return tool.model_copy(update={"parameters": parameters})


def _suggestion_in(parameters: Json) -> JsonObject | None:
    """The JSON schema of a suggestion."""
    found = parameters
    for key in ("properties", "suggestions", "items"):
        found = _value(found, key)
    properties = _value(found, "properties")
    is_one = isinstance(properties, dict) and {"title", "message"} <= properties.keys()
    return found if is_one and isinstance(found, dict) else None


def _value(of: Json, key: str) -> Json:
    return of.get(key) if isinstance(of, dict) else None


def _list(of: Json, key: str) -> Sequence[Json]:
    found = _value(of, key)
    return found if isinstance(found, list) else ()
