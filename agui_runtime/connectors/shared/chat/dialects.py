"""The dialects of chat completions: where servers put what the protocol has another place for.

This table is all that tells one server from another; `chunks` walks it, whoever is asked. Each row
names servers that are known to answer so. Servers change and copy each other: a row is looked for
in every answer, and none is chosen by the name of a server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from agui_runtime.core.jsontext import Json


class Place(NamedTuple):
    """Where something may stand, as keys that lead to it; the first that holds a value counts."""

    path: tuple[str, ...]
    servers: str


CHOICES = (
    Place(("choices",), "all"),
    Place(("output", "choices"), "DashScope's own URL"),
)
"""Where the choices of a chunk are."""

BARE = (
    Place(("message",), "Ollama's own URL"),
    Place(("response",), "Cloudflare's own URL, Ollama's for completions"),
)
"""Where the next part of the answer is in a chunk that has no choices."""

REASONS = (
    Place(("finish_reason",), "all"),
    Place(("delta", "finish_reason"), "gateways"),
    Place(("message", "finish_reason"), "gateways"),
    Place(("finishReason",), "gateways to Gemini"),
    Place(("stop_reason",), "gateways to Claude"),
    Place(("done_reason",), "Ollama's own URL"),
)
"""Where, in a choice, stands why the answer ended."""

CHOICE = (
    Place(("delta",), "all that stream"),
    Place(("message",), "whole answers to a request for a stream; Perplexity repeats its text so"),
)
"""Where, in a choice, the next part of the answer is."""

TEXT = (
    Place(("content",), "all"),
    Place(("refusal",), "OpenAI"),
    Place(("text",), "servers of the older completions; some gateways"),
    Place(("audio", "transcript"), "OpenAI, where the answer is spoken"),
)

REASONING = (
    Place(("reasoning_content",), "DeepSeek, Kimi, Qwen, GLM, Grok, SGLang, llama.cpp, LiteLLM"),
    Place(("reasoning",), "OpenRouter, vLLM, Groq, Cerebras, Together, Ollama"),
    Place(("reasoning_details",), "OpenRouter, MiniMax"),
    Place(("reasoning_text",), "GitHub Copilot"),
    Place(("thinking_blocks",), "LiteLLM's proxy, of Claude"),
    Place(("thinking",), "gateways to Claude"),
)

CALLS = (
    Place(("tool_calls",), "all"),
    Place(("function_call",), "OpenAI before it had tools, and its copies"),
    Place(("tool_call",), "gateways that send one call"),
)

CALL_FIELDS: Mapping[str, tuple[Place, ...]] = {
    "name": (
        Place(("function", "name"), "all"),
        Place(("name",), "flat calls; the older `function_call`"),
        Place(("custom", "name"), "OpenAI's tools without a schema"),
        Place(("function",), "gateways where it is the name alone"),
    ),
    "arguments": (
        Place(("function", "arguments"), "all; an object instead of its text in Ollama and Cohere"),
        Place(("arguments",), "flat calls; the older `function_call`"),
        Place(("function", "parameters"), "servers of Llama's own form"),
        Place(("function", "input"), "gateways to Claude"),
        Place(("input",), "gateways to Claude"),
        Place(("parameters",), "servers of Llama's own form"),
        Place(("custom", "input"), "OpenAI's tools without a schema"),
    ),
    "id": (
        Place(("id",), "all"),
        Place(("tool_call_id",), "gateways"),
    ),
}

USAGE = (
    Place(("usage",), "all, beside the choices"),
    Place(("choices", "usage"), "Kimi"),
    Place(("choices", "delta", "usage"), "gateways"),
    Place(("choices", "message", "usage"), "gateways"),
    Place(("x_groq", "usage"), "Groq"),
    Place(("timings",), "llama.cpp"),
)

COUNTS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "inputTokens": (("prompt_tokens",), ("input_tokens",), ("prompt_n",)),
    "outputTokens": (("completion_tokens",), ("output_tokens",), ("predicted_n",)),
    "totalTokens": (("total_tokens",),),
    "reasoningTokens": (
        ("completion_tokens_details", "reasoning_tokens"),
        ("output_tokens_details", "reasoning_tokens"),
        ("reasoning_tokens",),
    ),
    "cachedInputTokens": (
        ("prompt_tokens_details", "cached_tokens"),
        ("input_tokens_details", "cached_tokens"),
        ("prompt_cache_hit_tokens",),
        ("cache_read_input_tokens",),
        ("cached_tokens",),
    ),
    "cacheWriteInputTokens": (("cache_creation_input_tokens",),),
}
"""The counts of AG-UI's TokenUsage, and what servers call them."""

COSTS = (("cost",), ("cost", "total_cost"))
"""Where servers say what an answer cost, in US dollars: OpenRouter, Perplexity."""

OWN_KEY = "is_byok"
"""Set by OpenRouter where the model is paid elsewhere, and its own `cost` is a fee."""

WORDS = ("text", "content", "value", "output_text", "refusal")
"""In a part that stands where a text is expected: the keys that hold the text."""

THOUGHTS = ("thinking", "reasoning", "text", "summary", "reasoning_text", "content")
"""The same of a part that is reasoning."""

THINKING_PARTS = frozenset(
    {
        "thinking",
        "reasoning",
        "reasoning.text",
        "reasoning.summary",
        "reasoning_text",
        "reasoning_content",
        "summary_text",
        "thought",
    }
)
"""The types of parts that are reasoning: Mistral's and Claude's `thinking`, OpenRouter's."""

FAILED: Mapping[str, str] = {
    "content_filter": "CONTENT_POLICY",
    "content_filtered": "CONTENT_POLICY",
    "safety": "CONTENT_POLICY",
    "sensitive": "CONTENT_POLICY",
    "recitation": "CONTENT_POLICY",
    "blocklist": "CONTENT_POLICY",
    "prohibited_content": "CONTENT_POLICY",
    "error": "UNAVAILABLE",
    "error_toxic": "CONTENT_POLICY",
    "failed": "UNAVAILABLE",
    "abort": "STREAM_BROKEN",
    "aborted": "STREAM_BROKEN",
    "cancelled": "STREAM_BROKEN",
    "network_error": "UNAVAILABLE",
    "insufficient_system_resource": "UNAVAILABLE",
    "overloaded": "UNAVAILABLE",
    "malformed_function_call": "UNAVAILABLE",
}
"""What a `finish_reason` means that is no end of an answer: OpenAI's and Azure's filter, Gemini's
words, GLM's `sensitive` and `network_error`, DeepSeek's lack of resources, vLLM's and SGLang's
`abort`, OpenRouter's and Cohere's errors. Whatever is not here is an end.
"""

CUT_SHORT = frozenset({"length", "max_tokens", "model_length", "max_output_tokens"})
"""Reasons with which an answer may have no text of its own yet."""

SENTENCES = (
    "message",
    "error_message",
    "error_msg",
    "status_msg",
    "msg",
    "detail",
    "details",
    "error",
    "reason",
    "title",
    "description",
    "Message",
)
"""The keys under which servers put the sentence about a failure: in `error`, beside it, or in an
object that has no such key (vLLM, Mistral, FastAPI, Cloudflare, DashScope, MiniMax, AWS).
"""

CODES_OF_FAILURES = ("code", "type", "status", "status_code", "error_code", "statusCode")

TAGS: Mapping[str, str] = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",
    "[THINK]": "[/THINK]",
    "◁think▷": "◁/think▷",
}
"""What surrounds reasoning in the text of servers that do not take it out: DeepSeek R1, Qwen and
MiniMax behind Ollama, vLLM and llama.cpp; Gemini's compatible URL; Bedrock; Seed; Magistral; Kimi.
"""


NOTHING: tuple[object, ...] = (None, "", [], {})


def found(value: Mapping[str, Json], places: tuple[Place, ...]) -> Json:
    """What stands in the first of the places that holds something; None if none does."""
    for path, _ in places:
        if path[0] in value:
            one = value[path[0]] if len(path) == 1 else at(value, path)
            if one not in NOTHING:
                return one
    return None


def at(value: Json, path: tuple[str, ...]) -> Json:
    """What the keys lead to; of a list that is met on the way, its first item counts."""
    for key in path:
        if type(value) is list:
            value = value[0] if value else None
        if type(value) is not dict:
            return None
        value = value.get(key)
    return value
