"""What the recorded answers of model providers say, whatever their dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

KEY = "my-secret-gateway-key-9876"
"""With which the agents ask; some providers echo it."""

PARIS, OSLO, CET = {"city": "Paris"}, {"city": "Oslo"}, {"zone": "CET"}
PARIS_IS_ASKED = [("get_weather", PARIS)]
BOTH_CITIES = [("get_weather", PARIS), ("get_weather", OSLO)]
BOTH_TOOLS = [("get_weather", PARIS), ("get_time", CET)]
THOUGHT = "Let me see."


class Says(NamedTuple):
    """What an answer says, whatever its form."""

    text: str = ""
    thought: str = ""
    calls: Sequence[tuple[str, Mapping[str, Any]]] = ()
    counts: bool = False


HELLO = Says("Hello")
THOUGHTFUL = Says("Hello", THOUGHT)

ANSWERS: Mapping[str, Says] = {
    "deepseek_reasoning_content": Says("Hello", THOUGHT, counts=True),
    "deepseek_cache_hits": Says("Hello", counts=True),
    "vllm_reasoning": Says("Hello", THOUGHT, counts=True),
    "openrouter_reasoning_details": Says("Hello", THOUGHT, counts=True),
    "minimax_reasoning_details": THOUGHTFUL,
    "copilot_reasoning_text": THOUGHTFUL,
    "litellm_proxy_thinking_blocks": THOUGHTFUL,
    "ollama_thinking": THOUGHTFUL,
    "mistral_thinking_parts": Says("Hello", THOUGHT, counts=True),
    "think_tags": Says("Hello", f"\n{THOUGHT}\n"),
    "think_tags_without_the_first": Says(f"{THOUGHT}\nHello"),
    "whole_json_without_the_first_tag": Says("Hello", f"{THOUGHT}\n"),
    "think_tags_behind_reasoning": THOUGHTFUL,
    "think_tags_in_code": Says(
        "Models write\n```\n<think>\nhm\n</think>\n```\nand `</think>` ends it."
    ),
    "gemini_thought_tags": THOUGHTFUL,
    "bedrock_reasoning_tags": THOUGHTFUL,
    "kimi_vl_tags": THOUGHTFUL,
    "magistral_tags": THOUGHTFUL,
    "vllm_answer_as_reasoning": Says("Hello", "Hello"),
    "gateway_whole_json": Says("Hello", THOUGHT, counts=True),
    "gateway_whole_json_indented": Says("Hello", THOUGHT, counts=True),
    "gateway_json_within_a_string": HELLO,
    "content_parts": HELLO,
    "perplexity_delta_and_message": Says("Hello", counts=True),
    "openai_refusal": Says("I cannot do that."),
    "older_completions": HELLO,
    "openai_audio_transcript": HELLO,
    "json_lines": HELLO,
    "no_empty_lines": HELLO,
    "carriage_returns_and_mark": HELLO,
    "old_line_ends": HELLO,
    "sentinel_with_blanks": HELLO,
    "sentinel_without_data": HELLO,
    "lines_of_one_event": HELLO,
    "reason_with_every_chunk": THOUGHTFUL,
    "empty_reasons": HELLO,
    "azure_filter_chunks": Says("Hello", counts=True),
    "halves_of_characters": Says("a😀!"),
    "no_sentinel": HELLO,
    "no_reason": HELLO,
    "choices_as_object": HELLO,
    "a_broken_chunk": HELLO,
    "pings_and_nulls": Says("Hello5"),
    "nested_too_deep": HELLO,
    "several_answers": HELLO,
    "kimi_usage_in_choice": Says("Hello", counts=True),
    "groq_usage": Says("Hello", counts=True),
    "llamacpp_timings": Says("Hello", counts=True),
    "gateway_usage_in_delta": Says("Hello", counts=True),
    "gateway_usage_in_message": Says("Hello", counts=True),
    "dashscope_native": Says("Hello", counts=True),
    "ollama_native": THOUGHTFUL,
    "ollama_native_call": Says(calls=PARIS_IS_ASKED),
    "cloudflare_native": HELLO,
    "gateway_reason_in_delta": HELLO,
    "gateway_reason_in_message": HELLO,
    "gateway_reason_of_gemini": HELLO,
    "gateway_reason_of_claude": HELLO,
    "events_in_one_line": HELLO,
    "openai_call": Says(calls=PARIS_IS_ASKED),
    "ollama_call_without_index": Says(calls=BOTH_CITIES),
    "ollama_index_always_0": Says(calls=BOTH_CITIES),
    "sglang_empty_names": Says(calls=PARIS_IS_ASKED),
    "name_after_an_empty_one": Says(calls=PARIS_IS_ASKED),
    "name_after_arguments": Says(calls=PARIS_IS_ASKED),
    "name_with_every_chunk": Says(calls=PARIS_IS_ASKED),
    "name_in_pieces": Says(calls=PARIS_IS_ASKED),
    "name_written_twice": Says(calls=PARIS_IS_ASKED),
    "gptoss_name_with_channel": Says(calls=PARIS_IS_ASKED),
    "id_changes_with_every_chunk": Says(calls=PARIS_IS_ASKED),
    "ids_repeat": Says(calls=BOTH_CITIES),
    "index_and_id_repeat": Says(calls=BOTH_TOOLS),
    "localai_one_call_many_indices": Says(calls=PARIS_IS_ASKED),
    "empty_ids": Says(calls=BOTH_TOOLS),
    "nothing_but_names": Says(calls=BOTH_TOOLS),
    "same_call_twice": Says(calls=[*PARIS_IS_ASKED, *PARIS_IS_ASKED]),
    "name_never": Says(calls=PARIS_IS_ASKED),
    "empty_object_before_arguments": Says(calls=PARIS_IS_ASKED),
    "arguments_of_python": Says(calls=PARIS_IS_ASKED),
    "neither_id_nor_index": Says(calls=BOTH_CITIES),
    "one_id_and_index_in_one_chunk": Says(calls=[*PARIS_IS_ASKED, *PARIS_IS_ASKED]),
    "index_in_words": Says(calls=PARIS_IS_ASKED),
    "interleaved": Says(calls=BOTH_TOOLS),
    "arguments_as_object": Says(calls=PARIS_IS_ASKED),
    "arguments_null": Says(calls=[("get_weather", {})]),
    "arguments_null_in_words": Says(calls=[("get_weather", {})]),
    "arguments_repeated_at_the_end": Says(calls=PARIS_IS_ASKED),
    "garbage_behind_arguments": Says(calls=PARIS_IS_ASKED),
    "arguments_in_a_string": Says(calls=PARIS_IS_ASKED),
    "arguments_in_a_fence": Says(calls=PARIS_IS_ASKED),
    "older_function_call": Says(calls=PARIS_IS_ASKED),
    "calls_as_object": Says(calls=PARIS_IS_ASKED),
    "calls_by_number": Says(calls=BOTH_CITIES),
    "one_tool_call": Says(calls=PARIS_IS_ASKED),
    "flat_call": Says(calls=PARIS_IS_ASKED),
    "claude_gateway_input": Says(calls=PARIS_IS_ASKED),
    "claude_flat_input": Says(calls=PARIS_IS_ASKED),
    "llama_parameters": Says(calls=PARIS_IS_ASKED),
    "llama_flat_parameters": Says(calls=PARIS_IS_ASKED),
    "function_is_a_name": Says(calls=PARIS_IS_ASKED),
    "custom_call": Says(calls=PARIS_IS_ASKED),
    "calls_whole_at_the_end": Says(calls=PARIS_IS_ASKED),
    "gemini_signature_behind_the_call": Says(calls=PARIS_IS_ASKED),
    "gemini_signature": Says(calls=PARIS_IS_ASKED),
    "copilot_two_choices": Says("I look.", calls=PARIS_IS_ASKED),
}


LOST_IN_LITELLM = frozenset(
    {
        "a_broken_chunk",
        "calls_whole_at_the_end",
        "carriage_returns_and_mark",
        "choices_as_object",
        "claude_flat_input",
        "claude_gateway_input",
        "cloudflare_native",
        "content_parts",
        "copilot_two_choices",
        "dashscope_native",
        "events_in_one_line",
        "flat_call",
        "function_is_a_name",
        "gateway_json_within_a_string",
        "gateway_reason_in_delta",
        "gateway_reason_in_message",
        "gateway_reason_of_claude",
        "gateway_reason_of_gemini",
        "gateway_usage_in_message",
        "gateway_whole_json",
        "gateway_whole_json_indented",
        "json_lines",
        "llama_flat_parameters",
        "mistral_thinking_parts",
        "no_empty_lines",
        "no_reason",
        "older_completions",
        "ollama_native",
        "ollama_native_call",
        "one_tool_call",
        "openai_refusal",
        "pings_and_nulls",
        "sentinel_with_blanks",
        "sentinel_without_data",
        "whole_json_without_the_first_tag",
        "failure_bare_in_the_middle",
        "failure_choice_error",
        "failure_cloudflare",
        "failure_cut_off",
        "failure_event_of_words",
        "failure_fastapi_detail",
        "failure_gemini_list_200",
        "failure_groq",
        "failure_html_200",
        "failure_message_alone",
        "failure_minimax",
        "failure_nothing",
        "failure_plain_text",
        "failure_reason_abort",
        "failure_reason_gemini",
        "failure_reason_no_resources",
        "failure_status_alone",
        "failure_vllm",
        "failure_zhipu",
    }
)
"""What litellm, which reads these answers by itself, drops or takes for an end before we see it; an
answer without a reason to finish it takes for one that broke off.
"""


class Fails(NamedTuple):
    """How an answer fails, what the user reads of it, and what was said before."""

    code: str
    words: str = ""
    text: str = ""


FAILURES: Mapping[str, Fails] = {
    "failure_vllm": Fails("CONTEXT_TOO_LONG", "maximum context length is 4096 tokens"),
    "failure_in_the_middle": Fails("UNAVAILABLE", "The engine is overloaded", "Hel"),
    "failure_bare_in_the_middle": Fails("UNAVAILABLE", "CUDA is busy elsewhere", "Hel"),
    "failure_anthropic_event": Fails("UNAVAILABLE", "Overloaded, come back later"),
    "failure_event_of_words": Fails("UNAVAILABLE", "the model fell asleep"),
    "failure_openrouter_choice": Fails("RATE_LIMITED", "m is temporarily rate-limited", "Hel"),
    "failure_choice_error": Fails("UNAVAILABLE", "Upstream idle timeout exceeded", "Hel"),
    "failure_gemini_list": Fails("BAD_REQUEST", "Function call is missing a thought_signature"),
    "failure_gemini_list_200": Fails("BAD_REQUEST", "Please use a valid role"),
    "failure_fastapi_detail": Fails("UNAVAILABLE", "Field required"),
    "failure_message_alone": Fails("UNAVAILABLE", "The security token included"),
    "failure_plain_text": Fails("UNAVAILABLE", "upstream connect error"),
    "failure_html_200": Fails("UNAVAILABLE", "Sign in to the proxy"),
    "failure_html_502": Fails("UNAVAILABLE", "(502: 502 Bad Gateway)"),
    "failure_cloudflare": Fails("UNAVAILABLE", "Upstream service unavailable"),
    "failure_minimax": Fails("UNAVAILABLE", "insufficient balance"),
    "failure_zhipu": Fails("UNAVAILABLE", "404 NOT_FOUND"),
    "failure_dashscope": Fails("BAD_REQUEST", "url error, please check url!"),
    "failure_azure_filter": Fails("CONTENT_POLICY", "content management policy"),
    "failure_sse_400": Fails("BAD_REQUEST", "tool choice required is not supported"),
    "failure_plain_401": Fails("AUTHENTICATION", "Missing bearer token"),
    "failure_groq": Fails("UNAVAILABLE", "over_capacity: try again", "Hel"),
    "failure_key_echoed": Fails("AUTHENTICATION", "Incorrect API key provided: [hidden], or"),
    "failure_key_echoed_in_stream": Fails("RATE_LIMITED", "key [hidden] ([hidden]) is over"),
    "failure_reason_sensitive": Fails("CONTENT_POLICY", text="Hel"),
    "failure_reason_no_resources": Fails("UNAVAILABLE", text="Hel"),
    "failure_reason_abort": Fails("STREAM_BROKEN", text="Hel"),
    "failure_reason_gemini": Fails("UNAVAILABLE"),
    "failure_status_alone": Fails("UNAVAILABLE", "(503)"),
    "failure_no_tool_fits": Fails("STREAM_BROKEN"),
    "failure_cut_off": Fails("STREAM_BROKEN", text="Hel"),
    "failure_nothing": Fails("STREAM_BROKEN"),
    "failure_garbage": Fails("STREAM_BROKEN"),
}
