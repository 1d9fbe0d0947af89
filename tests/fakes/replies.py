"""What the model server says to a prompt, chunk by chunk; pure, no sockets.

Directives in the last user message choose the reply:

    [tool:NAME {"json": 1}]  a call of NAME, if it was offered; repeat it for parallel calls
    [then:NAME {}]    the same after the first result, once
    [interleave]      the arguments of parallel calls arrive in turns
    [text+tool]       text first              [tool+text]  text afterwards
    [reasoning:...]   thoughts first, as `reasoning_content`; [thinking:...] as `reasoning`
    [n:200]           that many tokens        [finish:length]  how the choice ends
    [noids]           neither the chunks nor the tool calls carry ids
    [sameids]         calls are numbered anew in each answer
    [route:NAME 0.9]  whom a router that asks takes it for, and how surely
    [known]           the notes that the prompts before the conversation have in them

A last message of role `tool` is answered with "Tool result: ", a forced tool of CopilotKit's for
suggestions with two of them, behind those that a prompt numbers, if it has them name their numbers;
anything else with "You said: " and the prompt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, TypeAlias

Delta: TypeAlias = tuple[dict[str, Any], str | None]
"""A chunk's `delta` and its `finish_reason`."""

USAGE = {
    "prompt_tokens": 11,
    "completion_tokens": 7,
    "total_tokens": 18,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 3},
}

SUGGESTING = ("extract", "copilotkitSuggest")  # in 1.10, and today

SUGGESTIONS = {
    "suggestions": [
        {"title": "Title A", "message": "Message A"},
        {"title": "Title B", "message": "Message B"},
    ]
}

ROUTE = "route"

_ROUTE = re.compile(r"\[route:(\S+) ([\d.]+)\]")
_TOOL = re.compile(r"\[tool:(\w+) (\{.*?\})\]")
_THEN = re.compile(r"\[then:(\w+) (\{.*?\})\]")
_NUMBERED = re.compile(r"^(\d+)\. (.+)$", re.M)
_THOUGHTS = re.compile(r"\[(reasoning|thinking):(.*?)\]")


def prompt(body: Mapping[str, Any]) -> str:
    """The text of the last user message."""
    users = [message for message in body.get("messages", []) if message.get("role") == "user"]
    return _text(users[-1]) if users else ""


def ends_with(body: Mapping[str, Any], role: str) -> bool:
    messages = body.get("messages", [])
    return bool(messages) and messages[-1].get("role") == role


def deltas(
    body: Mapping[str, Any], number: int, forced_answers: Mapping[str, str]
) -> Iterator[Delta]:
    """The reply to a chat-completions request, the `number`th that this server answers; the answers
    are by names of tools of which a call is forced.
    """
    text = prompt(body)
    yield {"role": "assistant", "content": ""}, None
    if ends_with(body, "tool") and (then := _next_tool(body, text)):
        yield from _around_tools([then], number, text)
    elif ends_with(body, "tool"):
        yield from _words("Tool result: " + _text(body["messages"][-1]))
        yield {}, "stop"
    elif given := [forced_answers[name] for name in forced_answers if _forces(body, name)]:
        yield from _forced(body, given[0], number, text)
    elif _forces(body, ROUTE):
        yield from _calls([(ROUTE, _route(body, text))], number, text)
        yield {}, "tool_calls"
    elif forced := next((tool for tool in SUGGESTING if _forces(body, tool)), None):
        suggestions = json.dumps(_suggestions(body), separators=(",", ":"))
        yield from _calls([(forced, suggestions)], number, text, 20)
        yield {}, "tool_calls"
    elif calls := _asked_tools(body, text):
        yield from _around_tools(calls, number, text)
    else:
        yield from _thoughts(text)
        yield from _plain(body, text)


def _forced(body: Mapping[str, Any], given: str, number: int, text: str) -> Iterator[Delta]:
    name = body["tool_choice"]["function"]["name"]
    if given.startswith("{"):
        yield from _calls([(name, given)], number, text, 20)
    else:
        yield from _words(given)
    yield {}, "stop"


def _route(body: Mapping[str, Any], text: str) -> str:
    """The arguments by which a router learns who answers; the first, if the text names none."""
    [tool] = body["tools"]
    names = tool["function"]["parameters"]["properties"]["agent"]["enum"]
    found = _ROUTE.search(text)
    name, sure = found.groups() if found else (names[0], "1")
    return json.dumps({"agent": name, "confidence": float(sure)})


def _suggestions(body: Mapping[str, Any]) -> dict[str, Any]:
    """Those that a prompt numbers come first."""
    name = body["tool_choice"]["function"]["name"]
    [forced] = [each for each in body["tools"] if each["function"]["name"] == name]
    parameters = forced["function"]["parameters"]["properties"]
    if "pattern" not in parameters["suggestions"]["items"]["properties"]:
        return SUGGESTIONS
    prompts = [_text(each) for each in body["messages"] if each["role"] == "system"]
    numbered = [found.groups() for each in prompts for found in _NUMBERED.finditer(each)]
    given = [{"title": text, "message": text, "pattern": int(at)} for at, text in numbered]
    return {"suggestions": [*given, *SUGGESTIONS["suggestions"]]}


def _around_tools(calls: Sequence[tuple[str, str]], number: int, text: str) -> Iterator[Delta]:
    yield from _thoughts(text)
    if "[text+tool]" in text:
        yield from _words("Let me check. ")
    yield from _calls(calls, number, text)
    if "[tool+text]" in text:
        yield from _words("That was all. ")
    yield {}, "tool_calls"


def _plain(body: Mapping[str, Any], text: str) -> Iterator[Delta]:
    if count := re.search(r"\[n:(\d+)\]", text):
        for index in range(int(count[1])):
            yield {"content": f"tok{index} "}, None
    elif "[known]" in text:
        yield from _words("As I know you: " + " ".join(_notes(body)))
    else:
        yield from _words(f"You said: {text}")
    finish = re.search(r"\[finish:(\w+)\]", text)
    yield {}, finish[1] if finish else "stop"


def _notes(body: Mapping[str, Any]) -> Iterator[str]:
    """The lines of prompts that are items of a list."""
    for message in body["messages"]:
        if message["role"] == "system":
            yield from (it for it in _text(message).splitlines() if it.startswith("- "))


def _thoughts(text: str) -> Iterator[Delta]:
    if thoughts := _THOUGHTS.search(text):
        field = "reasoning_content" if thoughts[1] == "reasoning" else "reasoning"
        for word in _split(thoughts[2]):
            yield {field: word}, None


def _calls(
    calls: Sequence[tuple[str, str]], number: int, text: str, size: int | None = None
) -> Iterator[Delta]:
    number = 0 if "[sameids]" in text else number
    ids = "[noids]" not in text
    streams = [
        list(_call(index, name, arguments, f"call_{number}_{index}" if ids else None, size))
        for index, (name, arguments) in enumerate(calls)
    ]
    if "[interleave]" in text:
        streams = [[delta for turn in zip_longest(*streams) for delta in turn if delta]]
    for stream in streams:
        for delta in stream:
            yield {"tool_calls": [delta]}, None


def _call(
    index: int, name: str, arguments: str, call_id: str | None, size: int | None
) -> Iterator[dict[str, Any]]:
    start = {"type": "function", "function": {"name": name, "arguments": ""}}
    yield {"index": index, **({"id": call_id} if call_id else {}), **start}
    step = size or max(1, -(-len(arguments) // 4))
    for place in range(0, len(arguments), step):
        yield {"index": index, "function": {"arguments": arguments[place : place + step]}}


def _asked_tools(body: Mapping[str, Any], text: str) -> list[tuple[str, str]]:
    offered = {tool["function"]["name"] for tool in body.get("tools") or []}
    return [(name, arguments) for name, arguments in _TOOL.findall(text) if name in offered]


def _next_tool(body: Mapping[str, Any], text: str) -> tuple[str, str] | None:
    wanted = _THEN.search(text)
    made = [call for message in body["messages"] for call in message.get("tool_calls") or ()]
    if wanted is None or any(call["function"]["name"] == wanted[1] for call in made):
        return None
    return wanted[1], wanted[2]


def _forces(body: Mapping[str, Any], name: str) -> bool:
    return body.get("tool_choice") == {"type": "function", "function": {"name": name}}


def _words(text: str) -> Iterator[Delta]:
    for word in _split(text):
        yield {"content": word}, None


def _split(text: str) -> list[str]:
    return re.findall(r"\S+\s*", text)


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or f"<{part['type']}>" for part in content or [])
