"""The Responses WebSocket, as OpenAI's clients speak it."""

from __future__ import annotations

from random import Random

from tests.wires.fuzz.jsons import Json
from tests.wires.fuzz.originals_of_openai import answering
from tests.wires.fuzz.speech import Speech


def _create(random: Random) -> Json:
    lane: Json = random.choice(({}, {"stream_id": "a"}, {"stream_id": "a"}, {"stream_id": "b"}))
    more: Json = random.choice(({}, {}, {"store": False}, {"conversation": "t-1"}, {"input": "hi"}))
    model = random.choice(("default", "default", "asking"))
    return {"type": "response.create", **answering(), **more, **lane, "model": model}


RESPONSES = Speech(
    paths=(*["/v1/responses"] * 12, "/v1/responses/", "/v1/responses/x", "/v1", "/v1/models"),
    protocols=(*[()] * 12, ("realtime",)),
    begins=(_create,),
    messages=(_create,),
    key="stream_id",
    # A lane answers in order: what was sent on this one is answered before.
    last='{"type":"response.create","stream_id":"a","model":"the last","input":"hi"}',
    ends=lambda frame: "'the last' does not exist" in frame,
)
