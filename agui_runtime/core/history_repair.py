"""A history that every model provider accepts, made of whatever a front end or a log holds.

It mends the form of the conversation; it neither shortens it nor changes anybody's words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.events import Message
from agui_runtime.core.jsontext import JsonObject

_Call: TypeAlias = JsonObject

UNANSWERED = jsontext.dumps(
    {
        "status": "aborted",
        "reason": "no_result",
        "message": "The tool call was not answered; its outcome is unknown",
    }
).decode()
"""The result that a model gets of a call that nobody answered."""

# For people, or a provider's own business.
_UNSEEN = frozenset({"activity", "reasoning"})


def repair(messages: Sequence[Message]) -> list[Message]:
    """The messages that may be sent to OpenAI, Anthropic and their likes.

    - Each tool call of an assistant message has exactly one result, directly after the message, in
      the order of the calls. Of several results the last one that says something counts, and one
      that only tells of an error says that; a call without any gets `UNANSWERED`; results of
      unknown calls are left out.
    - What arrives in pieces is one message again: assistant messages of one `parentMessageId` (the
      `id`, where there is none) with only results between them. CopilotKit 1.10 sends each of
      several parallel calls as a message of its own.
    - Arguments are the JSON of an object, else `{}` (Anthropic refuses anything else). A call id
      occurs once; calls without id or name, and messages that say nothing, are left out.
    - Activities and reasoning are left out.

    Repairing again changes nothing. The input is not modified.
    """
    results = _results(messages)
    repaired: list[Message] = []
    for message in _merged(_spoken(messages)):
        repaired.append(message)
        repaired.extend(_answer(call["id"], results) for call in _calls(message))
    return repaired


def _calls(message: Message) -> Sequence[_Call]:
    return message.get("toolCalls") or () if message["role"] == "assistant" else ()


def _results(messages: Sequence[Message]) -> dict[str, Message]:
    results: dict[str, Message] = {}
    for message in messages:
        if message["role"] == "tool":
            id_ = message["toolCallId"]
            if _blank(message.get("content")) and message.get("error"):
                message = {**message, "content": message["error"]}
            if not _blank(message.get("content")) or id_ not in results:
                results[id_] = message
    return results


def _answer(call_id: str, results: Mapping[str, Message]) -> Message:
    result = results.get(call_id)
    if result is not None:
        return result
    id_ = f"{call_id}-result"
    return {"id": id_, "role": "tool", "toolCallId": call_id, "content": UNANSWERED}


def _spoken(messages: Sequence[Message]) -> list[Message]:
    """What is left without results, each assistant message cleaned up."""
    seen: set[str] = set()
    spoken = []
    for message in messages:
        if message["role"] == "assistant":
            message = _cleaned(message, seen)
        if message["role"] != "tool" and message["role"] not in _UNSEEN and _says(message):
            spoken.append(message)
    return spoken


def _cleaned(message: Message, seen: set[str]) -> Message:
    """An assistant message with legal calls, none of which is in `seen`, and no blank content."""
    cleaned = {key: value for key, value in message.items() if key != "toolCalls"}
    if _blank(cleaned.get("content")):
        cleaned.pop("content", None)
    calls = []
    for call in _calls(message):
        if call["id"] and call["function"]["name"] and call["id"] not in seen:
            seen.add(call["id"])
            calls.append(_with_legal_arguments(call))
    if calls:
        cleaned["toolCalls"] = calls
    return cleaned


def _with_legal_arguments(call: _Call) -> _Call:
    function = call["function"]
    legal = _legal(function.get("arguments"))
    if legal == function.get("arguments"):
        return call
    return {**call, "function": {**function, "arguments": legal}}


def _legal(text: object) -> str:
    """The JSON text of an object as every provider reads it, without halves of characters."""
    if not isinstance(text, str):
        return "{}"
    legal = jsontext.respelt(text)
    try:
        return legal if isinstance(jsontext.loads(legal), dict) else "{}"
    except orjson.JSONDecodeError:
        return "{}"


def _says(message: Message) -> bool:
    return bool(_calls(message)) or not _blank(message.get("content"))


def _blank(content: object) -> bool:
    return not (content.strip() if isinstance(content, str) else content)


def _merged(messages: Sequence[Message]) -> list[Message]:
    """Join neighbours that are parts of one assistant message."""
    turns: list[list[Message]] = []
    for message in messages:
        if turns and _same_turn(turns[-1][0], message):
            turns[-1].append(message)
        else:
            turns.append([message])
    return [_joined(turn) if len(turn) > 1 else turn[0] for turn in turns]


def _same_turn(first: Message, second: Message) -> bool:
    both = first["role"] == second["role"] == "assistant"
    return both and _turn(first) == _turn(second)


def _turn(message: Message) -> str:
    turn: str = message.get("parentMessageId") or message["id"]
    return turn


def _joined(turn: Sequence[Message]) -> Message:
    contents = [message["content"] for message in turn if "content" in message]
    calls = [call for message in turn for call in _calls(message)]
    joined = {"content": "\n".join(contents), "toolCalls": calls}
    return {**turn[0], **{key: value for key, value in joined.items() if value}}
