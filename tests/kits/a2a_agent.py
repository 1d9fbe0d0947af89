"""What the agents under test do for which message, as both generations of A2A's kit want it: a
message says by the prefix of its id what is to come of it.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence

from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import GuardrailDenied
from agui_runtime.core.events import Event
from tests.runtime.worlds import call, text

LONG = 5.0  # seconds: the kits want more than twice of what they wait for a stream, which is two
ANSWER = "answer"
_TEXT_FILE = b64encode(b"what the kit reads").decode()

_WORDS: Mapping[str, Sequence[str]] = {
    "tck-artifact-text": ["Generated text content"],
    "tck-complete-task": ["Hello from TCK"],
    "tck-message-response": ["Direct message response"],
    "tck-stream-001": ["Stream hello from TCK"],
    "tck-stream-002": [],
    "tck-stream-003": ["Stream task lifecycle"],
    "tck-stream-artifact-chunked": ["chunk-1 ", "chunk-2"],
    "tck-stream-artifact-text": ["Streamed text content"],
    "tck-stream-ordering-001": ["Ordered output"],
}
_SOURCES: Mapping[str, Mapping[str, str]] = {
    "tck-artifact-file-url": {"type": "url", "value": "https://example.com/output.txt"},
    "tck-artifact-file": {"type": "data", "value": _TEXT_FILE},
    "tck-stream-artifact-file": {"type": "data", "value": _TEXT_FILE},
}


class Scenes:
    """Plays the scenes of the kit of 1.0."""

    name = "scenes"
    description = "Plays what the test kit wants to see"

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        wanted = _latest_id(request)
        if wanted.startswith("tck-reject-task"):
            raise GuardrailDenied("rejected")
        if wanted.startswith("tck-input-required") and not _is_enough(request):
            yield question(request, "What else?")
            return
        for event in _scene(wanted):
            yield event


class Waiting:
    """Always asks for more: the kit of 0.3 wants tasks that do not end by themselves."""

    name = "waiting"
    description = "Waits for one more message"

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        if not _latest_id(request).startswith("test-resubscribe-message-id"):
            yield question(request, "What else?")
            return
        for event in text(ANSWER, "Begun"):
            yield event
        await asyncio.sleep(LONG)


def question(request: RunAgentInput, words: str) -> Event:
    """The end of a run that waits for an answer."""
    asked = {"id": f"of-{request.run_id}", "reason": "input_required", "message": words}
    return {
        "type": "RUN_FINISHED",
        "threadId": request.thread_id,
        "runId": request.run_id,
        "outcome": {"type": "interrupt", "interrupts": [asked]},
    }


def _is_enough(request: RunAgentInput) -> bool:
    """Whether the answer is the last one. It has no message's id, so its words say it."""
    answers = [str(each.payload) for each in request.resume or ()]
    return bool(answers) and not answers[0].startswith("TCK history message")


def _latest_id(request: RunAgentInput) -> str:
    return str(request.messages[-1].id)


def _scene(wanted: str) -> list[Event]:
    if wanted.startswith("tck-artifact-data"):
        return [{"type": "STATE_SNAPSHOT", "snapshot": {"key": "value", "count": 42}}]
    for prefix, source in _SOURCES.items():
        if wanted.startswith(prefix):
            return _file({**source, "mimeType": "text/plain"})
    for prefix, words in _WORDS.items():
        if wanted.startswith(prefix):
            return text(ANSWER, *words) if words else []
    return text(ANSWER, "Hello from TCK")


def _file(source: Mapping[str, str]) -> list[Event]:
    """What a tool returned: a file of that source."""
    part = {"type": "document", "source": source, "metadata": {"filename": "output.txt"}}
    result = {"type": "TOOL_CALL_RESULT", "messageId": "result", "toolCallId": "write"}
    return [*call("write", "write", "{}"), {**result, "role": "tool", "content": [part]}]
