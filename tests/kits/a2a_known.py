"""What the official kits of A2A find, and are to find: each with its reason."""

from __future__ import annotations

from collections.abc import Mapping

from tests.kits.outcomes import Known

_CARD = "the card also has the fields of 0.3, which its clients need and this kit's schema forbids"
_TASKS = "an answer is always a task, never a bare message"
_HTTPS = "the server is on loopback, without TLS; the kit expects the failure then"
_FOLLOWED = "it wants a task that works on and takes another message, which ours do not meanwhile"
_CONTEXT = "it loses the context's id of an answer over REST, and sends another with the task's"

MISSES: Mapping[str, Known] = {
    "1.0": {
        "test_agent_card_validates_against_schema": _CARD,
        "test_returns_message_with_text_part[jsonrpc]": _TASKS,
        "test_returns_message_with_text_part[http_json]": _TASKS,
    },
    "0.3": {
        "jsonrpc: test_https_url_in_agent_card": _HTTPS,
        "rest: test_https_url_in_agent_card": _HTTPS,
        "jsonrpc: test_task_state_transitions": _FOLLOWED,
        "rest: test_task_state_transitions": _FOLLOWED,
        "rest: test_message_send_continue_with_contextid": _CONTEXT,
    },
}
"""By generation and name of a test."""

SKIPS: Known = {
    r"grpc'? .*configured|gRPC transport|-32006|in gRPC": "gRPC is not served",
    r"xtended|\['agent-card'\]": "an extended card is not offered",
    r"[Aa]gent (supports|declares) (push|streaming)": "it is for agents that do not offer it",
    r"required-extension|extensions": "no extension is offered or demanded",
    r"[Ss]ecurity schemes|uthentication (schemes|section)": "the card names no way to authenticate",
    r"HTTPS": "it is for servers with TLS",
    r"modality not supported": "it looks for a modality among the card's media types",
    r"(specific|applicable) to \S+ transport|2\+ transports": "it is for another binding",
    r"REST client implementation required|direct transport access": "the kit has no client for it",
    r"No requirements at this level": "the kit has none of that kind",
    r"-3200[456]|flaky|at least 2": "the kit cannot bring it about",
    r"Could not capture task ID": "the kit does not find the task's id in a stream over REST",
    r"Failed to create reference task": "the kit's message lacks the id that it must have",
}
"""By a pattern for what the test says when it skips itself."""
