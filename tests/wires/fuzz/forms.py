"""Whether a refusal is in the form of the protocol in which the request was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson

from tests.wires.fuzz.jsons import Json
from tests.wires.fuzz.raw import Answer, Request

SIGNPOST = b"; the runtimeUrl of front ends is "
"""What is at no path of any wire is answered with the way to one."""

INSIDES = (b"Traceback", b'.py"', b"/site-packages/")


def _of_openai(body: Json) -> bool:
    return bool(body["error"].keys() == {"message", "type", "param", "code"})


def _of_mcp(body: Json) -> bool:
    return bool(body["jsonrpc"] == "2.0" and body["error"].keys() >= {"code", "message"})


def _of_rest(body: Json) -> bool:
    return bool(body.keys() >= {"code", "message"})


_FORMS: Mapping[tuple[bytes, ...], Callable[[Json], bool]] = {
    (b"v1",): _of_openai,
    (b"mcp",): _of_mcp,
    (b"api", b"v1", b"agent"): _of_rest,
}
"""By the paths of the wires that have one for all that goes wrong."""


def odd_form(request: Request, answer: Answer) -> str:
    """What is wrong with a refusal; empty if nothing is, or the HTTP server refused the request."""
    if answer.status < 400 or not answer.body or SIGNPOST in answer.body:
        return ""
    if any(each in answer.body for each in INSIDES):
        return f"it shows insides, {answer.body[:500]!r}"
    path = request.head.split(b" ")[1].partition(b"?")[0]
    segments = tuple(part for part in path.split(b"/") if part)
    is_json = b"\r\ncontent-type: application/json" in answer.headers
    for base, fits in _FORMS.items():
        if is_json and segments[: len(base)] == base and not _fits(fits, answer.body):
            return f"status {answer.status} in another form, {answer.body[:300]!r}"
    return ""


def _fits(fits: Callable[[Json], bool], body: bytes) -> bool:
    try:
        return fits(orjson.loads(body))
    except (KeyError, TypeError, AttributeError):
        return False
