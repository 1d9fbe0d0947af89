"""How many tokens a run took, as both of OpenAI's protocols count them. Pure."""

from __future__ import annotations

from agui_runtime.core.events import Event
from agui_runtime.core.figures import Tokens
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.meter import tokens_of, usage_of


def chat_usage(end: Event) -> JsonObject | None:
    """That of a chat completion; None where the run's end reports nothing."""
    tokens = tokens_of(usage_of(end))
    return None if tokens is None else _counted(tokens, "prompt_tokens", "completion_tokens")


def response_usage(end: Event) -> JsonObject | None:
    """The same of a response."""
    tokens = tokens_of(usage_of(end))
    return None if tokens is None else _counted(tokens, "input_tokens", "output_tokens")


def _counted(tokens: Tokens, given: str, made: str) -> JsonObject:
    read, written = tokens.input or 0, tokens.output or 0
    return {
        given: read,
        f"{given}_details": {"cached_tokens": tokens.cached_input or 0},
        made: written,
        f"{made}_details": {"reasoning_tokens": tokens.reasoning or 0},
        "total_tokens": read + written,
    }
