"""graphql-transport-ws, as its clients speak it."""

from __future__ import annotations

from random import Random

from tests.wires.fuzz.jsons import Json, junk
from tests.wires.fuzz.originals import operations
from tests.wires.fuzz.speech import Speech
from tests.wires.graphql.subscribing import PROTOCOL


def _init(random: Random) -> Json:
    return {"type": "connection_init", "payload": {"x": 1}}


def _with_headers(random: Random) -> Json:
    """What `connection_init` carries may stand for headers."""
    nested = {"authorization": junk(random), "traceparent": junk(random), "é": "x"}
    headers = random.choice(
        (nested, {"headers": nested}, {"authorization": "a\r\nb"}, junk(random))
    )
    return {"type": "connection_init", "payload": headers}


def _subscribe(random: Random) -> Json:
    text, variables = random.choice(operations())
    payload: Json = {"query": text, "variables": variables, "operationName": None}
    return {"id": random.choice("abc"), "type": "subscribe", "payload": payload}


def _complete(random: Random) -> Json:
    return {"id": random.choice("abc"), "type": "complete"}


def _ping(random: Random) -> Json:
    return {"type": random.choice(("ping", "pong")), "payload": random.choice((None, {"a": 1}))}


GRAPHQL = Speech(
    paths=(*["/copilotkit"] * 8, "/graphql", "/graphql", "/copilotkit/", "/copilotkit/x", "/"),
    protocols=(*[(PROTOCOL,)] * 12, (), ("graphql-ws",), ("x", PROTOCOL), ("mqtt",)),
    begins=(*[_init] * 9, _with_headers),
    messages=(_subscribe, _subscribe, _subscribe, _complete, _ping),
    key="id",
    last='{"type":"ping","payload":{"last":true}}',
    ends=lambda frame: '"last":true' in frame and '"pong"' in frame,
)
