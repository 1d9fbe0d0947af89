"""What of a run's request goes to an A2A agent, which has the rest of the conversation. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import AgentFailure
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.message_parts import in_words
from agui_runtime.core.requests import request_messages


def new_parts(request: RunAgentInput, after: str = "") -> list[JsonObject]:
    """The parts of the users' messages that nobody has answered, from behind the one of that id;
    of the last one, where an answer is wanted anew. Raises AgentFailure where there is none.
    """
    messages = request_messages(request)
    latest = list(
        takewhile(lambda each: each["role"] == "user" and each["id"] != after, messages[::-1])
    )
    wanted = latest[::-1] or [each for each in messages if each["role"] == "user"][-1:]
    parts = [part for each in wanted for part in _parts(each.get("content"))]
    if not parts:
        raise AgentFailure("there is no message of a user to send to the agent")
    return parts


def answer_parts(resume: Sequence[JsonObject], *, by_id: bool) -> list[JsonObject]:
    """The parts that answer a task's questions; `by_id` where the task has named them."""
    if by_id:
        return [{"data": each} for each in resume]
    return [_payload(each.get("payload")) for each in resume]


def _payload(payload: Json) -> JsonObject:
    if isinstance(payload, dict | list):
        return {"data": payload}
    return {"text": payload if isinstance(payload, str) else str(payload)}


def _parts(content: Json) -> Iterator[JsonObject]:
    if isinstance(content, str):
        yield from [{"text": content}] if content else []
        return
    for part in content or ():
        yield _text_or_file(part)


def _text_or_file(part: JsonObject) -> JsonObject:
    source = part.get("source")
    if source is None:
        return {"text": part.get("text") or ""}
    if source["type"] not in _PLACES:  # a file of the front end's own, which nobody else can read
        return {"text": in_words([part])}
    name = (part.get("metadata") or {}).get("filename")
    about = {"mediaType": source.get("mimeType"), "filename": name}
    known = {key: value for key, value in about.items() if value}
    return {_PLACES[source["type"]]: source["value"], **known}


_PLACES = {"data": "raw", "url": "url"}
