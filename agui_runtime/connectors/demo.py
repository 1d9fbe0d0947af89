"""A script that stands in where no model is connected, and shows what a front end can be shown.

It understands a few words and nothing else, and says so. It never stands in for a failing model.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Sequence
from typing import TypeAlias
from uuid import uuid4

from ag_ui.core import AssistantMessage, RunAgentInput, TextPart, Tool, ToolMessage

from agui_runtime.core import jsontext
from agui_runtime.core.errors import ModelFailure
from agui_runtime.core.events import Event
from agui_runtime.core.requests import resume_value

_INTRODUCTION = "I am a script: no model is connected to this server"
_HONESTY = f"{_INTRODUCTION}.\n\n"
_WELCOME = (
    f"{_INTRODUCTION} yet. You can still try what it does for a chat: write one of these words."
)
_REMINDER = "I am a script and know a few words only:"
_MENU = """- `tool`: I call a tool, one of the page's where it has any
- `state`: I change the state that this thread shares with me
- `interrupt`: I ask you something, and wait for your answer
- `error`: I fail, as a model does that cannot be reached
"""
_SETUP = (
    "To talk to a model, start the server again with its name and key, for example "
    "`AGUI_MODEL=openai/gpt-4o-mini OPENAI_API_KEY=...`."
)
_QUESTION = "Shall I go on?"
_UNASKED = "If your page shows no question, it cannot answer one: go on in another thread."
_FAILURE = "this failure was asked for; a model that cannot be reached looks the same"
_STEPS = 4
_COUNT = "count_words"
_EXAMPLES = {"integer": 1, "number": 1, "boolean": True, "object": {}, "array": []}
_WORD = re.compile(r"\S+\s*")
_PIECE = re.compile(r".{1,6}", re.DOTALL)


class DemoAgent:
    """Answers with a script, word by word; the agent of a server that nobody has set up yet.

    `pace` is the time between two words in seconds, and `wait` lets it pass.
    """

    name = "demo"
    description = "A script that shows what this server can do; no model is connected."

    def __init__(
        self, pace: float = 0.02, wait: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._pace = pace
        self._wait = wait

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        """Play the scene that the request asks for; the first one starts with who is talking.

        Raises ModelFailure in the scene of an error.
        """
        for event in _scene(request)(request):
            yield event
            await self._wait(self._pace)


_Scene: TypeAlias = Callable[[RunAgentInput], Iterator[Event]]


def _scene(request: RunAgentInput) -> _Scene:
    if _resumed(request) is not None:
        return _resume
    if _results(request):
        return _answered
    mentioned = {*re.findall(r"\w+", _question(request).lower())}
    for words, scene in _SCENES:
        if mentioned & words:
            return scene
    return _tool if _named_tool(request) else _menu


def _begins(request: RunAgentInput) -> bool:
    """Whether this is the first answer of the conversation."""
    return not any(isinstance(message, AssistantMessage) for message in request.messages)


# Scenes


def _menu(request: RunAgentInput) -> Iterator[Event]:
    first = _begins(request)
    spoken = f"You said: {_question(request) or 'nothing'}"
    parts = (spoken, _WELCOME, _MENU, _SETUP) if first else (spoken, _REMINDER, _MENU)
    yield from _message("\n\n".join(parts))


def _tool(request: RunAgentInput) -> Iterator[Event]:
    tool = _named_tool(request) or next(iter(request.tools or ()), None)
    if tool is None:
        yield from _own_tool(request)
        return
    arguments = _arguments(tool, _question(request))
    yield from _call(request, f"I call `{tool.name}` in your page.", tool.name, arguments)


def _own_tool(request: RunAgentInput) -> Iterator[Event]:
    """Count the words of the question: a call that is carried out here."""
    question = _question(request)
    text = f"Your page offers me no tool, so I call one of my own: `{_COUNT}`."
    call_id = yield from _call(request, text, _COUNT, {"text": question})
    count = len(question.split())
    result = {"messageId": str(uuid4()), "toolCallId": call_id, "content": str(count)}
    yield {"type": "TOOL_CALL_RESULT", **result}
    yield from _message(f"It counted the words that you wrote: {count}.")


def _call(
    request: RunAgentInput, text: str, name: str, arguments: object
) -> Generator[Event, None, str]:
    """A message that has the call of a tool; returns the id of the call."""
    message_id, call_id = str(uuid4()), f"call-{uuid4()}"
    yield from _message(_introduced(request, text), message_id)
    call = {"toolCallId": call_id}
    yield {
        "type": "TOOL_CALL_START",
        **call,
        "toolCallName": name,
        "parentMessageId": message_id,
    }
    for piece in _PIECE.findall(jsontext.dumps(arguments).decode()):
        yield {"type": "TOOL_CALL_ARGS", **call, "delta": piece}
    yield {"type": "TOOL_CALL_END", **call}
    return call_id


def _answered(request: RunAgentInput) -> Iterator[Event]:
    lines = [
        f"`{_tool_name(request, result)}` answered: {_spoken(result.content)}"
        for result in _results(request)
    ]
    yield from _message("\n".join(lines))


def _state(request: RunAgentInput) -> Iterator[Event]:
    state = request.state if isinstance(request.state, dict) else {}
    yield {"type": "STEP_STARTED", "stepName": "progress"}
    yield {"type": "STATE_SNAPSHOT", "snapshot": {**state, "progress": 0}}
    for step in range(1, _STEPS + 1):
        done = {"op": "replace", "path": "/progress", "value": step * 100 // _STEPS}
        yield {"type": "STATE_DELTA", "delta": [done]}
    yield {"type": "STEP_FINISHED", "stepName": "progress"}
    others = ", ".join(f"`{name}`" for name in state if name != "progress")
    text = "The shared state's `progress` went from 0 to 100."
    more = f" Beside it I found {others}." if others else ""
    yield from _message(_introduced(request, text + more))


def _interrupt(request: RunAgentInput) -> Iterator[Event]:
    """Ask in both dialects: CopilotKit's own event, and the outcome that AG-UI 1.0 has for it."""
    yield from _message(_introduced(request, f"I wait for your answer. {_UNASKED}"))
    yield {"type": "CUSTOM", "name": "on_interrupt", "value": _QUESTION}
    interrupt = {"id": str(uuid4()), "reason": "input_required", "message": _QUESTION}
    yield {
        "type": "RUN_FINISHED",
        "threadId": request.thread_id,
        "runId": request.run_id,
        "outcome": {"type": "interrupt", "interrupts": [interrupt]},
    }


def _resume(request: RunAgentInput) -> Iterator[Event]:
    yield from _message(f"I asked, you answered: {_resumed(request)}. So I go on.")


def _error(request: RunAgentInput) -> Iterator[Event]:
    yield from _message(_introduced(request, "I begin to answer, and then"))
    raise ModelFailure("UNREACHABLE", _FAILURE)


_SCENES: tuple[tuple[frozenset[str], _Scene], ...] = (
    (frozenset({"error", "fail"}), _error),
    (frozenset({"interrupt"}), _interrupt),
    (frozenset({"state"}), _state),
    (frozenset({"tool", "tools", "call"}), _tool),
)


# What the request says


def _question(request: RunAgentInput) -> str:
    """The text of the latest user message."""
    for message in reversed(request.messages):
        if message.role == "user":
            return _spoken(message.content)
    return ""


def _resumed(request: RunAgentInput) -> str | None:
    """The answer to an interrupt, in whichever dialect it comes; None if there is none."""
    if request.resume:
        entry = request.resume[0]
        return _plain(entry.payload) if entry.status == "resolved" else "never mind"
    answer = resume_value(request)
    return None if answer is None else _plain(answer)


def _results(request: RunAgentInput) -> list[ToolMessage]:
    """The tool results that the conversation ends with."""
    results: list[ToolMessage] = []
    for message in reversed(request.messages):
        if not isinstance(message, ToolMessage):
            break
        results.insert(0, message)
    return results


def _tool_name(request: RunAgentInput, result: ToolMessage) -> str:
    assistants = [message for message in request.messages if isinstance(message, AssistantMessage)]
    calls = [call for message in assistants for call in message.tool_calls or ()]
    names = {call.id: call.function.name for call in calls}
    return names.get(result.tool_call_id, "a tool")


def _named_tool(request: RunAgentInput) -> Tool | None:
    question = _question(request).lower()
    return next((tool for tool in request.tools or () if tool.name.lower() in question), None)


# Arguments


def _arguments(tool: Tool, question: str) -> object:
    """A value for each parameter; texts are the user's words behind the tool's name."""
    _, _, behind = question.partition(tool.name)
    return _example(tool.parameters or {"type": "object"}, behind.strip() or "demo")


def _example(schema: object, text: str) -> object:
    match schema:
        case {"const": value} | {"default": value} | {"enum": [value, *_]}:
            return value
        case {"type": [kind, *_], **rest}:
            return _example({**rest, "type": kind}, text)
        case {"type": "object", "properties": {**properties}}:
            return {name: _example(about, text) for name, about in properties.items()}
        case {"type": "array", "items": items}:
            return [_example(items, text)]
        case {"type": str(kind)}:
            return {"string": text, **_EXAMPLES}.get(kind)
    return text


# Events


def _introduced(request: RunAgentInput, text: str) -> str:
    """The text; in a conversation's first answer behind a word on who is talking."""
    return f"{_HONESTY}{text}" if _begins(request) else text


def _message(text: str, message_id: str | None = None) -> Iterator[Event]:
    message = {"messageId": message_id or str(uuid4())}
    yield {"type": "TEXT_MESSAGE_START", **message, "role": "assistant"}
    for word in _WORD.findall(text):
        yield {"type": "TEXT_MESSAGE_CONTENT", **message, "delta": word}
    yield {"type": "TEXT_MESSAGE_END", **message}


def _spoken(content: str | Sequence[object]) -> str:
    if isinstance(content, str):
        return content
    return " ".join(part.text for part in content if isinstance(part, TextPart))


def _plain(value: object) -> str:
    return value if isinstance(value, str) else jsontext.dumps(value).decode()
