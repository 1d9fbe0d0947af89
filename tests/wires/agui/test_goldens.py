"""Every exchange recorded with the reference runtime, played to ours.

What must be equal is played and compared; `ELSEWHERE` and `BETTER` say what is not, and why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from agui_runtime.agents.agent import Agent
from agui_runtime.connectors.transcription import Recording
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.wire import AguiWire
from agui_runtime.wrappers.drawing.a2ui import A2UIAgent
from agui_runtime.wrappers.drawing.open_ui import OpenUIAgent
from tests.wires.agui.comparator import differences
from tests.wires.agui.replay import transcripts
from tests.wires.agui.scripted import scripted_agents
from tests.wires.agui.serving import serving

ELSEWHERE: Mapping[str, str] = {
    "connect-after-client-abort": "test_runs: connecting to a live run",
    "connect-after-stop": "test_stop: what is replayed of a stopped run",
    "cors-none-preflight-nobase": "test_app: preflights are CORS's",
    "cors-preflight-express": "test_app: preflights are CORS's",
    "cors-preflight-full-bad": "test_app: preflights are CORS's",
    "cors-preflight-multi": "test_app: preflights are CORS's",
    "cors-preflight-v1": "test_app: preflights are CORS's",
    "debug-events-on": "test_inspector: events are delivered as they happen",
    "keepalive-1s": "test_runs: a silent stream has comments",
    "run-client-abort": "test_runs: a reader that goes away",
    "run-slow-stopped": "test_stop: how a stopped run ends",
    "single-resource-threads": "test_threads: lists",
    "stop-again": "test_stop: stopping twice",
    "stop-by-other-agent-ok": "test_stop: through another agent's name",
    "stop-ok": "test_stop: a live run",
    "threads-clear": "test_threads: in development only",
    "threads-list": "test_threads: lists",
    "threads-list-after-clear": "test_threads: in development only",
}
"""What needs a run in the middle of its work, a clock or other options; the tests that have it."""

PAID = "threads are served natively, where the reference asks for its platform"
MEMORIES = "memories are not there, hidden or exposed"
SINGLE = "both forms of requests are answered on one base"
REGENERATED = "an answer asked for again takes the earlier one's place: tests/runtime/test_threads"

BETTER: Mapping[str, str] = {
    "builtin-run": "agents are Python objects: the model agents have transcripts of their own",
    "builtin-tool": "agents are Python objects: the model agents have transcripts of their own",
    "connect-state": REGENERATED,
    "info-multi-HEAD": "HEAD is allowed where GET is",
    "info-nobase-agents-throw": "agents are known at start-up",
    "info-single-GETbase": "the base path is the playground's where pages are asked for",
    "info-single-viaGET": SINGLE,
    "info-v1": SINGLE,
    "mw-a2ui-ogui-input": "an agent that draws is offered the tool to draw with",
    "memories-create-exposed": MEMORIES,
    "memories-delete-exposed": MEMORIES,
    "memories-list-exposed": MEMORIES,
    "memories-patch-exposed": MEMORIES,
    "memories-recall-exposed": MEMORIES,
    "memories-subscribe-exposed": MEMORIES,
    "route-express-outside": "outside the base path the app answers, with JSON",
    "route-multi-base-404": "the base path says which method it answers",
    "route-multi-base-POST-empty-404": SINGLE,
    "route-multi-envelope-404": SINGLE,
    "route-multi-outside-base-404": "outside the base path the app answers",
    "run-after-client-abort-still-running": "a busy thread is a 409, no empty success",
    "single-resource-update-422": PAID,
    "single-subpath": "an envelope goes to the base path itself",
    "threads-archive-422": PAID,
    "threads-delete-422": PAID,
    "threads-events": REGENERATED,
    "threads-list-agent": "`limit` is honoured",
    "threads-update-422": PAID,
    "v1-graphql-on-multi": "GraphQL is answered on the base path, by its own wire",
    "v1-run-multi-path": SINGLE,
}
"""Where we differ on purpose; the other tests of this folder say how."""

SAME = [name for name in transcripts() if name not in ELSEWHERE and name not in BETTER]

AFTER: Mapping[str, Sequence[str]] = {
    "connect-bt": ["run-tool-backend"],
    "connect-fe": ["run-tool-frontend-1", "run-tool-frontend-2-result"],
    "connect-two-turns": ["run-text", "run-second-turn"],
    "run-interrupt-resume": ["run-interrupt"],
    "run-second-turn": ["run-text"],
    "run-tool-frontend-2-result": ["run-tool-frontend-1"],
    "single-connect": ["single-run"],
    "suggest-leaves-no-thread": ["suggest"],
    "threads-messages": ["run-tool-frontend-1", "run-tool-frontend-2-result"],
    "threads-state-none": ["run-text"],
}
"""What must have been sent before."""

OWN = {"*.version": "our own version", "*.className": "our agents' classes"}
INFO = OWN | {
    "*.agents.b*": "agents that are not part of these tests",
    "*.threadEndpoints.*": PAID,
}
WORDING = {"body.details": "a parser's words"}
SAFE = {"body.1.*": "an exception's words stay in the log; the code says that the agent failed"}
NOT_TWICE = {
    "body.*.input.messages.*": "a message of tool calls that are known is not repeated",
}
OTHER_ID = {"body.messages.1.id": "a message of tool calls has the id that its events give it"}
OWN_WORDS = {"body.error": "says what to do here"}

NAMES = {"body.message": "an agent that there is not is answered with those that there are"}

WHERE = {
    "body.message": "says where the runtime is",
    "body.errors*": "the same for clients of GraphQL",
}

ALLOWED: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "inspector-learning",
            "memories-delete-hidden",
            "memories-list-hidden",
            "memories-patch-hidden",
            "memories-recall-hidden",
            "memories-subscribe-hidden",
            "route-multi-unknown-404",
        ),
        WHERE,
    ),
    **dict.fromkeys(
        (
            "connect-unknown-agent-404",
            "run-unknown-agent-404",
            "single-run-unknown-404",
            "stop-unknown-agent-404",
        ),
        NAMES,
    ),
    "annotate-422": OWN_WORDS,
    "connect-bad-400": WORDING,
    "connect-fe": NOT_TWICE,
    "debug-events-off": {"kind": "JSON, as all errors", "body": "JSON, as all errors"},
    "info-express": INFO,
    "info-full": INFO,
    "info-hono": INFO,
    "info-multi": INFO,
    "info-nobase": INFO,
    "info-single": INFO,
    "info-v1-envelope": OWN | {"*.agents.bench*": INFO["*.agents.b*"], "*.threadEndpoints.*": PAID},
    "run-bad-role-400": WORDING,
    "run-badjson-400": WORDING,
    "run-empty-400": WORDING,
    "run-minimal-optional": {
        "body.*.input.state": "what an agent iterates over is never missing",
        "body.[3-6]*": "an empty delta ends the run in clients up to 0.0.47",
    },
    "run-missing-fields-400": WORDING,
    "run-throw": SAFE,
    "run-tool-frontend-2-result": NOT_TWICE,
    "single-resource-clear": OWN_WORDS,
    "threads-messages": OTHER_ID,
    "threads-subscribe-422": OWN_WORDS,
    "v1-graphql-availableAgents": {},
}
"""Where an answer may differ, as globs of places; a glob that matches nothing fails the test."""

EVERYWHERE = {
    "body.memoryEnabled": "Node's runtime has no memory",
    "body.*.input.tools.*": "tools belong to the request; they stay out of the log",
    "body.*.input.context.*": "context belongs to the request; it stays out of the log",
    "body.*.input.forwardedProps*": "properties belong to the request; they stay out of the log",
    "body.*.input.tools": "never missing",
    "body.*.input.context": "never missing",
}


class Stenographer:
    """Says how much it heard, as the recorded service did."""

    async def transcribe(self, recording: Recording) -> str:
        return f"heard {len(recording.data)} bytes of {recording.mime_type}"


def wire_for(name: str) -> AguiWire:
    transcribing = ("info-full", "transcribe-missing", "transcribe-ctype", "transcribe-multipart")
    return AguiWire(transcription=Stenographer() if name in transcribing else None)


def agents_for(name: str) -> dict[str, Agent]:
    agents: dict[str, Agent] = dict(scripted_agents())
    if name in {"info-full", "mw-a2ui-render"}:
        agents["default"] = A2UIAgent(OpenUIAgent(agents["default"]))
    return agents


@pytest.mark.parametrize("name", SAME)
async def test_same_as_the_reference(name: str) -> None:
    recorded = transcripts()
    runtime = CopilotRuntime(agents=agents_for(name))
    async with serving(runtime, wire_for(name)) as client:
        for earlier in AFTER.get(name, ()):
            await recorded[earlier].play(client)
        actual = await recorded[name].play(client)
    allowed = ALLOWED.get(name, {})
    found, used = differences(recorded[name].recorded, actual, {**allowed, **EVERYWHERE})
    assert not found
    assert used >= allowed.keys()


def test_every_transcript_is_accounted_for() -> None:
    listed = {**ELSEWHERE, **BETTER}
    assert len(listed) == len(ELSEWHERE) + len(BETTER)
    assert listed.keys() <= transcripts().keys()
    assert set(ALLOWED) | set(AFTER) <= set(SAME)
