"""Every exchange recorded with the reference runtime, played to ours.

What must be equal is played and compared; `BETTER` and `LATER` say what is not, and why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.wires.graphql.comparator import Difference, Json, Outcome, differences, outcome, without
from tests.wires.graphql.replay import Transcript, names, world

BETTER: Mapping[str, str] = {
    "agent_cpk_interrupt_agui": "the event reaches the page; the reference's process died of it",
    "agent_interrupt_object_value": "the value reaches the page as JSON; the reference lost it",
    "agent_unknown": "the answer names the unknown agent and the known ones",
    "agents_mutation_bug_2": "an agent run leaves the other agents known",
    "available_agents_agui": "every agent is listed",
    "available_agents_none": "the agent `default` is listed too",
    "available_agents_remote_down": "what can be reached is listed",
    "client_disconnect_agent": "recorded with a client that hung up; see there for what must hold",
    "client_disconnect_llm": "closing the connection closes the model call",
    "cloud_missing_key": "guardrails need no key of a cloud",
    "empty_adapter_misuse": "there is no adapter to misuse; the agent `default` is missing",
    "error_adapter_process_throws": "an agent that fails at once has failed its run",
    "generate_remote_info_503_no_retry": "a remote endpoint that is busy is asked again",
    "extensions_openai_assistant": "no agent here keeps its threads at OpenAI",
    "guardrails_denied": "the model is interrupted; what it had said depends on the moment",
    "guardrails_denied_fast": "the same",
    "guardrails_error": "the response ends",
    "options_preflight": "any origin may ask, without credentials",
    "remote_action": "an action may return a number",
    "remote_agent_unsupported_type": "every dialect is read, whatever type the endpoint tells",
    "remote_endpoint_down": "a remote endpoint that is down takes only its own with it",
    "repeater_overflow_2000_sync_tokens": "no token is lost",
    "server_action_bad_args": "the response ends",
}
"""Where we differ on purpose; `test_better` says how."""

LATER: Mapping[str, str] = {
    "get_landing_html": "the playground",
    "remote_agent_as_tool": "remote endpoints",
}
"""What waits for a feature that is not there yet."""

SAME = [name for name in names() if name not in BETTER and name not in LATER]

WORDING = {"*.message": "the words are our own, and say what to do"}
FAILURE_WORDING = WORDING | {"*.description": "the words are our own, and say what to do"}
NO_WRAPPING = {"*.originalError.extensions": "the same error is not told twice"}
NOT_GUESSED = "what failed is not guessed from an exception's words; they stay in the log"
KNOWN = {"*.knownAgents": "a program may read the names there are as well"}
PARSER = {"*.originalError": "what a parser says of the body is not repeated"}
TOOLS = {
    "*.tools.[1-4].*.required": "no parameter: an empty list says nothing",
    "*.tools.0.*.unit.*": "an optional parameter may be null, and says its default",
}

ALLOWED: Mapping[str, Mapping[str, str]] = {
    "agent_bad_state_json": TOOLS,
    "agent_echo_input": TOOLS,
    "agent_unknown_no_agents": WORDING | NO_WRAPPING | KNOWN,
    "available_agents_remote": {"*.agents.3": "the agent `default` is listed too"},
    "empty_body": PARSER,
    "error_stream_after_start": FAILURE_WORDING,
    "error_stream_mid_message_network": {".data.*.status.details.*": NOT_GUESSED},
    "followup_with_result_message": {
        ".data.*.messages.0.id": "the recorded model began to count anew: the thread has that id"
    },
    "invalid_missing_createdAt": WORDING,
    "invalid_missing_data": WORDING,
    "invalid_missing_frontend": WORDING,
    "llm_400": FAILURE_WORDING,
    "llm_401": FAILURE_WORDING,
    "llm_500": FAILURE_WORDING,
    "llm_connection_refused": FAILURE_WORDING,
    "load_state_agui_lg_existing": {
        "*.messages.*.parentMessageId": "a text has no parent, least of all itself"
    },
    "load_state_unknown_agent": WORDING | KNOWN,
    "load_state_unknown_agent_no_agents": WORDING | KNOWN,
    "malformed_json": PARSER,
    "observability_error": FAILURE_WORDING,
    "remote_bad_jsonl": FAILURE_WORDING,
    "unknown_field_query": WORDING,
}
"""Where an answer may differ, as globs of places; a glob that matches nothing fails the test."""

ALLOWED_REQUEST: Mapping[str, Mapping[str, str]] = {
    "frontend_action_bad_schema_llm": {
        ".tools.5.function.parameters.*": "without a readable schema there are no parameters"
    },
    "mcp_tool": {
        ".messages*": "the tools are offered as tools; no prompt repeats them",
        "*.title": "the server's own schema",
    },
}
"""The same for what the model is asked; `TOOLS` and token usage may differ everywhere."""

EARLIER: Mapping[str, tuple[str, Mapping[str, Json]]] = {
    "load_state_agui_lg_existing": (
        "agent_text",
        {"threadId": "t1", "agentSession": {"agentName": "lg_like_agent"}},
    )
}
"""What was asked before: a transcript, and what differed in it."""

HEADERS = ("content-type", "allow")


def test_every_transcript_is_played_or_accounted_for() -> None:
    assert len(names()) == 106
    assert BETTER.keys() | LATER.keys() <= set(names())
    assert not BETTER.keys() & LATER.keys()
    tests_of_the_better = Path(__file__).with_name("test_better.py").read_text()
    assert [name for name in BETTER if f'"{name}"' not in tests_of_the_better] == []
    assert ALLOWED.keys() | ALLOWED_REQUEST.keys() | EARLIER.keys() <= set(SAME)


@pytest.mark.parametrize("name", SAME)
async def test_the_answer_is_the_references(name: str) -> None:
    transcript = Transcript.load(name)
    async with world(transcript.path) as it:
        if name in EARLIER:
            earlier, changed = EARLIER[name]
            await it.play(Transcript.load(earlier), **changed)
        answer = await it.play(transcript)
    assert answer.status == transcript.status
    for header in HEADERS:
        assert answer.headers.get(header) == transcript.response_headers.get(header)
    found = differences(transcript.outcome(), outcome(answer))
    assert unexpected(found, ALLOWED.get(name, {})) == []


@pytest.mark.parametrize("name", [name for name in SAME if Transcript.load(name).model_requests])
async def test_the_model_is_asked_what_the_reference_asked(name: str) -> None:
    transcript = Transcript.load(name)
    async with world(transcript.path) as it:
        await it.play(transcript)
        asked = [seen.body for seen in it.model.seen]
        keys = {seen.auth for seen in it.model.seen}
    assert keys == {"Bearer sk-test"}
    assert len(asked) == len(transcript.model_requests)
    everywhere = TOOLS | {".stream_options": "token usage is asked for"}
    for expected, actual in zip(transcript.model_requests, asked, strict=True):
        found = without(differences(Outcome(expected), Outcome(actual)), everywhere)
        assert unexpected(found, ALLOWED_REQUEST.get(name, {})) == []


def unexpected(found: Sequence[Difference], allowed: Mapping[str, str]) -> list[str]:
    """The differences that are not allowed, and the allowances that nothing needs."""
    unneeded = [glob for glob in allowed if without(found, {glob: ""}) == list(found)]
    return [*map(str, without(found, allowed)), *unneeded]
