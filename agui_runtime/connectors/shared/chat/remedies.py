"""What can be changed in a request that a provider refuses for its reasoning. Pure.

A conversation may hold calls that another model made, or this one before anything of it was kept;
and a model may be handed the conversation of another one that takes less.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from agui_runtime.connectors.shared.chat.thoughts import FIELDS
from agui_runtime.core.errors import ModelFailure
from agui_runtime.core.jsontext import Json, JsonObject

SKIPPED = {"google": {"thought_signature": "skip_thought_signature_validator"}}
"""What Google's documentation has for calls that another model made."""
UNKNOWN = " "
"""Reasoning of which nothing is known: DeepSeek refuses an empty text."""


class Remedy(NamedTuple):
    """What to do about a refusal that sounds so."""

    words: re.Pattern[str]
    change: Callable[[JsonObject], JsonObject]


def remedied(body: Mapping[str, Json], failure: ModelFailure) -> JsonObject | None:
    """The request with what it was refused for put right; None where nothing can be."""
    if failure.code != "MODEL_BAD_REQUEST":
        return None
    for words, change in REMEDIES:
        if words.search(failure.message):
            changed = change(dict(body))
            return changed if changed != body else None
    return None


def _signed(body: JsonObject) -> JsonObject:
    """Calls without a signature get the one that is not looked at."""
    return _with_messages(body, lambda message: {**message, **_signed_calls(message)})


def _signed_calls(message: JsonObject) -> JsonObject:
    if not (calls := message.get("tool_calls")):
        return {}
    first, *others = calls
    return {"tool_calls": [{"extra_content": SKIPPED, **first}, *others]}


def _reasoned(body: JsonObject) -> JsonObject:
    return _with_messages(body, lambda message: {"reasoning_content": UNKNOWN, **message})


def _bare(body: JsonObject) -> JsonObject:
    """Messages without anything that only some servers take."""
    return _with_messages(
        body, lambda message: {key: each for key, each in message.items() if key not in FIELDS}
    )


def _thoughtless(body: JsonObject) -> JsonObject:
    """Claude answers without thinking where it cannot be given back what it thought."""
    return {key: each for key, each in body.items() if key not in ("thinking", "reasoning_effort")}


def _with_messages(body: JsonObject, change: Callable[[JsonObject], JsonObject]) -> JsonObject:
    messages = [
        change(message) if message["role"] == "assistant" else message
        for message in body["messages"]
    ]
    return {**body, "messages": messages}


_REFUSED = (
    r"unsupported|not (?:supported|permitted|allowed)|extra (?:inputs?|fields?)"
    r"|un(?:expected|recognized|known)"
)
REMEDIES = (
    Remedy(re.compile(rf"(?=.*reasoning).*(?:{_REFUSED})", re.I), _bare),
    Remedy(re.compile(r"thought_signature", re.I), _signed),
    Remedy(re.compile(r"reasoning_content", re.I), _reasoned),
    Remedy(re.compile(r"expected `?(?:thinking|redacted_thinking)", re.I), _thoughtless),
)
"""Groq and Cerebras refuse the field, Gemini a call without its signature, DeepSeek and Kimi a
message without its reasoning, Claude a call without its thinking block.
"""
