"""How payloads are framed for HTTP. Pure.

The bytes are those of the reference, which 1.10.6 front ends depend on.
"""

from __future__ import annotations

from agui_runtime.wires.shared.http import AS_IT_COMES
from agui_runtime.wires.shared.streaming import Framing

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"

INCREMENTAL_ACCEPT = b"text/event-stream; charset=utf-8, multipart/mixed"
"""In which forms answers come that grow: the header of a 406, as the reference sends it."""


def _multipart(payload: bytes) -> bytes:
    # The delimiter follows each part at once: the client shows a part when it has seen the next
    # delimiter, so one at the head of the next part would show everything one part late.
    head = b"\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
    return head % len(payload) + payload + b"\r\n---"


def _event(payload: bytes) -> bytes:
    return b"event: next\ndata: " + payload + b"\n\n"


MULTIPART = Framing(
    headers=((b"content-type", b'multipart/mixed; boundary="-"'), *AS_IT_COMES),
    opening=b"\r\n---",
    part=_multipart,
    closing=b"--\r\n",
    # The delimiter of the next part was sent already (see `_multipart`), so that this becomes one
    # of its headers: a part of its own would reach the reader as a result.
    idle=b"\r\nX-Heartbeat: 1",
)

EVENTS = Framing(
    headers=(
        (b"content-type", b"text/event-stream"),
        (b"content-encoding", b"none"),
        *AS_IT_COMES,
    ),
    opening=b":\n\n",
    part=_event,
    closing=b"event: complete\ndata:\n\n",
    idle=b":\n\n",
)
