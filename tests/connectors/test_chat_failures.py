"""What is made of the refusals of different providers, and what of their words is shown."""

from __future__ import annotations

import pytest

from agui_runtime.connectors.shared.chat.failures import (
    failure,
    parsed,
    refused,
    stream_failure,
)
from agui_runtime.core.secrets import redact


@pytest.mark.parametrize(
    ("status", "body", "code", "words"),
    [
        (
            400,
            {"error": {"message": "Too long", "code": "context_length_exceeded"}},
            "MODEL_CONTEXT_TOO_LONG",
            "Too long",
        ),
        (
            400,
            {"object": "error", "message": "maximum context length is 4096 tokens", "code": 400},
            "MODEL_CONTEXT_TOO_LONG",
            "maximum context length is 4096 tokens",
        ),
        (
            400,
            {"error": {"code": "400", "type": "content_filter", "message": "filtered"}},
            "MODEL_CONTENT_POLICY",
            "filtered",
        ),
        (
            400,
            {"error": {"code": None, "message": "blocked by our content management policy"}},
            "MODEL_CONTENT_POLICY",
            "content management policy",
        ),
        (
            400,
            [{"error": {"code": 400, "message": "Bad field", "status": "INVALID_ARGUMENT"}}],
            "MODEL_BAD_REQUEST",
            "Bad field",
        ),
        (404, {"detail": "Not Found"}, "MODEL_NOT_FOUND", "Not Found"),
        (404, {"error": "model 'x' not found"}, "MODEL_NOT_FOUND", "model 'x' not found"),
        (429, {"detail": [{"loc": ["body"]}]}, "MODEL_RATE_LIMITED", "429"),
        (418, None, "MODEL_BAD_REQUEST", "418"),
        (402, [], "MODEL_PERMISSION", "402"),
    ],
)
def test_refusals_are_read_in_every_providers_shape(
    status: int, body: object, code: str, words: str
) -> None:
    made = refused(status, body).failure
    assert made.code == code
    assert words in made.message


def test_a_context_that_is_spoken_of_does_not_turn_a_bad_key_into_a_long_conversation() -> None:
    body = {"error": {"message": "This key may not use the long context window"}}
    assert refused(401, body).failure.code == "MODEL_AUTHENTICATION"


@pytest.mark.parametrize(
    ("error", "code", "upstream"),
    [
        ({"code": 429, "message": "slow down"}, "MODEL_RATE_LIMITED", 429),
        ({"code": 502, "message": "bad gateway"}, "MODEL_UNAVAILABLE", 502),
        ({"code": "content_filter"}, "MODEL_CONTENT_POLICY", None),
        ({"code": "odd", "message": "?"}, "MODEL_UNAVAILABLE", None),
        ("out of memory", "MODEL_UNAVAILABLE", None),
    ],
)
def test_errors_within_a_stream(error: object, code: str, upstream: int | None) -> None:
    made = stream_failure(error)
    assert (made.code, made.upstream) == (code, upstream)


def test_a_providers_own_faults_are_for_the_log_alone() -> None:
    made = failure("UNAVAILABLE", "CUDA error in /srv/model.py", 500)
    assert made.message == "the model provider has a fault; try again (500)"
    assert "CUDA" in str(made.__cause__)


def test_a_stack_trace_is_never_shown() -> None:
    made = failure("BAD_REQUEST", "Traceback (most recent call last): File x.py", 400)
    assert made.message == "the model provider does not accept the request (400)"


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Incorrect API key provided: sk-bad.", "Incorrect API key provided: [hidden]."),
        ("key sk-proj-ab*****yz is wrong", "key [hidden] is wrong"),
        ("key 'ab****yz' is wrong", "key '[hidden]' is wrong"),
        ("got Bearer abc.def-123", "got [hidden]"),
        ("limit for org-a1B2c3 on tokens", "limit for [hidden] on tokens"),
        ("AIzaSyA-1234567890 expired", "[hidden] expired"),
        ("token eyJhbGciOiJIUzI1.eyJzdWIi.c2ln expired", "token [hidden] expired"),
        ("key 0123456789abcdef0123456789abcdef", "key [hidden]"),
        ("see https://me:pw@host/a?key=1#x now", "see https://host/a now"),
        ("two\n  lines", "two lines"),
        ("risk-free task-force for model llama-3.1-70b", None),
        ("You can find your key at https://platform.openai.com/account/api-keys.", None),
    ],
)
def test_nothing_that_looks_like_a_secret_is_shown(message: str, shown: str | None) -> None:
    assert redact(message) == (message if shown is None else shown)


def test_long_speeches_are_cut() -> None:
    assert redact("word " * 100, longest=12) == "word word w…"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html><body>secret</body></html>", ""),
        (b"<html><head><title>502 Bad\n Gateway</title></head></html>", "502 Bad Gateway"),
        (b"Unauthorized\n", "Unauthorized"),
        (b'data: {"error": "no"}\n\n', {"error": "no"}),
        (b"", ""),
    ],
)
def test_a_refusal_without_json_is_read_as_far_as_it_can_be_shown(
    body: bytes, message: object
) -> None:
    assert parsed(body) == message
